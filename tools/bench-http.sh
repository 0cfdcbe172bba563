#!/usr/bin/env bash
# Load on the service: 32 connections of wrk, one after the other on the same machine: a page that does nothing (`/healthz`), an
# AuthZEN evaluation with key authentication, a batch of 50, and Cerbos with an equal policy.
#   tools/bench-http.sh [SECONDS]
# CHANCERY names the binary (target/release/chancery), CERBOS another server than the one that npm brings.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/setup.sh
. tools/setup.sh

seconds=${1:-10}
need_packages wrk:wrk python3:python3 curl:curl
chancery=$(realpath "${CHANCERY:-${CARGO_TARGET_DIR:-target}/release/chancery}")
place=$(mktemp -d)
started=()
cleanup() {
    for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
    rm -rf "$place"
}
trap cleanup EXIT

store=sqlite:$place/bench.db
line() { "$chancery" --store "$store" -o acme --as olivia "$@" >/dev/null; }
"$chancery" --store "$store" organisation found acme --profile buildings --name Acme --owner olivia >/dev/null
line scope create tower Tower
line role create Viewer --permission assets.view
line member add mei --account-type member --role viewer --in tower
key=$("$chancery" --store "$store" -o acme --as olivia key issue --self --label bench 2>/dev/null)
"$chancery" --store "$store" serve --listen 127.0.0.1:7191 --log error &
started+=($!)

python3 - "$place" "$key" <<'PYTHON'
import json, sys
place, key = sys.argv[1:]
one = {"subject": {"type": "user", "id": "mei"}, "action": {"name": "assets.view"},
       "resource": {"type": "scope", "id": "tower"}}
batch = {"subject": one["subject"], "action": one["action"], "evaluations": [{"resource": one["resource"]}] * 50}
cerbos = {"requestId": "1", "principal": {"id": "mei", "roles": ["viewer"], "attr": {"scope": "tower"}},
          "resources": [{"actions": ["view"], "resource": {"kind": "asset", "id": "a", "attr": {"scope": "tower"}}}]}
for name, body, bearer in [("one", one, key), ("batch", batch, key), ("cerbos", cerbos, "")]:
    with open(f"{place}/{name}.lua", "w") as script:
        script.write(f"wrk.method = 'POST'\nwrk.body = [==[{json.dumps(body)}]==]\n"
                     "wrk.headers['Content-Type'] = 'application/json'\n"
                     f"wrk.headers['Authorization'] = 'Bearer {bearer}'\n")
PYTHON

if [ -z "${CERBOS:-}" ]; then
    npm install --silent --no-fund --no-audit --prefix "$place/npm" @cerbos/cerbos-linux-x64@0.55.0 >/dev/null 2>&1
    CERBOS=$(find "$place/npm" -type f -name 'cerbos-linux-x64' -perm -u+x | head -n1)
fi
mkdir "$place/policies"
cat >"$place/policies/asset.yaml" <<'YAML'
apiVersion: api.cerbos.dev/v1
resourcePolicy:
  version: default
  resource: asset
  rules:
    - actions: [view]
      effect: EFFECT_ALLOW
      roles: [viewer]
      condition:
        match:
          expr: R.attr.scope == P.attr.scope
YAML
CERBOS_NO_TELEMETRY=1 "$CERBOS" server --log-level=error --set=server.httpListenAddr=127.0.0.1:7192 \
    --set=server.grpcListenAddr=127.0.0.1:7193 --set=storage.driver=disk --set=storage.disk.directory="$place/policies" \
    --set=telemetry.disabled=true >/dev/null 2>&1 &
started+=($!)
for url in http://127.0.0.1:7191/readyz http://127.0.0.1:7192/_cerbos/health; do
    for _ in $(seq 100); do curl -sf -o /dev/null "$url" && break || sleep 0.1; done
done

load() {
    echo "== $1"
    wrk --threads 2 --connections 32 --duration "${seconds}s" --latency "${@:2}" | grep -E '50%|99%|Requests/sec|Non-2xx' || true
}
load "nothing (/healthz)" http://127.0.0.1:7191/healthz
load "one evaluation" --script "$place/one.lua" http://127.0.0.1:7191/access/v1/evaluation
load "a batch of 50" --script "$place/batch.lua" http://127.0.0.1:7191/access/v1/evaluations
load "cerbos" --script "$place/cerbos.lua" http://127.0.0.1:7192/api/check/resources
