#!/bin/sh
# What a user relies on with watch: it sees what read sees, reports at a signal, keeps no privilege, and says what is wrong with a
# mirror. Over veth pairs between two private network namespaces.
set -eu
t=$TLSUNSET
skip() { echo "check_watch: skipped: $*"; exit 0; }
[ "$(id -u)" = 0 ] || skip 'needs root'
command -v ip >/dev/null || skip 'needs ip (package iproute2)'
tmp=$(mktemp -d)
chmod 711 "$tmp"
a=tlsunset-a$$ b=tlsunset-b$$ started=
finish() {
	for p in $started; do kill "$p" 2>/dev/null || true; done
	ip netns del "$a" 2>/dev/null || true
	ip netns del "$b" 2>/dev/null || true
	rm -rf "$tmp"
}
trap finish EXIT
fail() { echo "check_watch: $*" >&2; exit 1; }
# after privileges are gone the leak checker of a sanitized build may not look at its own process
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

{ ip netns add "$a" && ip netns add "$b" && ip netns exec "$a" true; } 2>/dev/null || skip 'no network namespaces here'
for n in "$a" "$b"; do
	ip netns exec "$n" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6' ||
		true
done
for i in 0 1 2 3 4 5 6 7; do
	ip link add "tx$i" netns "$a" mtu 65000 type veth peer name "rx$i" netns "$b" mtu 65000 2>/dev/null || skip 'no veth interfaces here'
	ip -n "$a" link set "tx$i" up
	ip -n "$b" link set "rx$i" up
done
ip -n "$a" addr add 192.0.2.1/24 dev tx0
ip -n "$b" addr add 192.0.2.2/24 dev rx0
send() { ip netns exec "$a" python3 tests/watch_send.py "$@" >"$tmp/sent"; }

# start NAME OPTIONS...: watch in the background, ready when this returns; its pid in $pid, its output in NAME.out, NAME.err
start() {
	name=$1; shift
	ip netns exec "$b" "$t" watch "$@" >"$tmp/$name.out" 2>"$tmp/$name.err" &
	pid=$! tries=0
	started="$started $pid"
	until grep -q '^CapEff:[[:blank:]]*0*$' "/proc/$pid/status" 2>/dev/null; do # the last step before it begins
		tries=$((tries + 1))
		[ $tries -lt 500 ] || fail "watch $* does not come up: $(cat "$tmp/$name.err")"
		sleep 0.02
	done
}
# stop SIGNAL NAME: what was sent before is seen, though the ring has not handed it over yet; the exit code must be 0
stop() {
	kill "-$1" "$pid"
	code=0; wait "$pid" || code=$?
	[ $code = 0 ] || fail "$2: SIG$1 ended it with $code: $(cat "$tmp/$2.err")"
}
status() { awk -v k="$1:" '$1 == k { print $2 }' "/proc/$pid/status"; }

