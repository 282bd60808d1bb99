#!/bin/sh
# What a user relies on at the command line: exit codes, one clear line per mistake, stdin, folders, damaged files.
set -eu
t=$TLSUNSET
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
pcap=pcaps/tls12-dhe1024-node0.11.14.pcap
fail() { echo "check_cli: $*" >&2; exit 1; }
# refuse EXIT PATTERN ARGS...: the exit code, one line on stderr that matches, nothing else
refuse() {
	want=$1 pattern=$2; shift 2
	code=0; "$t" "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
	[ "$code" = "$want" ] || fail "$* exited $code, not $want: $(cat "$tmp/err")"
	[ "$(wc -l <"$tmp/err")" = 1 ] || fail "$*: not one line: $(cat "$tmp/err")"
	grep -q -- "$pattern" "$tmp/err" || fail "$*: does not say '$pattern': $(cat "$tmp/err")"
}
refuse 2 'no such subcommand' frobnicate
refuse 2 'name a capture' read
refuse 2 'such option' read --no-such-option
refuse 2 'needs a value' read "$pcap" --top
refuse 2 'no such format' read -f xml "$pcap"
refuse 2 'not-there' read "$tmp/not-there.pcap"
refuse 2 '--client' read --client nonsense "$pcap"
refuse 2 '--since' read --since yesterday "$pcap"
refuse 2 '--memory-limit' read --memory-limit 1 "$pcap"
refuse 2 'filter' read --filter 'tcp portt 443' "$pcap"
refuse 2 'interface' watch
refuse 2 'state' report
echo 'this is no capture' >"$tmp/text.pcap"
refuse 2 'text.pcap' read "$tmp/text.pcap"
refuse 2 'text.pcap' report "$tmp/text.pcap"

"$t" --version | grep -q '^tlsunset [0-9]' || fail 'no --version'
"$t" read --help | grep -q -- '--state' || fail 'no --help'
for page in tlsunset.1 policy.5; do # whoever has built it and not installed it finds them too
	{ "$t" --help; "$t" policy --help; } | grep -q "man docs/$page" && [ -s "docs/$page" ] || fail "--help does not say where $page is"
done

one() { "$t" read -q -f ndjson "$@" | grep -c '"version":"TLSv1.2"' || true; }
[ "$(one "$pcap")" = 1 ] || fail 'plain file'
[ "$("$t" read -q -f ndjson - <"$pcap" | grep -c '"type":"tls"')" = 1 ] || fail 'standard input'
gzip -c "$pcap" >"$tmp/a.pcap.gz"
[ "$(one "$tmp/a.pcap.gz")" = 1 ] || fail 'gzip'
if command -v zstd >/dev/null; then
	zstd -q -c "$pcap" >"$tmp/named-oddly"
	[ "$(one "$tmp/named-oddly")" = 1 ] || fail 'zstd, by content'
	rm "$tmp/named-oddly"
fi
mkdir "$tmp/dir"
cp "$pcap" "$tmp/dir/1.pcap"
cp pcaps/tls12-default-node8.17.0.pcap "$tmp/dir/2.pcap"
echo readme >"$tmp/dir/README"
[ "$(one "$tmp/dir")" = 2 ] || fail 'a folder'
"$t" read "$tmp/dir" 2>&1 >/dev/null | grep -qx "tlsunset: note: 1 entry of a folder is left out: $tmp/dir/README is no capture" ||
	fail 'what a folder holds beside captures is not named'
