# Sourced by the other scripts from the root of the clone: how they speak, and where things are.

# One short line in Vietnamese and the same in English, on standard error.
say() { printf '%s\n  %s\n' "$1" "$2" >&2; }
fail() { say "$1" "$2"; exit 1; }

# Where cargo puts finished programs, whatever the environment or a cargo configuration says.
target_directory() {
    cargo metadata --no-deps --format-version 1 | sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
}

# DATA, or `data` in the clone. PostgreSQL refuses to run as root, so a server started by root hands it to the user
# `postgres`, who must be able to reach the directory: where he cannot, the data goes to a place of the system.
data_directory() {
    if [ -n "${DATA:-}" ]; then
        echo "$DATA"
    elif [ "$(id -u)" = 0 ] && ! runuser -u postgres -- test -x "$PWD" 2>/dev/null; then
        echo /var/lib/ngabay
    else
        echo "$PWD/data"
    fi
}