# mirror checks, started together: each needs its whole time
mirror() { # NUMBER TIME: watched and sent
	start "check$1" -i "rx$1" --check "$2"
	eval "check$1=$pid"
}
sending() { ip netns exec "$a" python3 tests/watch_send.py "$@" >/dev/null & senders="$senders $!"; }
traffic() { # NUMBER
	case $1 in
	1) sending tx1 pcaps/demo-office-morning.pcap.gz ;;
	2) sending tx2 --one-way pcaps/demo-office-morning.pcap.gz ;;
	3) sending tx3 --cut 300 pcaps/demo-office-morning.pcap.gz ;;
	4) sending tx4 --twice pcaps/demo-office-morning.pcap.gz ;;
	5) sending tx5 pcaps/*plaintext*.pcap ;;
	esac
}
sent() {
	for p in $senders; do
		wait "$p" || fail 'a sender failed'
	done
	senders=
}
senders=
for i in 1 2 3 4 5; do mirror $i 3s; done
for i in 1 2 3 4 5; do traffic $i; done
sent

# the same handshakes as read, privileges gone
start same -i rx6 -f ndjson --seed 1
for s in CapInh CapPrm CapEff CapBnd CapAmb; do
	[ "$(status $s)" = 0000000000000000 ] || fail "$s is $(status $s) while it parses packets"
done
[ "$(status Uid)" = "$(id -u nobody)" ] || fail "it parses packets as user $(status Uid)"
set -- pcaps/tls1*.pcap pcaps/alert-*.pcap pcaps/smtp*.pcap
send tx6 "$@"
stop INT same
facts() { # what does not depend on when and where it was read
	python3 -c 'import json, sys
for line in sys.stdin:
    e = json.loads(line)
    for k in ("ts", "input", "frame", "client_frame", "server_frame", "frames", "app", "service"):
        e.pop(k, None)
    print(json.dumps(e, sort_keys=True))' <"$1" | sort
}
"$t" read -q -f ndjson --seed 1 "$@" >"$tmp/read"
facts "$tmp/read" >"$tmp/want"
facts "$tmp/same.out" >"$tmp/got"
[ "$(wc -l <"$tmp/want")" -gt 40 ] || fail 'too few handshakes to compare'
diff "$tmp/want" "$tmp/got" >"$tmp/diff" || fail "watch and read differ: $(head -c 2000 "$tmp/diff")"

# real handshakes; the state accumulates; SIGINT and SIGTERM are the same
if command -v openssl >/dev/null; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/key" -out "$tmp/cert" -subj /CN=veth.test \
		2>/dev/null
	ip netns exec "$a" openssl s_server -accept 192.0.2.1:4433 -key "$tmp/key" -cert "$tmp/cert" -www >/dev/null 2>&1 &
	started="$started $!"
	connect() { ip netns exec "$b" openssl s_client "$1" -connect 192.0.2.1:4433 -servername veth.test </dev/null >/dev/null 2>&1; }
	tries=0
	until connect -tls1_2; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || fail 's_server does not come up'
		sleep 0.05
	done
	for sig in INT TERM; do
		start "state$sig" -i rx0 --state "$tmp/watch.db"
		[ "$(status CapEff)" = 0000000000000000 ] || fail 'capabilities are kept with --state'
		connect -tls1_2
		connect -tls1_3
		stop $sig "state$sig"
	done
	grep -q '^  TLS 1.2  *1 ' "$tmp/stateINT.out" || fail "TLS 1.2 was not seen: $(cat "$tmp/stateINT.out")"
	grep -q '^  TLS 1.3  *1 ' "$tmp/stateINT.out" || fail "TLS 1.3 was not seen: $(cat "$tmp/stateINT.out")"
	grep -q 'Of 4 handshakes' "$tmp/stateTERM.out" || fail 'the state did not accumulate'
	[ "$("$t" report -q -f json "$tmp/watch.db" | grep -o '"interface rx0"' | wc -l)" -ge 2 ] || fail 'the state does not name what was read'
else
	echo 'check_watch: real handshakes skipped: needs openssl'
fi

# packets that the kernel had no room for are among what could not be seen
start drops -i rx6 -o "$tmp/drops.txt"
kill -STOP "$pid"
send tx6 --bulk 2500 60000
kill -CONT "$pid"
stop TERM drops
dropped=$(sed -n '/COULD NOT BE SEEN/,/^$/s/^ *\([0-9,]*\)  packets dropped by the kernel.*/\1/p' "$tmp/drops.txt" | tr -d ,)
read=$(sed -n 's/^  \([0-9,]*\) packets, .*/\1/p' "$tmp/drops.txt" | tr -d ,)
[ "${dropped:-0}" -gt 0 ] || fail "the kernel's drops are not reported: $(cat "$tmp/drops.txt")"
[ $((dropped + read)) = "$(cat "$tmp/sent")" ] || fail "$dropped packets dropped and $read read of $(cat "$tmp/sent") sent"