# links: to a file it is followed, to a folder or to nothing it is left out, and not in silence
mkdir "$tmp/links" "$tmp/links/sub"
ln -s "$tmp/dir" "$tmp/links/a"
ln -s "$tmp/gone.pcap" "$tmp/links/b"
ln -s "$tmp/dir/1.pcap" "$tmp/links/c"
echo readme >"$tmp/links/sub/d"
echo readme >"$tmp/links/sub/e"
[ "$(one "$tmp/links")" = 1 ] || fail 'a folder of links'
"$t" read "$tmp/links" 2>"$tmp/err" >/dev/null || fail 'a folder of links is refused'
grep -q "note: 4 entries of folders are left out, among them: .*/a is a link to a folder, .*/b is a link to nothing, .*/d is no capture$" \
	"$tmp/err" || fail "links in a folder: $(cat "$tmp/err")"

# one capture counts once, whatever it is called and compressed with; JSON names it by its digest
cp "$pcap" "$tmp/copy.pcap"
[ "$(one "$pcap" "$tmp/copy.pcap" "$tmp/a.pcap.gz")" = 1 ] || fail 'copies of one capture were counted'
"$t" read "$pcap" "$tmp/copy.pcap" 2>&1 >/dev/null | grep -q 'the same capture as' || fail 'no line about a copy'
[ "$(one --again "$pcap" "$tmp/copy.pcap")" = 2 ] || fail '--again does not count a copy'
"$t" read -q -f json "$tmp/a.pcap.gz" | grep -q "\"sha256\":\"$(sha256sum <"$pcap" | cut -d' ' -f1)\"" || fail 'no digest in JSON'
if command -v editcap >/dev/null; then # the same first packet is not the same capture
	editcap -r "$pcap" "$tmp/head.pcap" 1-6
	"$t" read -f json "$tmp/head.pcap" "$pcap" >"$tmp/out" 2>"$tmp/err"
	[ "$(grep -c "^{\"name\":.*\"sha256\"" "$tmp/out")" = 2 ] && grep -q 'first 6 packets counted before' "$tmp/err" ||
		fail 'a capture was skipped for one that begins like it'
fi

# cut in the middle of a packet: what was there is reported, with a warning, exit 0
size=$(wc -c <"$pcap")
head -c $((size - 10)) "$pcap" >"$tmp/cut.pcap"
"$t" read -f ndjson "$tmp/cut.pcap" >"$tmp/out" 2>"$tmp/err" || fail 'a cut file must not fail'
grep -q 'warning.*cut.pcap' "$tmp/err" || fail 'no warning about the cut file'
grep -q '"version":"TLSv1.2"' "$tmp/out" || fail 'the cut file lost its handshake'

# a file that cannot be read keeps nobody from the others: a line, exit 2, and what was read is reported
code=0; "$t" read "$tmp/text.pcap" "$pcap" "$tmp/not-there.pcap" >"$tmp/out" 2>"$tmp/err" || code=$?
[ "$code" = 2 ] || fail "bad files among good ones exited $code"
[ "$(wc -l <"$tmp/err")" = 2 ] && grep -q 'text.pcap: not a capture' "$tmp/err" && grep -q 'not-there.pcap' "$tmp/err" ||
	fail "bad files among good ones: $(cat "$tmp/err")"
grep -q 'Of 1 handshake' "$tmp/out" && grep -q 'warning: not read: not a capture' "$tmp/out" || fail 'bad files spoil the report'
code=0; "$t" read -q --state "$tmp/bad.db" "$tmp/text.pcap" "$pcap" >/dev/null 2>&1 || code=$?
[ "$code" = 2 ] && "$t" report "$tmp/bad.db" | grep -q 'Of 1 handshake' || fail 'a bad file keeps the good ones out of the state'
"$t" report -f json "$tmp/bad.db" | grep -q text.pcap && fail 'the state names a file that was not read'
refuse 2 'not a capture' read --state "$tmp/none.db" "$tmp/text.pcap"
[ ! -e "$tmp/none.db" ] || fail 'a state was begun for nothing'
if command -v editcap >/dev/null; then # a connection goes on behind it
	editcap -r "$pcap" "$tmp/1.pcap" 1-6
	editcap "$pcap" "$tmp/3.pcap" 1-6
	"$t" read -q -f ndjson "$tmp/1.pcap" "$tmp/text.pcap" "$tmp/3.pcap" 2>/dev/null | grep -q '"outcome":"completed"' ||
		fail 'a bad file ends the connections'
fi

# interfaces of different link types: where that begins with the first packet, nothing can be read
mixed() { python3 tests/mixed_links.py "$1" >"$2"; }
if command -v python3 >/dev/null; then
	mixed 0 "$tmp/mixed0.pcapng"
	mixed 2 "$tmp/mixed2.pcapng"
	refuse 2 'different link types, nothing of it could be read: split it' read "$tmp/mixed0.pcapng"
	code=0; "$t" read - <"$tmp/mixed0.pcapng" >"$tmp/out" 2>"$tmp/err" || code=$?
	[ "$code" = 2 ] && grep -q 'standard input: interfaces of different link types, nothing of it could be read' "$tmp/err" ||
		fail "interfaces of different link types, through a pipe: exit $code, $(cat "$tmp/err")"
	code=0; "$t" read -q --state "$tmp/mixed.db" "$tmp/mixed0.pcapng" "$pcap" >"$tmp/out" 2>"$tmp/err" || code=$?
	[ "$code" = 2 ] && "$t" report -f json "$tmp/mixed.db" >"$tmp/out" && grep -q "$pcap" "$tmp/out" && ! grep -q mixed0 "$tmp/out" ||
		fail "interfaces of different link types, beside a capture: exit $code, $(cat "$tmp/err")"
	"$t" read "$tmp/mixed2.pcapng" >"$tmp/out" 2>"$tmp/err" || fail 'what comes before another link type is not reported'
	grep -q 'read up to packet 2 only' "$tmp/err" && grep -q 'read up to packet 2' "$tmp/out" || fail "another link type: $(cat "$tmp/err")"
fi

# interrupted: what was read is reported, the state is left alone, and shells know that it did not end by itself
interrupt() { # SIGNAL EXIT ARGS...: reads a capture whose end does not come
	sig=$1 want=$2; shift 2
	rm -f "$tmp/slow"; mkfifo "$tmp/slow"
	(cat "$pcap"; sleep 9) >"$tmp/slow" & writer=$!
	env --default-signal=HUP "$t" read -q "$@" "$tmp/slow" >"$tmp/out" 2>"$tmp/err" & pid=$! # also where this is run by nohup
	tries=0
	until grep -q '^SigCgt:.*[4-7c-f][0-9a-f]\{3\}$' /proc/$pid/status || [ $tries = 250 ]; do # SIGTERM is caught
		tries=$((tries + 1))
		sleep 0.02
	done
	sleep 0.5
	kill "-$sig" $pid
	code=0; wait $pid 2>/dev/null || code=$?
	kill $writer 2>/dev/null || true
	wait $writer 2>/dev/null || true
	[ "$code" = "$want" ] || fail "SIG$sig: exit $code: $(cat "$tmp/err")"
	grep -q '^tlsunset: interrupted at packet 17 of .*slow: what came before is reported$' "$tmp/err" || fail "SIG$sig: $(cat "$tmp/err")"
	grep -q 'Of [12] handshake' "$tmp/out" || fail "SIG$sig: no report"
}
interrupt INT 130
interrupt TERM 143
interrupt HUP 129
interrupt INT 130 --state "$tmp/slow.db" # a pipe is at its end when its writer was interrupted too
"$t" report "$tmp/slow.db" | grep -q 'Of 1 handshake' || fail 'what came by a pipe that was interrupted is not in the state'
# what was not begun is named in the report
mkfifo "$tmp/slower"
interrupt INT 130 pcaps/tls10-openssl3.0.pcap "$tmp/slower" "$tmp/text.pcap"
grep -q 'warning: not read: interrupted$' "$tmp/out" || fail 'the report does not say what was not begun'
grep -q 'warning: not read: not a capture' "$tmp/out" || fail 'the report does not say what could not be read'
grep -qx 'tlsunset: 1 of 4 captures was not begun' "$tmp/err" || fail "what was not begun is not said: $(cat "$tmp/err")"
# but where something was not read at all, nothing of the run is in it
interrupt INT 130 --state "$tmp/none.db" pcaps/tls10-openssl3.0.pcap "$tmp/slower"
grep -q 'nothing was added to' "$tmp/err" || fail "the state is not spoken of: $(cat "$tmp/err")"
grep -qx 'tlsunset: 1 of 3 captures was not begun' "$tmp/err" || fail "what was not begun is not said: $(cat "$tmp/err")"
"$t" report "$tmp/none.db" | grep -q 'No TLS handshake was observed' || fail 'an interrupted run is in the state'
grep -q '^ *1  captures that could not be read, or were not reached' "$tmp/out" || fail 'what was not reached is not counted'
[ ! -e "$tmp/none.db-wal" ] || fail 'a log was left beside the state'

# what was not read, or not to its end, is not "nothing was lost", and a study says that it is of a part
echo 'no capture' >"$tmp/no.pcap"
head -c 60 "$pcap" >"$tmp/atonce.pcap"
head -c 1500 "$pcap" >"$tmp/ends.pcap"
of_a_part() { # REASON COUNT FILES...
	reason=$1 n=$2; shift 2
	"$t" read -q --policy tls12-minimum "$@" >"$tmp/out" 2>"$tmp/err" || true
	grep -q 'Nothing was lost' "$tmp/out" && fail "$*: nothing was lost"
	grep -q "This is a study of a part: $n capture" "$tmp/out" || fail "$*: a study of a part"
	"$t" read -q --policy tls12-minimum -f json "$@" >"$tmp/out" 2>"$tmp/err" || true
	grep -q "\"reason\":\"$reason\",\"count\":$n," "$tmp/out" || fail "$*: not in not_seen"
	grep -q "\"captures_in_part\":$n," "$tmp/out" || fail "$*: the study does not say it in JSON"
}
of_a_part input_unread 1 "$tmp/no.pcap" "$pcap"
of_a_part input_unread 1 - <"$tmp/no.pcap"
of_a_part input_partly 1 "$tmp/atonce.pcap"
of_a_part file_cut 1 "$tmp/ends.pcap"
of_a_part file_cut 1 "$tmp/atonce.pcap" pcaps/tls12-dhe1024-node0.11.14.pcap
"$t" read -q --policy tls12-minimum "$pcap" | grep -q 'of a part' && fail 'a whole capture is called a part'

# the same input gives the same bytes
"$t" read -q --seed 1 pcaps/tls1*.pcap >"$tmp/a"
"$t" read -q --seed 99 pcaps/tls1*.pcap >"$tmp/b"
cmp -s "$tmp/a" "$tmp/b" || fail 'two runs differ'

# a connection that spans two files, named in the wrong order
if command -v editcap >/dev/null; then
	editcap -r "$pcap" "$tmp/first.pcap" 1-6
	editcap "$pcap" "$tmp/second.pcap" 1-6
	[ "$(one "$tmp/second.pcap" "$tmp/first.pcap")" = 1 ] || fail 'a connection that spans two files'
	"$t" read -q -f ndjson "$tmp/second.pcap" "$tmp/first.pcap" | grep -q '"outcome":"completed"' || fail 'spanning two files: not completed'
fi

# anonymized: no client address anywhere, in any format; the same key gives the same pseudonyms
head -c 32 /dev/zero >"$tmp/key"
for f in text json ndjson; do
	"$t" read -q -f $f --anonymize="$tmp/key" pcaps/tls1*.pcap >"$tmp/a"
	grep -q 'client-[0-9a-f]' "$tmp/a" || fail "--anonymize -f $f: no pseudonym"
	! grep -q '192\.0\.2\.10' "$tmp/a" || fail "--anonymize -f $f shows a client address"
	"$t" read -q -f $f --anonymize="$tmp/key" pcaps/tls1*.pcap | cmp -s - "$tmp/a" || fail "--anonymize -f $f: not stable"
done

# one port by TCP and by UDP is two servers, told apart; shares say of what they are
"$t" read -q pcaps/openvpn*.pcap >"$tmp/a"
[ "$(sed -n '/^UPGRADES/,/^$/s/^  \(192.0.2.20:1194.*\)  openvpn .*/\1/p' "$tmp/a" | sed 's/ *$//' | sort | tr '\n' ';')" = \
	'192.0.2.20:1194;192.0.2.20:1194 (UDP);' ] || fail 'openvpn by TCP and UDP look alike'
grep -q '^ALSO OBSERVED  shares are of the 5 handshakes observed$' "$tmp/a" || fail 'shares of what?'

# -o - is standard output for everybody, and no file of that name
"$t" read -q --state "$tmp/dash.db" -o /dev/null "$pcap"
here=$PWD
program=$(realpath "$t")
for command in "read -q $here/$pcap" "report $tmp/dash.db" "explain 0.0.0.0/0 0.0.0.0/0 $tmp/dash.db"; do
	# shellcheck disable=SC2086 # words
	(cd "$tmp" && "$program" $command >a && "$program" $command -o - >b && "$program" $command -o c --output=- >d) || fail "$command -o -"
	[ -s "$tmp/a" ] && cmp -s "$tmp/a" "$tmp/b" && cmp -s "$tmp/a" "$tmp/d" || fail "$command -o - does not write to standard output"
	[ ! -e "$tmp/-" ] && [ ! -e "$tmp/c" ] || fail "$command -o - makes a file"
done
# what goes to a file has no colour, wherever standard output goes
if script -qec true /dev/null >/dev/null 2>&1; then
	script -qec "$t read -q $pcap" /dev/null </dev/null | grep -q "$(printf '\033')" || fail 'no colour on a terminal'
	script -qec "$t read -q -o $tmp/plain $pcap" /dev/null </dev/null >/dev/null
	grep -q "$(printf '\033')" "$tmp/plain" && fail 'colour in a file'
fi

# a full disk is not success
if [ -w /dev/full ]; then
	code=0; "$t" read -q "$pcap" -o /dev/full 2>/dev/null || code=$?
	[ "$code" = 2 ] || fail 'writing to a full disk exited '"$code"
fi

# a state accumulates, skips what it has, and prints the same numbers
s=$tmp/site.db
"$t" read -q --state "$s" "$pcap" >/dev/null
[ "$(stat -c %a "$s")" = 600 ] || fail 'state file mode'
"$t" read --state "$s" "$pcap" >/dev/null 2>"$tmp/err"
grep -q 'read already' "$tmp/err" || fail 'a file read twice is not skipped'
"$t" read -q --state "$s" pcaps/tls12-default-node8.17.0.pcap >"$tmp/a"
"$t" report "$s" >"$tmp/b"
cmp -s "$tmp/a" "$tmp/b" || fail 'read --state and report differ'
grep -q 'Of 2 handshakes' "$tmp/b" || fail 'the state did not accumulate'
refuse 2 'named twice' report "$s" "$s"
"$t" read -q --again --state "$s" "$pcap" | grep -q 'Counted more than once: 1 capture' || fail '--again is not said'

# what narrows a report narrows the lines and the services too, and says so
demo=pcaps/demo-office-morning.pcap.gz
for narrow in '--server 10.20.1.12:25' '--client 10.20.3.31' '--since 2026-11-17T11:00' '--until 2026-11-17T09:00'; do
	# shellcheck disable=SC2086
	few=$("$t" read -q -f ndjson $narrow $demo | wc -l)
	[ "$few" -gt 0 ] && [ "$few" -lt 531 ] || fail "-f ndjson $narrow: $few lines"
done
for servers in --server --servers; do
	rc=0
	"$t" read -q $servers client-0123456789abcdef $demo >"$tmp/out" 2>"$tmp/err" || rc=$?
	[ $rc = 2 ] && grep -q -- "$servers client-0123456789abcdef: give ADDRESS" "$tmp/err" || fail "$servers takes a pseudonym"
done
"$t" read -q --server 10.20.1.12:25 $demo >"$tmp/out"
grep -q 'those of everything that was read' "$tmp/out" || fail '--server does not say what it leaves whole'
grep -q '^CLEARTEXT SERVICES  1 service;' "$tmp/out" || fail '--server shows the services of others'
"$t" read -q --since 2027-01-01 $demo >"$tmp/out"
grep -q 'Nothing was read of the time' "$tmp/out" || fail 'a time without packets'
! grep -q 'Window:' "$tmp/out" || fail 'a window that ends before it begins'
# what was seen to go on in clear text is named without nDPI too, with the clients that sent logins, and narrowed like the rest
for how in '' --no-ndpi; do
	# shellcheck disable=SC2086
	"$t" read -q $how $demo >"$tmp/out"
	grep -q '^  POP3  *1  *3  *3  10.20.1.12:110$' "$tmp/out" || fail "no POP3 among the services in clear text $how"
	grep -q '^  10.20.1.12:143  *IMAP ' "$tmp/out" || fail "the service of port 143 is not called IMAP $how"
	grep -q '^LOGINS IN CLEAR TEXT  6 logins by 2 clients' "$tmp/out" || fail "no logins in clear text $how"
	grep -q '^  10.20.3.32  10.20.1.12:110  POP3  *3  2026-11-17 10:25:44$' "$tmp/out" || fail "who sent logins is not said $how"
done
"$t" read -q --client 10.20.2.55 $demo | sed -n '/^CLEARTEXT/,/^ALSO/p' >"$tmp/out"
grep -q '^  LDAP  *1  *3  *3 ' "$tmp/out" || fail '--client: what it did in clear text is gone'
grep -q 'POP3\|DNS\|10.20.3.32' "$tmp/out" && fail '--client: what others did in clear text is shown'
"$t" read -q --since 2026-11-17T10:25 $demo | sed -n '/^LOGINS/,/^ALSO/p' >"$tmp/out"
grep -q 'LOGINS IN CLEAR TEXT  1 login by 1 client,' "$tmp/out" || fail '--since: logins before it are shown'

# help in columns, folders without their last slash
"$t" read --help | grep -q 'POLICY\]only' && fail '--help: an option is glued to its text'
"$t" read --help | grep -A1 -x '  --enforce .*' | grep -q '^ *only these' || fail '--help: --enforce'
"$t" read -q "${pcap%/*}/" | grep -q '//' && fail 'a folder with a slash at its end: two of them in names'

# as many clients come first as are said to hold old versions up, those that refused the old choice among them
"$t" read -q --top 11 $demo | sed -n '/^CLIENTS/,/more clients/p' >"$tmp/out"
for client in 10.20.2.55 10.20.2.63 10.20.2.105 10.20.2.106; do
	grep -q "^  $client " "$tmp/out" || fail "$client got TLS 1.0 and is not among the 11 clients of which that is said"
done

# captures: each handshake by its own time, as the lines; a state: whole days, and how many may lie outside is said
for narrow in '--since 2026-11-17T11:00' '--until 2026-11-17T09:00' '--since 2026-11-17T09:07 --until 2026-11-17T10:31:30'; do
	# shellcheck disable=SC2086
	few=$("$t" read -q -f ndjson $narrow $demo | grep -c '"type":"tls"')
	for threads in 1 2; do
		# shellcheck disable=SC2086
		"$t" read -q --threads $threads $narrow $demo >"$tmp/out"
		grep -q ", $few TLS handshakes\." "$tmp/out" || fail "$narrow: not the $few handshakes within"
		grep -q 'Handshakes are those within' "$tmp/out" || fail "$narrow does not say that it is exact"
	done
	# shellcheck disable=SC2086
	"$t" read -q --state "$tmp/demo.db" $narrow -f json $demo >"$tmp/out.json"
	"$t" report -f json "$tmp/demo.db" | grep -q '"handshakes":506}' || fail "$narrow keeps handshakes out of the state"
	command -v python3 >/dev/null || continue
	python3 tests/schema_check.py docs/report.schema.json "$tmp/out.json" || fail "$narrow: not what the schema says"
	python3 - "$tmp/out.json" "$few" <<-'EOF' || fail "$narrow of a state: bounds that do not hold"
		import json, sys
		d, few = json.load(open(sys.argv[1])), int(sys.argv[2])
		e, all = d["view"]["edge"], d["read"]["handshakes"]
		certain = all - e["handshakes"]
		sys.exit(not (0 < e["handshakes"] <= all and certain + e["within_least"] <= few <= certain + e["within_most"]))
	EOF
	rm -f "$tmp"/demo.db*
done
refuse 2 'lies between' read --since 2026-11-18 --until 2026-11-17 "$pcap"
refuse 2 '--since' read --since 2026-02-30 "$pcap"
refuse 2 '--filter' read --anonymize --client 192.0.2.10 "$pcap"
refuse 2 '--filter' read --anonymize --ignore-client 192.0.2.0/24 "$pcap"

refuse 2 '--filter' report --anonymize --client 192.0.2.10 "$s"

# mistakes that are easy to make are named
refuse 2 'tlsunset read pcaps' "$pcap"
refuse 2 'comes first' -f json read "$pcap"
refuse 2 'not an option of read' read -i eth0
refuse 2 'nearest is --format' read --fromat json "$pcap"

# nothing that a run reads is overwritten by its report, whatever it is called
mkdir "$tmp/own"
cp "$pcap" "$tmp/own/mine.pcap"
cp "$s" "$tmp/own/s.db"
head -c 32 /dev/urandom >"$tmp/own/key"
echo '192.0.2.10 desk' >"$tmp/own/names"
echo '192.0.2.10 192.0.2.20 2030-01-01 replaced then' >"$tmp/own/accept"
cp report/policies/tls12-minimum.json "$tmp/own/site.json"
ln -s s.db "$tmp/own/link.db"
ln "$tmp/own/mine.pcap" "$tmp/own/hard.pcap"
cp -a "$tmp/own" "$tmp/kept"
spares() { # WHAT OUTPUT ARGS...
	what=$1 out=$2; shift 2
	refuse 2 "$what; give another name" "$@" -o "$tmp/own/$out"
	diff -r "$tmp/own" "$tmp/kept" >"$tmp/err" || fail "$* -o $out: $(cat "$tmp/err")"
}
own=$tmp/own
for out in mine.pcap hard.pcap ../own/mine.pcap; do
	spares 'one of the captures to read' $out read "$own/mine.pcap"
	spares 'one of the captures to read' $out read -q "$own"
done
for out in s.db link.db ./s.db; do
	spares 'one of the states to report' $out report "$own/s.db"
	spares 'one of the states to report' $out explain 0.0.0.0/0 0.0.0.0/0 "$own/s.db"
	spares 'the file of --state' $out read --state "$own/s.db" "$pcap"
done
spares 'one of the captures to read' mine.pcap explain 0.0.0.0/0 0.0.0.0/0 "$own/mine.pcap"
spares 'the file of --state' new.db read --state "$own/new.db" "$pcap" # neither is there yet
spares 'the file of --state' s.db-wal read --state "$own/s.db" "$pcap"
spares 'one of the states to report' s.db-journal report "$own/s.db"
spares 'the key file of --anonymize' key read --anonymize="$own/key" "$pcap"
spares 'the file of --names' names report --names "$own/names" "$s"
spares 'the file of --accept' accept report --accept "$own/accept" "$s"
spares 'one of the policies to judge by' site.json report --policy "tls12-minimum,$own/site.json" "$s"
TLSUNSET_POLICIES=$own
export TLSUNSET_POLICIES
spares 'one of the policies to judge by' site.json report --policy site "$s"
unset TLSUNSET_POLICIES
code=0; "$t" read - <"$own/mine.pcap" -o "$own/mine.pcap" 2>"$tmp/err" || code=$?
[ "$code" = 2 ] && cmp -s "$pcap" "$own/mine.pcap" || fail 'standard input was overwritten'
code=0; "$t" report "$own/s.db" >>"$own/s.db" 2>"$tmp/err" || code=$?
[ "$code" = 2 ] && cmp -s "$s" "$own/s.db" || fail 'standard output was added to the state'

# a run that is refused leaves the report of the one before it, and no file where none was
echo before >"$tmp/report"
keeps() { # PATTERN ARGS...
	pattern=$1; shift
	refuse 2 "$pattern" "$@" -o "$tmp/report"
	[ "$(cat "$tmp/report")" = before ] || fail "$*: the report of the run before is gone"
	refuse 2 "$pattern" "$@" -o "$tmp/no-report"
	[ ! -e "$tmp/no-report" ] || fail "$*: an empty file is left"
}
keeps 'its clients are addresses' read --anonymize --state "$own/s.db" pcaps/tls10-openssl3.0.pcap
keeps 'client-prefix 128' read --client-prefix 64 --state "$own/s.db" pcaps/tls10-openssl3.0.pcap
keeps '--scope' read --scope vlan --state "$own/s.db" pcaps/tls10-openssl3.0.pcap
keeps 'filter' read --filter 'tcp portt 443' "$pcap"
keeps 'filter' read -f ndjson --filter 'tcp portt 443' "$pcap"
keeps 'not a tlsunset state' report "$pcap"
keeps 'handshake' explain 203.0.113.1 203.0.113.2 "$own/s.db"
# what replaces it is whole and no longer than it should be, be it nothing
i=0; while [ $i -lt 2000 ]; do echo "line $i of the report before"; i=$((i + 1)); done >"$tmp/report"
"$t" report "$own/s.db" >"$tmp/out"
"$t" report -o "$tmp/report" "$own/s.db"
cmp -s "$tmp/out" "$tmp/report" || fail '-o over a longer report'
"$t" read -q -f ndjson -o "$tmp/report" "$tmp/own/empty.pcap" 2>/dev/null && fail 'a capture that is not there'
cmp -s "$tmp/out" "$tmp/report" || fail 'nothing could be read, and the report before is gone'
head -c 24 "$pcap" >"$tmp/empty.pcap"
"$t" read -q -f ndjson -o "$tmp/report" "$tmp/empty.pcap" || fail 'a capture without packets'
[ ! -s "$tmp/report" ] || fail 'lines of the run before stay'
"$t" read -q -f ndjson "$pcap" -o /dev/stdout | cat | grep -q '"type":"tls"' || fail '-o /dev/stdout'

# a capture in a folder that may not be read is not left out in silence
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	cp "$t" "$tmp/tlsunset"; chmod 755 "$tmp" "$tmp/dir" "$tmp/tlsunset"; chmod 0 "$tmp/dir/2.pcap"
	code=0; setpriv --reuid 65534 --clear-groups "$tmp/tlsunset" read "$tmp/dir" >/dev/null 2>"$tmp/err" || code=$?
	[ "$code" = 2 ] && grep -q '2.pcap.*Permission' "$tmp/err" || fail "a folder with an unreadable capture: $code $(cat "$tmp/err")"
fi
echo 'check_cli: passed'
