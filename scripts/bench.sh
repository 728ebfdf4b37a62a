#!/usr/bin/env bash
# `make bench`: runs every program in benches/ (each prints its figure beside its peer's, from the same run).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/house.sh

scripts/need.sh run
scripts/assets.sh
cargo build --release --package server --bin ngabay
NGABAY_BIN=$(target_directory)/release/ngabay
export NGABAY_BIN
found=no
for bench in benches/*.sh benches/*.mjs; do
    [ -f "$bench" ] || continue
    found=yes
    printf '\n== %s\n' "$bench"
    case $bench in
        *.sh) bash "$bench" ;;
        *.mjs) node "$bench" ;;
    esac
done
printf '\n== benches/trail.rs\n'
cargo bench --package op --bench trail
[ "$found" = yes ] || fail "Chưa có phép đo nào trong benches/" "There is no measurement in benches/ yet"