# A state that is written in parts holds what it holds when written once; so it does when it could not be written for a while; and
# who is killed without warning has lost what came after the last part and nothing else.
for how in 'parts 1s' 'once 1h' 'late 1s' 'kill 1s' 'crew 1s'; do
	start "${how% *}" -i rx7 --state "$tmp/${how% *}.db" --checkpoint "${how#* }" "$([ "${how% *}" = crew ] && echo --threads=2 || echo --threads=1)"
	eval "${how% *}_pid=$pid"
done
mv "$tmp/late.db" "$tmp/late.aside"
for f in pcaps/tls1*openssl*.pcap pcaps/smtp-starttls*.pcap; do
	send tx7 "$f"
done
sleep 1.3
mv "$tmp/late.aside" "$tmp/late.db"
sleep 2
eval "kill -KILL \$late_pid \$kill_pid; wait \$late_pid \$kill_pid 2>/dev/null || true"
for how in parts once crew; do
	eval "pid=\$${how}_pid"
	stop HUP "$how"
done
for how in once parts crew late kill; do
	"$t" report -q -f json "$tmp/$how.db" | sed -n '/^"versions"/,/^\]/p' >"$tmp/$how.versions"
	cmp -s "$tmp/$how.versions" "$tmp/once.versions" || fail "$how: $(diff "$tmp/$how.versions" "$tmp/once.versions")"
	"$t" report -q -f json "$tmp/$how.db" | sed -n '/^"versions"/,$p' | sed 's/"[a-z_]*":"20[0-9-]*T[0-9:.]*Z",*//g' >"$tmp/$how.rest"
done
[ "$(wc -c <"$tmp/once.rest")" -gt 5000 ] || fail 'too little to compare'
cmp -s "$tmp/crew.rest" "$tmp/once.rest" || fail "of two threads it is not the same: $(diff "$tmp/crew.rest" "$tmp/once.rest" | head -c 2000)"
cmp -s "$tmp/parts.rest" "$tmp/once.rest" || fail "in parts it is not the same: $(diff "$tmp/parts.rest" "$tmp/once.rest" | head -c 2000)"
[ "$(grep -c 'put it back' "$tmp/late.err")" = 1 ] && grep -q 'written again' "$tmp/late.err" || fail "late: $(cat "$tmp/late.err")"

# a cable that is pulled, or an interface taken down, is said and ends nothing
start down -i rx7 --state "$tmp/down.db"
for end in "$a tx7" "$b rx7"; do
	ip -n "${end% *}" link set "${end#* }" down
	sleep 1.2
	ip -n "${end% *}" link set "${end#* }" up
	sleep 1.2
	send tx7 pcaps/tls12-dhe1024-node0.11.14.pcap
done
stop TERM down
[ "$(sed -n 's/tlsunset: rx7: //p' "$tmp/down.err" | cut -c1-20 | tr '\n' ,)" = \
	'the link is down: no,the link is up again,the link is down: no,the link is up again,' ] || fail "links: $(cat "$tmp/down.err")"
"$t" report -q "$tmp/down.db" | grep -q 'Of 2 handshakes' || fail 'nothing was seen once the link was up again'

# an interface that goes away ends the capture, not the report
start gone -i rx6 --state "$tmp/gone.db"
send tx6 pcaps/tls12-dhe1024-node0.11.14.pcap
sleep 0.3
ip -n "$b" link del rx6
code=0; wait "$pid" || code=$?
[ $code = 2 ] || fail "an interface that goes away ends it with $code"
[ "$(grep -c 'rx6: the capture ended' "$tmp/gone.err")" = 1 ] || fail "no line about the interface: $(cat "$tmp/gone.err")"
grep -q '^  TLS 1.2  *1 ' "$tmp/gone.out" || fail 'the report was lost with the interface'
"$t" report -q "$tmp/gone.db" | grep -q 'Of 1 handshake' || fail 'the state was lost with the interface'

