#!/usr/bin/env bash
# Makes the pictures of the console that the documents show: looks at every page, and keeps those named here.
set -euo pipefail
cd "$(dirname "$0")/.."

pictures=(ask-light audit-light compare-light conflict-dark member-light overview-light past-light preview-light
    report-light review-light role-open-dark role-phone roles-with-levels-light scope-light verify-dark)
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
tools/console-look.sh "$directory"
rm -f docs/images/console-*.png
for picture in "${pictures[@]}"; do
    cp "$directory/$picture.png" "docs/images/console-$picture.png"
done
