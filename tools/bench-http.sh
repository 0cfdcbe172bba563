#!/usr/bin/env bash
# Load on the service: 32 connections of wrk on the same machine, all contenders in turns, the medians of three rounds. A page
# that does nothing, a bare evaluation endpoint (benches/src/bin/yardstick-http.rs), an AuthZEN evaluation with key
# authentication, batches of 50, and Cerbos with an equal policy.
#   tools/bench-http.sh [SECONDS [ROUNDS]]    seconds for each run (10), rounds (3)
# CHANCERY and YARDSTICK name the binaries (built where they are not there), CERBOS another server than the one that npm brings.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=tools/setup.sh
. tools/setup.sh

need_packages wrk:wrk python3:python3 curl:curl
built=${CARGO_TARGET_DIR:-target}/release
if [ -z "${CHANCERY:-}" ]; then cargo build --release --quiet --locked --bin chancery; fi
if [ -z "${YARDSTICK:-}" ]; then cargo build --release --quiet --locked -p chancery-benches --bin yardstick-http; fi
chancery=$(realpath "${CHANCERY:-$built/chancery}")
yardstick=$(realpath "${YARDSTICK:-$built/yardstick-http}")
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
"$yardstick" 7194 &
started+=($!)

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

python3 - "$place" "$key" "${1:-10}" "${2:-3}" "${started[@]}" <<'PYTHON'
import json, os, re, statistics, subprocess, sys

place, key, seconds, rounds, chancery, yardstick, cerbos = sys.argv[1:]
one = {"subject": {"type": "user", "id": "mei"}, "action": {"name": "assets.view"},
       "resource": {"type": "scope", "id": "tower"}}
batch = {"subject": one["subject"], "action": one["action"], "evaluations": [{"resource": one["resource"]}] * 50}
asset = {"requestId": "1", "principal": {"id": "mei", "roles": ["viewer"], "attr": {"scope": "tower"}},
         "resources": [{"actions": ["view"], "resource": {"kind": "asset", "id": "a", "attr": {"scope": "tower"}}}]}
ours, bare = "http://127.0.0.1:7191", "http://127.0.0.1:7194"
# Name, process, address, body, evaluations in a request, what has to stand in the answer.
contenders = [
    ("hello", yardstick, bare + "/hello", one, 1, '"decision":true'),
    ("bare evaluation", yardstick, bare + "/access/v1/evaluation", one, 1, '"decision":true'),
    ("chancery evaluation", chancery, ours + "/access/v1/evaluation", one, 1, '"decision":true'),
    ("bare batch of 50", yardstick, bare + "/access/v1/evaluations", batch, 50, '"decision":true'),
    ("chancery batch of 50", chancery, ours + "/access/v1/evaluations", batch, 50, '"decision":true'),
    ("cerbos", cerbos, "http://127.0.0.1:7192/api/check/resources", asset, 1, "EFFECT_ALLOW"),
]
UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
TICK = os.sysconf("SC_CLK_TCK")


def ticks(process):
    with open(f"/proc/{process}/stat") as stat:
        fields = stat.read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def script(number, body):
    path = f"{place}/{number}.lua"
    with open(path, "w") as lua:
        lua.write(f"wrk.method = 'POST'\nwrk.body = [==[{json.dumps(body)}]==]\n"
                  "wrk.headers['Content-Type'] = 'application/json'\n"
                  f"wrk.headers['Authorization'] = 'Bearer {key}'\n")
    return path


def proves(address, body, wanted):
    answer = subprocess.run(["curl", "-sf", "-H", "Content-Type: application/json", "-H", f"Authorization: Bearer {key}",
                             "-d", json.dumps(body), address], capture_output=True, text=True).stdout
    assert wanted in answer.replace(" ", ""), f"{address}: {answer}"


def run(number, process, address, body):
    before = ticks(process)
    text = subprocess.run(["wrk", "--threads", "2", "--connections", "32", "--duration", f"{seconds}s", "--latency",
                           "--script", script(number, body), address], capture_output=True, text=True, check=True).stdout
    used = ticks(process) - before
    assert "Non-2xx" not in text and "Socket errors" not in text, text
    made = int(re.search(r"(\d+) requests in", text)[1])
    latency = {at: float(value) * UNITS[unit] for at, value, unit in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)\n", text)}
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    return rate, latency["50"], latency["99"], used / TICK * 1e6 / made


results = {name: [] for name, *_ in contenders}
for number, (name, process, address, body, _, wanted) in enumerate(contenders):
    proves(address, body, wanted)
for _ in range(int(rounds)):
    for number, (name, process, address, body, _, _) in enumerate(contenders):
        results[name].append(run(number, process, address, body))

medians = {name: [statistics.median(column) for column in zip(*runs)] for name, runs in results.items()}
print(f"{'':22}{'requests/s':>12}{'evaluations/s':>15}{'p50 ms':>9}{'p99 ms':>9}{'server CPU us':>15}")
for name, _, _, _, each, _ in contenders:
    rate, p50, p99, cpu = medians[name]
    print(f"{name:22}{rate:12,.0f}{rate * each:15,.0f}{p50:9.2f}{p99:9.2f}{cpu:15.1f}")
rate = {name: values[0] for name, values in medians.items()}
print(f"\nof the bare endpoint: {rate['chancery evaluation'] / rate['bare evaluation']:.0%}, "
      f"batch: {rate['chancery batch of 50'] / rate['bare batch of 50']:.0%}, "
      f"times cerbos: {rate['chancery evaluation'] / rate['cerbos']:.1f}, "
      f"CPU against cerbos: {medians['cerbos'][3] / medians['chancery evaluation'][3]:.1f} times less")
PYTHON
