#!/usr/bin/env bash
# Walks the journeys of tests/console/journeys in Chromium: all, or those that have the words of the argument in their title or prove
# the requirement that it names. What fails leaves a picture in target/journeys.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/setup.sh
. tools/setup.sh

need_browser
need_oidc_provider
program=${CHANCERY:-${CARGO_TARGET_DIR:-target}/release/chancery}
node tests/console/journeys/run.mjs --program "$program" ${1:+--only "$1"}
