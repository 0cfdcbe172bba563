#!/usr/bin/env bash
# Looks at the console in Chromium: axe-core finds nothing on any page, light and dark, and no page is wider than
# a phone. With a directory as argument, keeps pictures of the pages there (docs/images has some of them).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/setup.sh
. tools/setup.sh

need_browser
program=${CHANCERY:-${CARGO_TARGET_DIR:-target}/release/chancery}
directory=$(mktemp -d)
"$program" --store "sqlite:$directory/chancery.db" demo --no-tour --serve --listen 127.0.0.1:0 >"$directory/log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; rm -rf "$directory"' EXIT
for _ in $(seq 120); do
    grep -q 'of fairmont, once: ' "$directory/log" && break
    sleep 0.5
done
link=$(sed -n 's/.*of fairmont, once: //p' "$directory/log")
[ -n "$link" ] || { cat "$directory/log" >&2; exit 1; }
# So that there is something to verify.
CHANCERY_LOG_KEY=$directory/log.key "$program" --store "sqlite:$directory/chancery.db" --organisation fairmont audit checkpoint >/dev/null
node tools/console-browser.mjs --link "$link" --axe "$AXE" --pages tools/console-pages.json ${1:+--images "$1"}
