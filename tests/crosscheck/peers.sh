#!/bin/sh
# peers.sh: one recorded TLS 1.2 handshake in every encapsulation and every kind of damage of tools/rewrap, and the recorded
# upgrades to TLS of pcaps/, read by tlsunset and by those of its peers that are installed. Writes the table to docs/peers.md
# and exits 1 when tlsunset itself misses one.
set -eu
bin=${TLSUNSET:-./tlsunset}
rewrap=${TOOLS:-build/tools}/rewrap
from=pcaps/tls12-camellia-openssl3.0.pcap
out=${OUT:-docs/peers.md}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

# sees PEER SIDE CAPTURE: does the peer show what the server chose (server), or at least the client's offer (client)?
sees() {
	case $1.$2 in
	tlsunset.server) "$bin" read -f ndjson "$3" | grep -q '"version":"TLSv1\.[0-9]","cipher":"' ;;
	tlsunset.client) "$bin" read -f ndjson "$3" | grep -q '"client_max_version":"TLSv' ;;
	tshark.server) tshark -n -r "$3" -Y 'tls.handshake.type == 2' | grep -q . ;;
	tshark.client) tshark -n -r "$3" -Y 'tls.handshake.type == 1' | grep -q . ;;
	ssldump.server) ssldump -n -r "$3" | grep -q '  ServerHello' ;;
	ssldump.client) ssldump -n -r "$3" | grep -q '  ClientHello' ;;
	ndpiReader.server) ndpiReader -t -v 2 -i "$3" | grep -q '\[Cipher: \|\[JA3S: ' ;;
	ndpiReader.client) ndpiReader -t -v 2 -i "$3" | grep -q '\[JA3C: ' ;;
	suricata.*)
		rm -rf "$dir/eve"
		mkdir "$dir/eve"
		suricata -r "$3" -l "$dir/eve" -k none --set stream.midstream=true >"$dir/log" || :
		grep -q '"event_type":"tls".*"version":"TLS' "$dir/eve/eve.json"
		;;
	esac 2>/dev/null
}
name_of() {
	case $1 in
	tlsunset) "$bin" --version ;;
	tshark) tshark --version 2>/dev/null | sed -n '1s/^TShark (Wireshark) \([0-9.]*\).*/tshark \1/p' ;;
	ssldump) ssldump -v 2>&1 | sed -n '1s/^ssldump \([^ ]*\).*/ssldump \1/p' ;;
	ndpiReader) ndpiReader -h 2>&1 | sed -n 's/^Welcome to nDPI \(.*\)/ndpiReader \1/p' ;;
	suricata) suricata -V | sed -n 's/.*version \([0-9.]*\).*/Suricata \1/p' ;;
	esac
}
peers=tlsunset
for p in tshark ssldump ndpiReader suricata; do
	command -v $p >/dev/null && peers="$peers $p"
done

row() { # kind, side, capture: one row of the table
	line="| $1 |"
	for p in $peers; do
		if sees "$p" "$2" "$3"; then
			line="$line y |"
		else
			line="$line **n** |"
			[ "$p" != tlsunset ] || { echo "peers: tlsunset misses $1" >&2 && bad=1; }
		fi
	done
	echo "$line"
}
head_of() { # title of the first column
	printf '| %s |' "$1"
	for p in $peers; do printf ' %s |' "$(name_of "$p")"; done
	printf '\n| --- |'
	for p in $peers; do printf ' --- |'; done
	echo
}

{
	cat <<-'X'
		## One TLS 1.2 handshake in every encapsulation

	X
	head_of encapsulation
	for kind in $("$rewrap" --list | sed -n 's/^wrap //p'); do
		"$rewrap" "$kind" "$from" "$dir/x.pcap"
		row "$kind" server "$dir/x.pcap"
	done
	cat <<-'X'

		## The same handshake cut, reordered and incomplete

		seg64, seg1: segments of 64 bytes, of one byte; rev64: of 64 bytes, each flight backwards; step: each answer before what it
		answers; dup: every packet twice; nosyn: joined midway; snap:1000: packets cut to 1000 bytes; badsum: wrong checksums; pad: padded
		frames. client-only: y for the ClientHello.

	X
	head_of damage
	for kind in $("$rewrap" --list | sed -n 's/^damage //p'); do
		[ "$kind" = snap:N ] && kind=snap:1000
		"$rewrap" "$kind" "$from" "$dir/x.pcap"
		side=server
		[ "$kind" = client-only ] && side=client
		row "$kind" "$side" "$dir/x.pcap"
	done
	cat <<-'X'

		## Recorded upgrades to TLS, and TLS inside other things

		The captures of `pcaps/` in which TLS began inside another protocol and the server answered: y says that the handshake is seen, not
		that the peer names the protocol (tlsunset does, in each).

	X
	head_of capture
	for expect in pcaps/*.expect; do
		grep -qE '^[^ ]+ [^ ]+ [^ ]+ [a-z][a-z0-9-]* [a-z_]+ TLS' "$expect" || continue
		case $expect in *erspan* | *vlan*) continue ;; esac
		n=$(basename "$expect" .expect)
		row "$n" server "pcaps/$n.pcap"
	done
} >"$dir/tables"

# How many rows each found, in the order of the columns.
found() {
	i=2
	for p in $peers; do
		i=$((i + 1))
		printf '%s %s' "$([ $i = 3 ] || echo ,)" "$(name_of "$p"): $(grep -E '^\| [a-z0-9]' "$dir/tables" | cut -d'|' -f$i | grep -c '^ y ')"
	done
}
{
	cat <<-'X'
		# What is seen through what

		Written by `make crosscheck-peers` (tests/crosscheck/peers.sh): the same captures read by tlsunset and by the peers installed
		where it ran. One capture per cell: it shows what a program can do, not how often. tshark and ssldump as they come, ndpiReader with
		`-t` (tunnels), Suricata with mid-stream pick-up and without checksums. y: it shows what the server chose, or its ServerHello.

	X
	printf 'Found, of %s rows:%s.\n\n' "$(grep -cE '\| (y|\*\*n\*\*) \|$' "$dir/tables")" "$(found)"
	cat "$dir/tables"
} >"$out"
grep '^Found' "$out"
exit $bad
