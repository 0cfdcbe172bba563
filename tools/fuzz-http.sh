#!/usr/bin/env bash
# Asks every operation of the HTTP interface all sorts of things, by its own description (Schemathesis): with
# a member's key and with the operator's. Fails on a 5xx, and on an answer that the description does not allow.
#   tools/fuzz-http.sh [EXAMPLES]    examples for each operation; 12 take some minutes, more find more
#   tools/fuzz-http.sh short         a minute, as part of ./test
# The seed is fixed: the same program is asked the same. CHANCERY names another binary.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/setup.sh
. tools/setup.sh

examples=${1:-12}
phases=examples,coverage,fuzzing
if [ "$examples" = short ]; then examples=2 phases=examples,fuzzing; fi
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
line scope create annex Annex
line role create Viewer --permission assets.view
line role create Auditor --permission assets.view tags.create
line member add mei --account-type member --role viewer --in tower
line member add omar --account-type member --role auditor --in annex
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
python3 - "$place/openapi.json" "$other" "http://$url/openapi.json" <<'PYTHON'
import json, sys, urllib.request
path, key, url = sys.argv[1:]
document = json.load(urllib.request.urlopen(url))
members, roles, scopes = ["mei", "omar", "sync", "none"], ["viewer", "auditor", "none"], ["tower", "annex", "none"]
permissions = ["assets.view", "tags.create", "users.manage_access", "none"]
known = {"organisation": ["acme"], "member": members, "role": roles, "scope": scopes, "with": scopes, "key": [key, "none"],
         "profile": ["buildings", "none"], "position": ["1", "7", "99999", "none"], "permission": permissions, "to": members,
         "permissions": permissions, "allow": permissions, "deny": permissions, "withhold": permissions,
         "clear": permissions, "inherits": roles, "scopes": scopes, "parent": scopes, "account_type": ["member", "admin"]}
schemas = document["components"]["schemas"]


def choose(name, schema):
    """Has a text, or a list of texts, be one that is known."""
    if name in known and schema.get("type") in ("string", ["string", "null"]):
        schema["enum"] = known[name] + ([None] if "null" in schema["type"] else [])
    elif name in known and schema.get("items", {}).get("type") == "string":
        schema["items"]["enum"] = known[name]


def walk(schema, seen):
    reference = schema.get("$ref", "").rsplit("/", 1)[-1]
    if reference and reference not in seen:
        walk(schemas[reference], seen | {reference})
    for name, of_property in schema.get("properties", {}).items():
        choose(name, of_property)
        walk(of_property, seen)
    for several in ("oneOf", "anyOf", "allOf"):
        for one in schema.get(several, []):
            walk(one, seen)
    if isinstance(schema.get("items"), dict):
        walk(schema["items"], seen)


for operations in document["paths"].values():
    for operation in operations.values():
        for parameter in operation.get("parameters", []):
            if parameter["in"] in ("path", "query"):
                choose(parameter["name"], parameter["schema"])
            if parameter["in"] == "path" and parameter["name"] in known:
                parameter["example"] = known[parameter["name"]][0]
        for content in operation.get("requestBody", {}).get("content", {}).values():
            walk(content.get("schema", {}), frozenset())
json.dump(document, open(path, "w"))
PYTHON

# What ends something for good comes last: most of what is asked about is there until then.
final=(remove_member delete_role erase_personal_data revoke_key transfer_owner)
fuzz() {
    local token=$1
    shift
    "$SCHEMATHESIS" run "$place/openapi.json" --url "http://$url" --header "Authorization: Bearer $token" \
        --phases "$phases" --max-examples "$examples" --generation-deterministic --no-color --workers 1 \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        --request-timeout 10 --no-shrink "$@"
}
cd "$place"
status=0
echo "with a member's key"
fuzz "$key" "${final[@]/#/--exclude-operation-id=}" || status=1
echo "with a member's key, what ends something"
fuzz "$key" "${final[@]/#/--include-operation-id=}" || status=1
echo "with the operator's key"
fuzz "$operator" || status=1
exit $status
