#!/usr/bin/env bash
# `make run`: install what is missing, build, and become the server, so that Ctrl-C reaches it directly.
# Environment: DATA (data directory), LISTEN (address:port), ARGS (further arguments of `ngabay serve`), SIMULATORS=no (nobody plays VNeID).
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/house.sh

scripts/need.sh run
scripts/assets.sh
[ -x "$(target_directory)/release/ngabay" ] || say \
    "Lần đầu phải biên dịch toàn bộ, mất nhiều phút. Những lần sau chỉ vài giây." \
    "The first build compiles everything and takes minutes. Later starts take seconds."
cargo build --release --package server --bin ngabay --package simulators --bin ngabay-simulators

data=$(data_directory)
case $data in
    /var/lib/*) say "Dữ liệu đặt ở $data" "The data is kept in $data" ;;
esac
programs=$(target_directory)/release
listen=${LISTEN:-127.0.0.1:8080}

# Plays VNeID and the sign-in of the national portal beside the demonstration, on a free port of its own. It ends with the server, whose number
# this script keeps (exec). It serves browsers of this machine only, so it is not started where others are to come.
federation=()
simulate() {
    [ "${SIMULATORS:-yes}" = yes ] || return 0
    case $listen in 127.0.0.1:* | localhost:* | '[::1]:'*) ;; *) return 0 ;; esac
    case " ${ARGS:-} " in *' --federation'* | *' --public-address'*) return 0 ;; esac
    [ -z "${NGABAY_FEDERATION:-}${NGABAY_PUBLIC_ADDRESS:-}" ] || return 0
    local declaration=$data/federation.yaml
    rm -f "$declaration"
    "$programs/ngabay-simulators" --declaration "$declaration" --with-parent >/dev/null &
    for _ in $(seq 50); do
        [ -s "$declaration" ] && break
        sleep 0.1
    done
    if [ -s "$declaration" ]; then
        federation=(--federation "$declaration")
        say "Đăng nhập bằng VNeID và Cổng Dịch vụ công quốc gia chạy với TRÌNH MÔ PHỎNG trên máy này, không phải hệ thống thật." \
            "Sign-in by VNeID and the national portal runs with a SIMULATOR on this machine, not with the real systems."
    else
        say "Không chạy được trình mô phỏng VNeID; bản trình diễn chạy không có nó." \
            "The simulator of VNeID did not start; the demonstration runs without it."
    fi
}
simulate
# shellcheck disable=SC2086  # ARGS is a list of words
exec "$programs/ngabay" serve --data "$data" --listen "$listen" --demo "${federation[@]}" ${ARGS:-}
