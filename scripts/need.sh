#!/usr/bin/env bash
# Checks what `make run` (or `make test`) needs and installs what is missing, by name.
# Usage: scripts/need.sh run|test
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/house.sh

purpose=${1:?run or test}
nextest=0.9.143
packages=()

# --- Rust and Node: never installed behind your back -------------------------------------------------------------------
command -v cargo >/dev/null || fail \
    "Thiếu Rust (lệnh cargo). Hãy cài Rust 1.95 trở lên rồi chạy lại." \
    "Rust is missing (the command cargo). Install Rust 1.95 or later and try again."
for program in node npm; do
    command -v "$program" >/dev/null || fail \
        "Thiếu Node (lệnh $program). Hãy cài Node 20 trở lên rồi chạy lại." \
        "Node is missing (the command $program). Install Node 20 or later and try again."
done

# --- Debian packages ---------------------------------------------------------------------------------------------------
have_postgres() {
    command -v postgres >/dev/null || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null
}
postgres_package() {
    # Debian 12 names it postgresql-15; other releases carry another number.
    if apt-cache show postgresql-15 >/dev/null 2>&1; then echo postgresql-15; else echo postgresql; fi
}
# Another Python may stand before that of the system in the path.
python3_of_debian() { /usr/bin/python3 "$@"; }
missing() {
    packages=()
    have_postgres || packages+=("$(postgres_package)")
    command -v cc >/dev/null || packages+=(gcc libc6-dev)
    if [ "$purpose" = test ]; then
        command -v chromium >/dev/null || packages+=(chromium)
        command -v pdftotext >/dev/null || packages+=(poppler-utils)
        # Clients that others have written, for signing in to applications.
        [ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || packages+=(apache2 libapache2-mod-auth-openidc)
        python3_of_debian -c 'import authlib, requests' 2>/dev/null || packages+=(python3-authlib python3-requests)
        python3_of_debian -c 'import ensurepip, venv' 2>/dev/null || packages+=(python3-venv)
        compgen -G '/usr/share/fonts/truetype/noto/NotoSans-Regular.*' >/dev/null || packages+=(fonts-noto-core)
    fi
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
    local by_hand="apt-get install --no-install-recommends ${packages[*]}"
    if ! command -v apt-get >/dev/null; then
        fail "Còn thiếu: ${packages[*]}. Máy này không có apt-get, hãy cài các gói tương đương." \
            "Missing: ${packages[*]}. There is no apt-get here: install what corresponds to these."
    fi
    if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
        fail "Còn thiếu: ${packages[*]}. Hãy chạy với quyền quản trị: $by_hand" \
            "Missing: ${packages[*]}. Run this as the administrator: $by_hand"
    fi
    say "Cài các gói còn thiếu: ${packages[*]} (có thể mất vài phút)" \
        "Installing what is missing: ${packages[*]} (may take some minutes)"
    # We start a private cluster of our own, so the distribution need not create and start its own. Only where
    # PostgreSQL was never set up: an administrator's configuration stays as it is.
    if ! have_postgres && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
        as_root mkdir -p /etc/postgresql-common
        echo 'create_main_cluster = false' | as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
    fi
    as_root apt-get -q update >&2 || true
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y \
        -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef \
        install --no-install-recommends "${packages[@]}" </dev/null >&2 || fail \
        "Không cài được. Hãy tự chạy: $by_hand" \
        "The installation failed. Run it by hand: $by_hand"
}

missing
if [ "${#packages[@]}" -gt 0 ]; then
    if command -v apt-get >/dev/null && ! have_postgres && ! apt-cache show postgresql-15 >/dev/null 2>&1; then
        # A fresh image has no package lists yet, and without them the right name is not known.
        as_root apt-get -q update >&2 || true
        missing
    fi
    install_packages
fi

# --- npm packages ------------------------------------------------------------------------------------------------------
npm_packages() {
    local folder=$1
    [ -f "$folder/package-lock.json" ] || return 0
    # Written last, so that an interrupted installation is repeated.
    local stamp=$folder/node_modules/.installed
    [ "$stamp" -nt "$folder/package-lock.json" ] && return 0
    say "Cài các gói npm trong $folder" "Installing the npm packages of $folder"
    (cd "$folder" && PUPPETEER_SKIP_DOWNLOAD=1 PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 \
        npm ci --no-audit --no-fund --loglevel=error </dev/null >&2) || fail \
        "Không cài được các gói npm. Hãy tự chạy: (cd $folder && npm ci)" \
        "The npm packages could not be installed. Run by hand: (cd $folder && npm ci)"
    mkdir -p "$folder/node_modules"
    touch "$stamp"
}
npm_packages assets
[ "$purpose" = run ] || npm_packages tests/journeys

# --- Python packages, in a place of their own --------------------------------------------------------------------------
python_packages() {
    local folder=$1
    # Written last, so that an interrupted installation is repeated.
    local stamp=$folder/.venv/.installed
    [ "$stamp" -nt "$folder/requirements.txt" ] && return 0
    say "Cài các gói Python trong $folder" "Installing the Python packages of $folder"
    (cd "$folder" && python3_of_debian -m venv --clear .venv &&
        .venv/bin/pip install --quiet --no-deps --disable-pip-version-check -r requirements.txt </dev/null >&2) || fail \
        "Không cài được các gói Python. Hãy tự chạy: (cd $folder && python3 -m venv .venv && .venv/bin/pip install -r requirements.txt)" \
        "The Python packages could not be installed. Run by hand: (cd $folder && python3 -m venv .venv && .venv/bin/pip install -r requirements.txt)"
    touch "$stamp"
}
[ "$purpose" = run ] || python_packages tests/journeys

# --- the test runner ---------------------------------------------------------------------------------------------------
if [ "$purpose" = test ] && ! command -v cargo-nextest >/dev/null; then
    say "Cài cargo-nextest $nextest (chỉ một lần, mất vài phút)" \
        "Installing cargo-nextest $nextest (only once, takes some minutes)"
    cargo install cargo-nextest --locked --version "$nextest" >&2 || say \
        "Không cài được cargo-nextest, sẽ dùng cargo test." \
        "cargo-nextest could not be installed: cargo test will be used."
fi
