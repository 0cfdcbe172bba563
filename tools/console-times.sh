#!/usr/bin/env bash
# How long the console's pages take on the server, with 1,000 members, 550 permissions, 50 roles and 110 scopes; with a number as
# argument, with that many members. Each page is asked for 21 times over one connection; told are the first answer, the median and
# the slowest of the others, in milliseconds, as the client sees them.
#   tools/console-times.sh [MEMBERS]
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/setup.sh
. tools/setup.sh

need_packages python3:python3
program=${CHANCERY:-${CARGO_TARGET_DIR:-target}/release/chancery}
exec python3 tools/console-times.py "$program" "${1:-1000}"
