#!/usr/bin/env bash
# `make clean-data`: deletes the data directory of this clone (or DATA), after a question. Refuses while a server uses it.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/house.sh

data=$(data_directory)
[ -d "$data" ] || { say "Không có dữ liệu ở $data" "There is no data in $data"; exit 0; }
find "$data" -maxdepth 4 -name postmaster.pid | while read -r file; do
    # The file survives a crash; only a living process means that somebody uses the data.
    if kill -0 "$(head -n 1 "$file")" 2>/dev/null; then
        fail "Máy chủ đang dùng $data. Hãy dừng máy chủ (Ctrl-C) rồi thử lại." \
            "A server is using $data. Stop it (Ctrl-C) and try again."
    fi
done
say "Sẽ xóa toàn bộ dữ liệu ở $data. Gõ 'xoa' để đồng ý:" "All data in $data will be deleted. Type 'xoa' to agree:"
read -r answer
[ "$answer" = xoa ] || fail "Không xóa gì." "Nothing was deleted."
rm -rf -- "$data"
say "Đã xóa." "Deleted."
