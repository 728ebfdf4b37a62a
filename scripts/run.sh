#!/usr/bin/env bash
# `make run`: install what is missing, build, and become the server, so that Ctrl-C reaches it directly.
# Environment: DATA (data directory), LISTEN (address:port), ARGS (further arguments of `ngabay serve`).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/house.sh

scripts/need.sh run
scripts/assets.sh
[ -x "$(target_directory)/release/ngabay" ] || say \
    "Lần đầu phải biên dịch toàn bộ, mất nhiều phút. Những lần sau chỉ vài giây." \
    "The first build compiles everything and takes minutes. Later starts take seconds."
cargo build --release --package server --bin ngabay

data=$(data_directory)
case $data in
    /var/lib/*) say "Dữ liệu đặt ở $data" "The data is kept in $data" ;;
esac
# shellcheck disable=SC2086  # ARGS is a list of words
exec "$(target_directory)/release/ngabay" serve --data "$data" --listen "${LISTEN:-127.0.0.1:8080}" --demo ${ARGS:-}
