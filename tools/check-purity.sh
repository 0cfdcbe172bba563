#!/usr/bin/env bash
# The crates of the rules must stay pure: fails when a dependency gives them a clock, randomness or
# I/O, when they do not build without what other crates switch on, or when they depend on what is above.
set -euo pipefail
cd "$(dirname "$0")/.."

fail() {
    echo "purity: $*" >&2
    exit 1
}

for crate in chancery-aggregates chancery-projections; do
    features=$(cargo tree --package "$crate" --edges normal,features --locked --prefix none --format '{p} {f}')
    grep -qE '^chrono v[^ ]+ .*\b(clock|now)\b' <<<"$features" && fail "$crate reaches chrono's clock"
    grep -qE '^uuid v[^ ]+ .*\bv[147]\b' <<<"$features" && fail "$crate reaches random identifiers"
    direct=$(cargo tree --package "$crate" --edges normal --locked --prefix none --depth 1)
    for forbidden in tokio rusqlite rand getrandom reqwest hyper; do
        grep -qE "^$forbidden v" <<<"$direct" && fail "$crate depends on $forbidden"
    done
    # Built alone, so that no other crate's features help.
    cargo check --package "$crate" --locked --quiet
done

grep -rnE '\b(std::(fs|net|process|env|thread)|SystemTime|Instant::now|Utc::now|RandomState)\b' \
    aggregates/src projections/src && fail "the lines above do I/O, or ask for the time or for randomness"

cargo tree --package chancery-aggregates --edges normal --locked --prefix none | grep -qE '^chancery(-projections)? v' &&
    fail "chancery-aggregates depends on a crate above it"
cargo tree --package chancery-projections --edges normal --locked --prefix none | grep -qE '^chancery v' &&
    fail "chancery-projections depends on chancery"
exit 0
