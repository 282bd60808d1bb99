#!/bin/sh
# What clients do after a failure, across connections, through the whole program and a state file: a fallback dance against a
# server that answers nothing newer than TLS 1.0, and a client that is refused TLS and comes back in clear text.
set -eu
bin=${TLSUNSET:-./tlsunset}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
bad=0

expect() { # what, file of the report, regular expression
	grep -qE -e "$3" "$2" && return
	echo "retries: $1: no match for '$3'" >&2
	bad=1
}

both() { # capture: reports of it, read at once, and from a state into which it was read
	"$bin" read "pcaps/$1.pcap" >"$dir/$1.once"
	rm -f "$dir/state"
	"$bin" read --state "$dir/state" "pcaps/$1.pcap" >/dev/null
	"$bin" report "$dir/state" >"$dir/$1.state"
}

both fallback-dance-python3.11
both postgres-refused-then-again-in-clear-psql
for how in once state; do
	f=$dir/fallback-dance-python3.11.$how
	expect "dance, $how" "$f" '- 1 of these in a second attempt, after one with a newer version had failed \(1 client, 1 server\)'
	expect "dance, $how" "$f" '^  the client came back with a lower version after a failure +2 '
	f=$dir/postgres-refused-then-again-in-clear-psql.$how
	expect "refused, $how" "$f" '1 connected again'
done
"$bin" read -f json pcaps/postgres-refused-then-again-in-clear-psql.pcap >"$dir/json"
expect 'refused, json' "$dir/json" '"then_reconnect": ?1'
[ $bad = 0 ] && echo "retries: as they were"
exit $bad