# mistakes: one line, exit 2, no file touched
refuse() { # PATTERN ARGS...
	pattern=$1; shift
	code=0; "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
	[ $code = 2 ] || fail "$* exited $code, not 2: $(cat "$tmp/err")"
	[ "$(wc -l <"$tmp/err")" = 1 ] || fail "$*: not one line: $(cat "$tmp/err")"
	grep -q -- "$pattern" "$tmp/err" || fail "$*: does not say '$pattern': $(cat "$tmp/err")"
}
as_nobody='import os, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534); os.execv(sys.argv[1], sys.argv[1:])'
cp "$t" "$tmp/tlsunset"
refuse 'no such interface' ip netns exec "$b" "$t" watch -i nosuch0 -o "$tmp/none.txt"
[ ! -e "$tmp/none.txt" ] || fail 'a report was begun without an interface'
refuse 'is the file of --state' ip netns exec "$b" "$t" watch -i rx0 --state "$tmp/none.db" -o "$tmp/none.db"
[ ! -e "$tmp/none.db" ] || fail 'a file is left of what was refused'
refuse 'filter' ip netns exec "$b" "$t" watch -i rx0 --filter 'tcp portt 1'
refuse 'keeps nothing' ip netns exec "$b" "$t" watch -i rx0 --check 1s --state "$tmp/none.db"
refuse 'leave out --format' ip netns exec "$b" "$t" watch -i rx0 --check 1s -f json
[ ! -e "$tmp/none.db" ] || fail 'a state was begun for a look'
refuse 'CAP_NET_RAW' ip netns exec "$b" python3 -c "$as_nobody" "$tmp/tlsunset" watch -i rx0
ip -n "$b" link set rx7 down
refuse 'is down' ip netns exec "$b" "$t" watch -i rx7

# an unprivileged user, the capability being the file's
if python3 -c 'import os, struct, sys
os.setxattr(sys.argv[1], "security.capability", struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0))' "$tmp/tlsunset" 2>/dev/null; then
	ip netns exec "$b" python3 -c "$as_nobody" "$tmp/tlsunset" watch -i rx0 -q >"$tmp/cap.out" 2>"$tmp/cap.err" &
	pid=$! tries=0
	started="$started $pid"
	until [ "$(status NoNewPrivs)" = 1 ] || [ $tries = 250 ]; do
		tries=$((tries + 1))
		sleep 0.02
	done
	[ "$(status CapEff)" = 0000000000000000 ] || fail "the file's capability is kept: $(cat "$tmp/cap.err")"
	send tx0 pcaps/tls12-dhe1024-node0.11.14.pcap
	stop INT cap
	grep -q '^  TLS 1.2  *1 ' "$tmp/cap.out" || fail "an unprivileged user sees nothing: $(cat "$tmp/cap.err")"
else
	echo 'check_watch: file capabilities skipped: this file system has none'
fi

# what the mirror checks said; on a machine too busy to send all in that time, with more of it
said() { # NUMBER EXIT PATTERN: and no other finding
	code=0; eval "wait \$check$1" || code=$?
	why="exited $code, not $2"
	[ $code = "$2" ] || return 1
	why="does not say '$3'"
	grep -q "^  $3" "$tmp/check$1.out" || return 1
	why="says more than '$3'"
	[ "$(wc -l <"$tmp/check$1.out")" = 2 ]
}
verdict() {
	said "$@" && return
	mirror "$1" 20s
	traffic "$1"
	sent
	said "$@" || fail "mirror check $1 $why: $(cat "$tmp/check$1.out" "$tmp/check$1.err")"
}
verdict 1 0 'good: .* 5[0-9][0-9] TLS handshakes'
verdict 2 3 'one-sided: of [0-9]*%'
verdict 3 3 'cut: [0-9]*%'
verdict 4 3 'twice: 50%'
verdict 5 3 'no TLS'
echo 'check_watch: passed'
