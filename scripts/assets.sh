#!/usr/bin/env bash
# Builds styles and scripts of the pages into assets/dist, unless nothing changed since the last build.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/house.sh

[ -f assets/build.mjs ] || exit 0
# Not in dist: everything there becomes part of the program.
stamp=assets/node_modules/.built
sources_since() {
    find assets \( -path assets/dist -o -path assets/node_modules \) -prune -o -type f -newer "$1" -print -quit
}
if [ -d assets/dist ] && [ -e "$stamp" ] && [ -z "$(sources_since "$stamp")" ]; then
    exit 0
fi
say "Dựng giao diện (assets)" "Building styles and scripts (assets)"
(cd assets && node build.mjs >&2)
# Written last, so that an interrupted build is repeated.
mkdir -p assets/node_modules
touch "$stamp"
