#!/usr/bin/env bash
# A PostgreSQL cluster of one's own, for tests and trials: own directory, own port on 127.0.0.1, gone
# at the end. Prints one line
#   ready PORT DIRECTORY       (superuser `chancery`, no password; the certificate of the server's TLS is
#                               signed by DIRECTORY/ca.pem for the name localhost)
# and lives until its standard input ends, however that comes about; a line `restart` crashes and
# restarts the server (answer: `restarted`), `stop` and `start` do what they say.
#   mkfifo hold; tools/private-postgres.sh <hold & exec 9>hold; …; exec 9>&-
set -euo pipefail
trap '' INT HUP PIPE

fail() { echo "failed: $*"; exit 1; }

binaries=${CHANCERY_POSTGRES_BINARIES:-}
if [ -z "$binaries" ]; then
    binaries=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n1)
    [ -n "$binaries" ] || binaries=$(dirname "$(command -v initdb || echo missing/initdb)")
fi
[ -x "$binaries/initdb" ] || fail "PostgreSQL's server programs are missing; install the package postgresql"
command -v openssl >/dev/null || fail "openssl is missing; install the package openssl"

directory=$(mktemp -d "${TMPDIR:-/tmp}/chancery-postgres-XXXXXX")
as=()
if [ "$(id -u)" -eq 0 ]; then
    # The server refuses to run as root.
    user=nobody
    id postgres >/dev/null 2>&1 && user=postgres
    chown "$user" "$directory"
    as=(runuser -u "$user" --)
fi
cd "$directory"
data=$directory/data
log=$directory/log

control() { "${as[@]}" "$binaries/pg_ctl" --silent --pgdata "$data" --log "$log" --timeout 60 "$@" >/dev/null 2>&1; }
end() {
    control stop --mode immediate || true
    cd / && rm -rf "$directory"
}
trap end EXIT

"${as[@]}" "$binaries/initdb" --pgdata "$data" --username chancery --auth trust --encoding UTF8 --locale C.UTF-8 \
    >"$log.initdb" 2>&1 || fail "initdb: $(tail -n3 "$log.initdb" | tr '\n' ' ')"

{
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj "/CN=private test authority" \
        -addext basicConstraints=critical,CA:TRUE -keyout ca.key -out ca.pem
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=localhost" \
        -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -out server.pem \
        -extfile <(printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n')
    chmod 600 server.key
    [ ${#as[@]} -eq 0 ] || chown "$user" server.key server.pem ca.pem
    chmod 755 .
} >"$log.openssl" 2>&1 || fail "openssl: $(tail -n3 "$log.openssl" | tr '\n' ' ')"

cat >>"$data/postgresql.conf" <<EOF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$directory'
max_connections = 300
max_prepared_transactions = 2
ssl = on
ssl_cert_file = '$directory/server.pem'
ssl_key_file = '$directory/server.key'
EOF

for _ in 1 2 3 4 5 6 7 8 9 10; do
    port=$((20000 + RANDOM % 20000))
    control --options "-p $port" start && started=yes && break
done
[ "${started:-}" = yes ] || fail "the server does not start: $(tail -n3 "$log" | tr '\n' ' ')"
echo "ready $port $directory"

while read -r line; do
    case $line in
        restart) control --options "-p $port" restart --mode immediate && echo restarted || echo "failed: restart" ;;
        stop) control stop --mode immediate && echo stopped || echo "failed: stop" ;;
        start) control --options "-p $port" start && echo started || echo "failed: start" ;;
        *) echo "failed: unknown command $line" ;;
    esac
done
