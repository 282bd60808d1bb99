#!/bin/sh
# Instructions per packet and per handshake, counted by callgrind on small fixed workloads, against tests/bench/budgets.txt: what
# does not depend on the machine's mood. libcrypto and libndpi are not ours and left out. Each figure is the difference of two runs,
# so that starting up costs nothing. With the reference compiler (gcc 12, the Makefile's flags) more than 3% over is a failure;
# any other only prints. `sh tests/bench/budget.sh --set` writes what was measured as the budget.
set -eu
here=$(dirname "$0")
skip() { echo "budget: skipped: $*"; exit 0; }
command -v valgrind >/dev/null || skip 'needs valgrind'
[ "$(uname -m)" = x86_64 ] || skip 'the budgets are for x86-64'
case $TLSUNSET in
*build-san* | *build-tsan* | *build-cov*) skip 'instrumented builds cost what they cost' ;;
esac
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# count NAME GENERATOR-ARGUMENTS...: packets, connections and instructions into NAME
count() {
	name=$1; shift
	"$TOOLS/gen" "$@" -o "$tmp/$name.pcap" -t "$tmp/$name.truth"
	valgrind --tool=callgrind --callgrind-out-file="$tmp/$name.out" "$TLSUNSET" read -q --seed 1 -o "$tmp/$name.report" "$tmp/$name.pcap" \
		>/dev/null 2>"$tmp/$name.err" || { cat "$tmp/$name.err" >&2; exit 1; }
	awk '/^(ob|cob)=/ { # names are written once, then only their number
		i = index($0, "="); v = substr($0, i + 1); j = index(v, ")"); id = substr(v, 1, j)
		if (length(v) > j) object[id] = substr(v, j + 2)
		if ($0 ~ /^ob/) now = id
		next
	}
	/^calls=/ { called = 1; next }
	/^[0-9+*-]/ { if (!called) cost[now] += $2; called = 0 }
	END { for (id in cost) if (object[id] !~ /libcrypto|libndpi|ld-linux/) sum += cost[id]; printf "%.0f\n", sum }' "$tmp/$name.out" >"$tmp/$name.ir"
}
# per WHAT SMALL LARGE: the instructions by which LARGE costs more, for each packet or connection that it has more
per() {
	for n in "$2" "$3"; do
		awk -v what="$1" '$1 == what { print $2 }' "$tmp/$n.truth"
		cat "$tmp/$n.ir"
	done | awk '{ v[NR] = $1 } END { printf "%.1f\n", (v[4] - v[2]) / (v[3] - v[1]) }'
}

# two at a time: each takes a second or two, most of it nDPI's start
count hs1 handshakes --flows 300 --servers 20 --clients 100 & a=$!
count hs2 handshakes --flows 1300 --servers 20 --clients 100 & b=$!
wait $a
wait $b
count bulk1 handshakes --flows 40 --open 20 --bulk 10000 & a=$!
count bulk2 handshakes --flows 40 --open 20 --bulk 400000 & b=$!
wait $a
wait $b
count many1 manyflows --flows 800 --rounds 1 & a=$!
count many2 manyflows --flows 800 --rounds 40 & b=$!
wait $a
wait $b
count syn1 synflood --flows 20 & a=$!
count syn2 synflood --flows 60 & b=$!
wait $a
wait $b
{
	echo "handshake $(per flows hs1 hs2)"
	echo "bulk-packet $(per packets bulk1 bulk2)"
	echo "decided-flow-packet $(per packets many1 many2)"
	echo "flood-packet $(per packets syn1 syn2)"
} >"$tmp/figures"

if [ "${1:-}" = --set ]; then
	cp "$tmp/figures" "$here/budgets.txt"
	cat "$here/budgets.txt"
	exit 0
fi
reference=no
[ "${BUILT:-}" = 'gcc -O3 -g -flto=auto' ] && case $(gcc -dumpversion) in 12 | 12.*) reference=yes ;; esac
awk -v reference=$reference 'NR == FNR { budget[$1] = $2; next }
	{
		over = budget[$1] ? ($2 / budget[$1] - 1) * 100 : 0
		printf "budget: %-20s %10.1f instructions, budget %10.1f (%+.1f%%)\n", $1, $2, budget[$1], over
		if (!budget[$1] || over > 3) bad = 1
	}
	END {
		if (bad && reference == "yes") { print "budget: exceeded by more than 3%"; exit 1 }
		if (reference == "no") print "budget: only printed: not gcc 12 with the flags of the Makefile"
	}' "$here/budgets.txt" "$tmp/figures"
