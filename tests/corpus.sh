#!/bin/sh
# corpus.sh DIR: scores ./tlsunset against a folder of captures with expected results (score.py of that folder) and fails when a
# negative is not clean, a run crashes, or a version or cipher differs.
set -eu
dir=${1:?usage: tests/corpus.sh DIR}
bin=${TLSUNSET:-./tlsunset}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
python3 "$dir/score.py" --captures "$dir" --expected "$dir/expected.ndjson" --negatives "$dir/negatives.txt" \
	--malformed "$dir/malformed.txt" --cmd "$bin read -f ndjson {file}" --show 0 --out "$out"
python3 - "$out" <<'P'
import json, sys
r = json.load(open(sys.argv[1]))
t, f = r["totals"], r["fields"]
bad = []
if t.get("false positives"): bad.append("false positives: %d" % t["false positives"])
if any(k.startswith(("crash", "timeout")) for k in r["status"]): bad.append("runs: %s" % r["status"])
if t["found"] < 0.995 * t["expected"]: bad.append("found %d of %d" % (t["found"], t["expected"]))
for k in ("version", "cipher"):
    if f[k].get("bad"): bad.append("%s differs in %d" % (k, f[k]["bad"]))
print("corpus: " + ("; ".join(bad) if bad else "passed"))
sys.exit(1 if bad else 0)
P
