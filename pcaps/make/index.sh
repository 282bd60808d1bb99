#!/bin/sh
# index.sh: writes ../README.md, the index of the captures, from the heads of the recipes and the captures themselves.
set -eu
cd "$(dirname "$0")"
out=../README.md
{
	cat <<-'X'
		# Captures

		Small recordings of real programs, each named for the fact it shows, made by the recipe of the same name in `make/`
		(how to run one: `make/README.md`). Addresses, names and keys are synthetic: the programs ran in network namespaces.
		`tests/check_pcaps.sh` compares what `tlsunset read -f ndjson` finds with `NAME.expect`.

		A line of a `.expect` file is one handshake (or one session of an upgradable protocol without one):

		    transport client server:port upgrade outcome version cipher sni [hrr] [resumed] [sentinel=00|01] [alert=WHOCODE]

		with `-` for none. It says what the recorded programs were told to do and reported, checked against tshark when recorded (where
		tshark cannot tell, the recipe says why); it is never taken from tlsunset's own output. `demo-office-morning.counts` are the
		ServerHellos in that capture per server, version and suite: tshark's count of each session, times its repetitions.

		| capture | shows | origin | recorded |
		| --- | --- | --- | --- |
	X
	for r in *.sh; do
		n=${r%.sh}
		p=$(ls "../$n.pcap" "../$n.pcapng" "../$n.pcap.gz" 2>/dev/null | head -1)
		[ -n "$p" ] || continue
		day=$(sed -n 's/^# recorded: //p' "$r")
		[ -n "$day" ] || day=$(tcpdump -r "$p" -c 1 -tttt 2>/dev/null | cut -c1-10 || :)
		printf '| [%s](%s) | %s | %s | %s |\n' "$n" "${p#../}" "$(sed -n 's/^# shows: //p' "$r")" "$(sed -n 's/^# origin: //p' "$r")" "$day"
	done
} >"$out"
