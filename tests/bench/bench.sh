#!/bin/sh
# One table: workload x program, CPU seconds, peak memory, and the ratio of CPU to an empty libpcap loop, timed in turn.
#   BENCH_SIZE=2G      size of the mix; the other workloads are scaled alike (1M flows, 500k handshakes, ... at 2G)
#   BENCH_RUNS=5       timed pairs; a peer is timed once where it takes more than 20 s
#   BENCH_LOADS='...'  of: mix handshakes manyflows hosts synflood synackflood udpflood names offers certs starttls
#   BENCH_PEERS='...'  of: tcpdump mercury suricata ndpiReader tshark ssldump zeek; '' for none; those not installed are left out
#   BENCH_LIMIT=120    seconds that one run may take
#   BENCH_DIR=/tmp     where the workloads go (about BENCH_SIZE at a time); BENCH_OUT=FILE keeps the figures as tab-separated values
set -eu
size=${BENCH_SIZE:-2G} runs=${BENCH_RUNS:-5} limit=${BENCH_LIMIT:-120}
loads=${BENCH_LOADS-mix handshakes manyflows hosts synflood synackflood udpflood names offers certs starttls}
peers=${BENCH_PEERS-tcpdump mercury suricata ndpiReader tshark ssldump zeek}
tmp=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/bench.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
out=${BENCH_OUT:-$tmp/figures}
case $size in
*G) mib=$((${size%G} * 1024)) ;;
*M) mib=${size%M} ;;
*) echo "bench: BENCH_SIZE $size: give a number with M or G" >&2; exit 2 ;;
esac
[ "$mib" -ge 8 ] || { echo "bench: BENCH_SIZE $size: at least 8M" >&2; exit 2; }
of() { echo $((mib * $1 / 2048 + 1)); } # so many at 2 GiB

workload() { # NAME: the generator's arguments
	case $1 in
	mix) echo "mix --size ${mib}M --open $(of 20000)" ;;
	handshakes) echo "handshakes --flows $(of 500000)" ;;
	manyflows) echo "manyflows --flows $(of 1000000) --clients $(($(of 1000000) + 3))" ;;
	hosts) echo "hosts --flows $(of 1000000) --clients $(of 1000000) --servers $(of 20000)" ;;
	synflood | udpflood) echo "$1 --flows $(of 2000)" ;;
	synackflood) echo "$1 --flows $(of 4000)" ;;
	names | offers | certs) echo "handshakes --flows $(of 300000) --$1 1000000000" ;;
	starttls) echo "starttls --flows $(of 100000)" ;;
	*) echo "bench: $1: no such workload" >&2; return 1 ;;
	esac
}
command_of() { # PROGRAM CAPTURE
	case $1 in
	tlsunset) echo "exec $TLSUNSET read -q $2" ;;
	tlsunset-ndjson) echo "exec $TLSUNSET read -q -f ndjson $2" ;;
	floor) echo "exec $TOOLS/floor $2" ;;
	tcpdump) echo "exec tcpdump -r $2 -w /dev/null" ;;
	mercury) echo "exec mercury -r $2 -f $tmp/mercury.json --select=tls" ;;
	suricata) echo "exec suricata -r $2 -l $tmp --runmode single -k none -S /dev/null" ;;
	ndpiReader) echo "exec ndpiReader -q -i $2" ;;
	tshark) echo "exec tshark -r $2 -Y tls.handshake.type==2 -T fields -e ip.dst -e tls.handshake.ciphersuite" ;;
	ssldump) echo "exec ssldump -n -r $2" ;;
	zeek) echo "cd $tmp && exec zeek -C -r $2" ;;
	esac
}
# timed NAME PROGRAM RUNS: one row of the table, one line of the figures
timed() {
	if ! line=$("$TOOLS/pair" "$3" "$limit" "$(command_of "$2" "$tmp/load.pcap")" "$(command_of floor "$tmp/load.pcap")" 2>"$tmp/why"); then
		printf '%-12s %-16s %s\n' "$1" "$2" "$(cat "$tmp/why")"
		return
	fi
	printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$packets" "$hellos" "$line" >>"$out"
	echo "$line" | awk -v w="$1" -v p="$2" -v n="$packets" -F '\t' \
		'{ printf "%-12s %-16s %9.2f s %8.2f  (%.2f-%.2f) %9.0f MiB %8.2f Mpkt/s\n", w, p, $1, $3, $4, $5, $8 / 1024, n / $1 / 1e6 }'
	rm -f "$tmp"/*.json "$tmp"/*.log
}

: >"$out"
printf '%-12s %-16s %11s %8s  %-11s %11s %13s\n' workload program CPU 'x floor' '(range)' 'peak memory' rate
for w in $loads; do
	args=$(workload "$w")
	# shellcheck disable=SC2086
	"$TOOLS/gen" $args -o "$tmp/load.pcap" -t "$tmp/truth"
	packets=$(awk '$1 == "packets" { print $2 }' "$tmp/truth")
	hellos=$(awk '$1 == "tls" { n += $4 } END { print n + 0 }' "$tmp/truth")
	timed "$w" floor "$runs"
	timed "$w" tlsunset "$runs"
	for p in $peers; do
		command -v "$p" >/dev/null 2>&1 || continue
		timed "$w" "$p" 1
	done
	rm -f "$tmp/load.pcap"
done
