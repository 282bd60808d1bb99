#!/bin/sh
# Generated workloads of a known truth: what `read -f ndjson` counts per version and cipher, and per upgrade protocol, is that truth
# exactly, whatever was swapped, repeated, lost, in clear text or a flood around it. tshark agrees with the truth itself.
set -eu
t=$TLSUNSET
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() { echo "check_truth: $*" >&2; exit 1; }
gen() { name=$1; shift; "$TOOLS/gen" "$@" -o "$tmp/$name.pcap" -t "$tmp/$name.truth" || fail "cannot write the workload $*"; }
compare='
import collections, json, sys
want = collections.Counter()
for line in open(sys.argv[1]):
    f = line.rstrip("\n").split("\t")
    if f[0] in ("tls", "upgrade"):
        want[tuple(f[:-1])] = int(f[-1])
got = collections.Counter()
for line in sys.stdin:
    e = json.loads(line)
    if e["type"] == "tls" and e["version"]:
        got["tls", e["version"], e["cipher"]] += 1
        if e["upgrade"]:
            got["upgrade", e["upgrade"]] += 1
wrong = ["%s: %d, but the truth is %d" % (" ".join(k), got[k], want[k]) for k in sorted(set(want) | set(got)) if got[k] != want[k]]
if sum(n for k, n in want.items() if k[0] == "tls") < int(sys.argv[2]):
    wrong.append("the workload is nearly empty")
print("\n".join(wrong))
sys.exit(bool(wrong))'
exact() { # NAME LEAST
	"$t" read -q -f ndjson "$tmp/$1.pcap" >"$tmp/out" || fail "$1: read failed"
	python3 -c "$compare" "$tmp/$1.truth" "$2" <"$tmp/out" >"$tmp/wrong" || fail "$1: $(head -5 "$tmp/wrong")"
}

gen mix mix --size 8M --open 200 --bulk 20000
exact mix 300
gen faults mix --size 8M --open 50 --bulk 60000 --faults 60 --noise 20
exact faults 80
gen handshakes handshakes --flows 2000
exact handshakes 1500
gen manyflows manyflows --flows 2000
exact manyflows 2000
gen hosts hosts --flows 3000 --clients 3000
exact hosts 2000
gen starttls starttls --flows 1500
exact starttls 900
for mode in synflood synackflood udpflood; do
	gen $mode $mode --flows 200
	exact $mode 120
done
gen names handshakes --flows 1000 --names 1000000 --offers 1000000 --certs 1000000
exact names 700

# the same options give the same bytes
gen again mix --size 8M --open 200 --bulk 20000
cmp -s "$tmp/mix.pcap" "$tmp/again.pcap" || fail 'the generator does not repeat itself'

# the truth, by another program: ServerHellos that ask for no retry, with the version of supported_versions where there is one
if command -v tshark >/dev/null; then
	tshark -r "$tmp/handshakes.pcap" -Y 'tls.handshake.type == 2' -T fields -E occurrence=f -e tls.handshake.extensions.supported_version \
		-e tls.handshake.version -e tls.handshake.ciphersuite -e tls.handshake.random 2>/dev/null |
		python3 -c 'import json, sys
names = {0x300: "SSLv3", 0x301: "TLSv1.0", 0x302: "TLSv1.1", 0x303: "TLSv1.2", 0x304: "TLSv1.3"}
for line in sys.stdin:
    supported, legacy, cipher, random = line.rstrip("\n").split("\t")
    if not random.startswith("cf21ad74"):
        print(json.dumps({"type": "tls", "upgrade": None, "version": names[int(supported or legacy, 0)],
                          "cipher": "0x%04x" % int(cipher, 0)}))' >"$tmp/tshark"
	python3 -c "$compare" "$tmp/handshakes.truth" 1500 <"$tmp/tshark" >"$tmp/wrong" || fail "tshark and the truth differ: $(head -5 "$tmp/wrong")"
fi
echo 'check_truth: passed'
