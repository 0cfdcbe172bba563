#!/usr/bin/env bash
# Asks every operation of the HTTP interface all sorts of things, by its own description (Schemathesis): with
# a member's key and with the operator's. Fails on a 5xx, and on an answer that the description does not allow.
#   tools/fuzz-http.sh [EXAMPLES]    examples for each operation; 12 take about a minute and a half, more find more
# The seed is fixed: the same program is asked the same. CHANCERY names another binary.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/setup.sh
. tools/setup.sh

examples=${1:-12}
need_packages python3:python3
need_schemathesis
chancery=$(realpath "${CHANCERY:-${CARGO_TARGET_DIR:-target}/debug/chancery}")
place=$(mktemp -d)
serving=
cleanup() {
    [ -z "$serving" ] || { kill "$serving" 2>/dev/null && wait "$serving" 2>/dev/null; } || true
    rm -rf "$place"
}
trap cleanup EXIT

store=sqlite:$place/fuzz.db
line() { "$chancery" --store "$store" -o acme --as olivia "$@" >/dev/null; }
"$chancery" --store "$store" organisation found acme --profile buildings --name Acme --owner olivia >/dev/null
line scope create tower Tower
line role create Viewer --permission assets.view
line member add mei --account-type member --role viewer --in tower
line member add sync --service
line audit checkpoint --log-key "$place/log.key" 2>/dev/null
key=$("$chancery" --store "$store" -o acme --as olivia key issue --self --label fuzz 2>/dev/null)
other=$("$chancery" --store "$store" -o acme --as olivia --format json key issue sync --label other 2>/dev/null |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["key"])')
operator=$("$chancery" key operator --operator-keys "$place/operator.keys" 2>/dev/null)

"$chancery" --store "$store" serve --listen 127.0.0.1:0 --operator-keys "$place/operator.keys" --log-format json \
    --request-timeout 4s --feed-heartbeat 1s 2>"$place/serve.log" &
serving=$!
for _ in $(seq 100); do
    url=$(sed -n 's/.*"address":"\([^"]*\)".*/\1/p' "$place/serve.log" | head -n1)
    [ -z "$url" ] || break
    sleep 0.1
done

# Names that there are, so that most requests get past the question whether something is there.
python3 - "$place/openapi.json" "$other" <<'PYTHON' "http://$url/openapi.json"
import json, sys, urllib.request
path, key, url = sys.argv[1:]
document = json.load(urllib.request.urlopen(url))
known = {"organisation": ["acme"], "member": ["mei", "sync", "none"], "role": ["viewer", "none"],
         "scope": ["tower", "none"], "with": ["tower", "none"], "key": [key, "none"], "profile": ["buildings", "none"],
         "position": ["1", "7", "99999", "none"]}
for operations in document["paths"].values():
    for operation in operations.values():
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "path" and parameter["name"] in known:
                parameter["schema"] = {"type": "string", "enum": known[parameter["name"]]}
                parameter["example"] = known[parameter["name"]][0]
json.dump(document, open(path, "w"))
PYTHON

fuzz() {
    "$SCHEMATHESIS" run "$place/openapi.json" --url "http://$url" --header "Authorization: Bearer $1" \
        --phases examples,coverage,fuzzing --max-examples "$examples" --generation-deterministic --no-color --workers 1 \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --request-timeout 10 --no-shrink
}
cd "$place"
status=0
echo "with a member's key"
fuzz "$key" || status=1
echo "with the operator's key"
fuzz "$operator" || status=1
exit $status
