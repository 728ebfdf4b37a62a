#!/usr/bin/env bash
# `make test`: every check, one part after the other. A failing part does not hide the later ones; the last line sums up
# (each check counts as one, the tests of Rust and the browser journeys count one by one).
set -uo pipefail
cd "$(dirname "$0")/.."
. scripts/house.sh

if [ "${CI:-}" = true ]; then export CARGO_INCREMENTAL=0; fi
export CARGO_TERM_COLOR=${CARGO_TERM_COLOR:-never}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
broken=()
report=()

# part NAME COUNT COMMAND…   COUNT is a function that adds to `passed` and `failed` after the command; see below.
part() {
    local name=$1 count=$2 start=$SECONDS result=passed
    shift 2
    printf '\n== %s\n' "$name"
    "$@" 2>&1 </dev/null | tee "$log"
    local status=${PIPESTATUS[0]}
    "$count" "$status"
    if [ "$status" != 0 ]; then
        result=FAILED
        broken+=("$name")
    fi
    local seconds=$((SECONDS - start))
    report+=("$(printf '%-8s %3d min %02d s  %s' "$result" $((seconds / 60)) $((seconds % 60)) "$name")")
    return "$status"
}
one() {
    if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}
# Sums all "12 passed" and "3 failed" of the summary lines; a run that broke before its summary counts as one failure.
many() {
    local good bad
    good=$(summary passed)
    bad=$(summary '(failed|timed out)')
    if [ "$1" != 0 ] && [ "$bad" = 0 ]; then bad=1; fi
    passed=$((passed + good))
    failed=$((failed + bad))
}
summary() {
    grep -E '^ *Summary |^test result: |^[0-9]+ passed, [0-9]+ failed' "$log" | grep -oE "[0-9]+ $1" | awk '{ sum += $1 } END { print sum + 0 }'
}
finish() {
    printf '\n== summary\n'
    printf '%s\n' "${report[@]}"
    if [ "${#broken[@]}" -gt 0 ]; then printf 'failed part: %s\n' "${broken[@]}"; fi
    printf '%d passed, %d failed\n' "$passed" "$failed"
    [ "$failed" = 0 ] && [ "${#broken[@]}" = 0 ]
    exit
}
# Documentation examples cost a build of every crate, so they run only when there are any.
has_doctests() {
    find base engines compose portal server \( -name '*.rs' -o -name README.md \) -exec awk '
        /^[ \t]*(\/\/[\/!] *)?```/ {
            if (inside) { inside = 0; next }
            inside = 1
            if ($0 ~ /```(rust|no_run|should_panic|compile_fail|ignore)?[ \t]*$/) found = 1
        }
        END { exit !found }' {} \; -print -quit | grep -q .
}

part 'what is needed' one scripts/need.sh test || finish
part 'styles and scripts' one scripts/assets.sh || finish
part 'format' one cargo fmt --all --check
part 'lints' one cargo clippy --workspace --all-targets --quiet -- -D warnings
part 'rules of the house' one cargo xtask tidy
part 'mission page' one cargo xtask mission --check
# Black-box tests and journeys drive the finished program; they find it by this variable.
part 'program' one cargo build --package server --bin ngabay --package simulators --bin ngabay-simulators || finish
NGABAY_BIN=$(target_directory)/debug/ngabay
export NGABAY_BIN
if command -v cargo-nextest >/dev/null; then
    part 'tests' many cargo nextest run --workspace --no-fail-fast
else
    part 'tests' many cargo test --workspace --lib --bins --tests --no-fail-fast
fi
if has_doctests; then part 'documentation examples' many cargo test --doc --workspace; fi
if command -v cargo-deny >/dev/null; then
    part 'licences and sources' one cargo deny check licenses bans sources
else
    say "Bỏ qua kiểm tra giấy phép: chưa cài cargo-deny (không bắt buộc)" \
        "Licences are not checked: cargo-deny is not installed (optional; cargo install cargo-deny --locked)"
fi
if [ -f tests/journeys/run.mjs ]; then part 'browser journeys' many node tests/journeys/run.mjs; fi
finish
