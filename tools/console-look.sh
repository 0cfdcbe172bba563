#!/usr/bin/env bash
# Looks at the console in Chromium: axe-core finds nothing on any page, light and dark, and no page is wider than
# a phone. With a directory as argument, keeps pictures of the pages there (docs/images has some of them).
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/setup.sh
. tools/setup.sh

need_browser
program=${CHANCERY:-${CARGO_TARGET_DIR:-target}/release/chancery}
node tools/console-look.mjs --program "$program" --axe "$AXE" --pages tools/console-pages.json ${1:+--pictures "$1"}
