#!/bin/sh
# Captures with errors in them, made from those of pcaps/, through the whole program; what comes out is JSON all the same.
# MUTANTS=n: how many; SEED=n: others.
set -eu
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
n=${MUTANTS:-2000}
"$TOOLS/mutate" "$n" "${SEED:-1}" pcaps/*.pcap >"$tmp"
python3 - "$tmp" "$n" <<'P'
import json
import sys

with open(sys.argv[1], "rb") as f:
    lines = [json.loads(line) for line in f]
if not lines:
    sys.exit("mutants: not one handshake was found in any of them")
print(f"mutants: {sys.argv[2]}, in which {len(lines)} handshakes and sessions were seen")
P
