#!/bin/sh
# The study through the whole program: what-if without a file, exceptions, exit codes, names that share an endpoint, explanations,
# and evidence that shows no contents, is its owner's alone, and gives the same verdicts when it is read like any capture.
set -eu
t=$TLSUNSET
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() { echo "check_study: $*" >&2; exit 1; }
demo=pcaps/demo-office-morning.pcap.gz
"$t" read -q --state "$tmp/site.db" -o /dev/null "$demo"
says() { # EXIT 'words' ARGUMENTS: report of the state
	want=$1 words=$2 rc=0
	shift 2
	"$t" report "$@" "$tmp/site.db" >"$tmp/out" 2>"$tmp/err" || rc=$?
	[ "$rc" = "$want" ] || fail "report $*: exit $rc, not $want: $(cat "$tmp/err")"
	tr -s ' \n' ' ' <"$tmp/out" >"$tmp/flat"
	tr -s ' \n' ' ' <"$tmp/err" >>"$tmp/flat"
	case $(cat "$tmp/flat") in *"$words"*) ;; *) fail "report $*: does not say '$words'" ;; esac
}

# --- decision, what-if, exceptions, exit codes ---
says 1 'Enforcing tls12-minimum on 16 servers: 6 clients break, 1 server must change first, 0 unknown.' --policy tls12-minimum
says 1 'SERVERS 16 servers' --policy tls12-minimum
says 1 '203.0.113.99:443 (QUIC) cdn.example.net 12 TLS 1.3' --policy tls12-minimum
says 1 '"server_ip":"203.0.113.99","server_port":443,"transport":"quic","result"' --policy tls12-minimum -f json
# who breaks is on top, and what fails today already is at the end
says 1 'BY CLIENT the worst verdict first' --policy tls12-minimum
verdicts() { sed -n '/^BY CLIENT/,/^SERVER CAP/p' "$tmp/out" | grep -oE ' (breaks|server-first|failing) ' | uniq | tr -d ' \n'; }
[ "$(verdicts)" = breaksserver-firstfailing ] || fail "BY CLIENT goes by another order: $(verdicts)"
says 1 'and 13 more pairs' --policy tls12-minimum --top 5
[ "$(verdicts)" = breaks ] || fail "BY CLIENT does not begin with who breaks: $(verdicts)"
says 1 'clients break' --min-version TLSv1.2 --forbid '3DES,RC4,kx=RSA'
says 3 'Not enough seen to say that it is ready' --policy tls12-minimum --fail-on failing,unknown --client 10.20.2.52
# what a client refused is counted where the server chose it, and the report says so
says 0 'chosen handshakes share clients servers' --client 10.20.2.63
says 0 'TLS 1.0 2 100.0% 1 1' --client 10.20.2.63
says 0 '2 of these were refused by the client, which wants more: they fail today (1 client, 1 server).' --client 10.20.2.63
says 0 'chosen: by the server, also where the client then refused it or the handshake failed.' --client 10.20.2.63
says 0 'Versions are counted as the server chose them, also where the client refused that.' --client 10.20.2.63
# a hint at the software stands with the handshakes that it is about
says 0 'TLS 1.0 with 10.20.1.12:25 (7, like OpenSSL 1.1.1 or later), TLS 1.0 with 10.20.1.14:389 (4, like GnuTLS)'
says 0 'TLS 1.0 with 10.20.1.10:443 (3); like OpenSSL before 1.1.0 or old Java'
# --fail-on is for the exit status alone
says 3 'Not ready. 302 of 377 handshakes observed are proved to go on working. The exit status is 1 by these verdicts alone (--fail-on): unknown.' \
	--policy tls12-minimum --fail-on unknown
says 3 '"result":"not ready","fail_on":["unknown"]' --policy tls12-minimum --fail-on unknown -f json
says 1 'Not ready. 302 of 377' --policy tls12-minimum --fail-on server-first
says 3 '"result":"not ready"' --policy tls12-minimum --accept /dev/null --fail-on likely,unknown -f json
grep -ohE -- '--fail-on [a-z,-]+|fail.-on [a-z,]+.*' README.md docs/tlsunset.1 | grep 'breaks' | grep -v 'server.*-first' && fail 'a recipe leaves out server-first'
says 0 'TLS as it was observed'
says 2 'no such verdict' --fail-on brakes
says 2 'the nearest' --policy tls12-minimun
says 1 'Judged as well, because they share an endpoint' --enforce intranet.office.test
says 1 '10.20.1.10:443 (no name).' --enforce intranet.office.test
says 1 'Enforcing tls12-minimum on 1 server: 2 clients break' --enforce 10.20.1.11
says 1 'CUTOVER STUDY no-cbc' --enforce 10.20.1.11=no-cbc --enforce 10.20.1.15=tls12-minimum
says 3 'intranet.ofice.test: nothing was seen of it; the nearest name that was seen is intranet.office.test.' --enforce intranet.ofice.test
says 3 '10.99.0.1:443: nothing was seen of it.' --enforce 10.99.0.1:443
says 1 'nowhere.example.org=tls12-minimum: nothing was seen of it.' --enforce 10.20.1.11 --enforce nowhere.example.org=tls12-minimum
says 1 '"not_seen":["intranet.ofice.test"]' --enforce 10.20.1.11 --enforce intranet.ofice.test -f json
says 1 'Enforcing no-cbc on 1 server' --enforce 10.20.1.11=no-cbc --enforce 10.20.1.15=tls12-minimum
grep -q 'on 0 servers' "$tmp/out" && fail 'a policy that nobody asked for is judged'
says 2 '--enforce : give' --enforce ''
# what servers can do is told of those that are asked about
says 1 'Not listed: 16 names at servers that are not asked about' --enforce 10.20.1.11
capable() { sed -n '/^SERVER CAP/,/^$/p' "$tmp/out" | grep -oE '^  \[?[0-9][^ ]*' | sort -u | tr -d ' \n'; }
[ "$(capable)" = 10.20.1.11:443 ] || fail "--enforce: the capability of $(capable)"
says 1 'Not listed: 14 names' --enforce 10.20.1.11=no-cbc --enforce 10.20.1.15=tls12-minimum
says 1 'Not listed: 16 names' --policy tls12-minimum --server 10.20.1.11
says 1 'Not listed: 4 names' --policy tls12-minimum --servers 10.20.1.0/24
says 1 '"capabilities":[ {"server_ip":"10.20.1.11","server_port":443' --policy tls12-minimum --client 10.20.2.54 -f json
says 1 'SERVER CAPABILITY' --policy tls12-minimum
grep -q 'Not listed' "$tmp/out" && fail 'servers are left out where all are asked about'
cat >"$tmp/accepted" <<-EOF
	# who              to whom          until       why
	10.20.2.40         10.20.1.11:443   2026-12-31  the scales are replaced at the end of the year
	10.20.2.0/24       erp.office.test  2026-12-31  ERP follows in December
EOF
says 1 '0 servers must change first' --accept "$tmp/accepted" --policy tls12-minimum --on 2026-12-31
says 1 '1 server must change first' --accept "$tmp/accepted" --policy tls12-minimum --on 2027-01-01
grep -q ACCEPTED "$tmp/out" && fail 'an exception that expired is still accepted'
says 1 'ACCEPTED' --accept "$tmp/accepted" --policy tls12-minimum --on 2026-12-31
says 1 'accepted until 2026-12-31: the scales are replaced' --accept "$tmp/accepted" --policy tls12-minimum --on 2026-12-31
"$t" explain --accept "$tmp/accepted" --on 2026-12-31 10.20.2.40 10.20.1.11:443 "$tmp/site.db" |
	grep -q -- '- accepted until 2026-12-31: the scales are replaced' || fail 'explain: an exception that holds'
printf '10.20.2.40 10.20.1.11:443 soon because\n' >"$tmp/bad"
says 2 "$tmp/bad:1: \"soon\" is not a date" --accept "$tmp/bad"

printf '10.20.2.40 * 2026-11-01 gone\n\n10.20.2.40 10.20.1.11:443 2026-12-31 scales\n10.99.0.1 * 2026-12-31 nobody\n' >"$tmp/idle"
says 1 '- line 1, 10.20.2.40 *: it expired on 2026-11-01.' --accept "$tmp/idle" --policy tls12-minimum --on 2026-12-01
says 1 '- line 4, 10.99.0.1 *: nothing was seen that it matches.' --accept "$tmp/idle" --policy tls12-minimum --on 2026-12-01
says 1 "tlsunset: --accept $tmp/idle: 2 lines have no effect" --accept "$tmp/idle" --policy tls12-minimum --on 2026-12-01
says 1 '{"line":4,"pair":"10.99.0.1 *","until":"2026-12-31","why":"not seen"}' --accept "$tmp/idle" --policy tls12-minimum --on 2026-12-01 -f json
says 1 ACCEPTED --accept "$tmp/accepted" --policy tls12-minimum --on 2026-12-31
grep -q 'WITHOUT EFFECT' "$tmp/out" && fail 'an exception that holds is said to have no effect'
[ ! -s "$tmp/err" ] || fail "exceptions that hold: $(cat "$tmp/err")"

# --- an explanation ---
"$t" explain 10.20.2.40 10.20.1.11:443 "$tmp/site.db" >"$tmp/out" || fail 'explain'
grep -q '^10.20.2.40 with 10.20.1.11:443, under' "$tmp/out" || fail 'explain: who and where'
grep -q '^Verdict: breaks$' "$tmp/out" || fail 'explain does not come to its verdict'
grep -q '3. breaks: does it offer nothing allowed?' "$tmp/out" || fail 'explain does not go through its questions'
rc=0
"$t" explain 192.0.2.1 10.20.1.11:443 "$tmp/site.db" >/dev/null 2>"$tmp/err" || rc=$?
[ $rc = 2 ] && grep -q 'no handshake of this client' "$tmp/err" || fail 'explain of nobody'

grep -q 'What would be left to choose' "$tmp/out" && fail 'explain: suites that would be left of an offer that holds no version'
# hellos that resume say what they cannot say; question 8 is one that "yes" answers
port=$("$t" read -q -f ndjson pcaps/tls10-id-resumed-openssl3.0.pcap | sed -n 's/.*"client_port":\([0-9]*\).*"resumed":true.*/\1/p')
explained() { # WORDS ARGUMENTS
	words=$1
	shift
	"$t" explain "$@" >"$tmp/out" || fail "explain $*"
	tr -s ' \n' ' ' <"$tmp/out" | grep -qF "$words" || fail "explain $*: does not say '$words'"
}
for words in '3. breaks: does it offer nothing allowed? not known: every hello that was seen tries to resume a session, and such a hello may offer less than the client can' \
	'5. server-first: did the server choose what is forbidden although it was offered what is allowed? no: no hello that was seen offers anything allowed' \
	'8. unknown: is none of the above shown by what was seen? yes'; do
	explained "$words" --filter "port $port" 192.0.2.10 192.0.2.20 pcaps/tls10-id-resumed-openssl3.0.pcap
done
explained 'Without a ClientHello questions 1 to 7 cannot be asked.' 192.0.2.10 192.0.2.20 pcaps/span-server-direction-only.pcap

"$t" explain 10.20.9.9 10.20.1.10 "$tmp/site.db" >"$tmp/out" || fail 'explain of a client set apart'
grep -q '^10.20.9.9 is set apart: recognised as a scanner, offered 88 different hellos' "$tmp/out" || fail 'explain: why a client is set apart'
rc=0
"$t" explain 10.20.9.9 10.20.1.51 "$tmp/site.db" >/dev/null 2>&1 || rc=$?
[ $rc = 2 ] || fail 'explain: a client set apart with a server that it never met'

# --- sessions in clear text: what "plaintext" rests on, and clients that have nothing else ---
printf '10.20.3.0/24 printers Facilities\n10.20.1.12 mailhost IT\n' >"$tmp/halls"
says 1 'printers (2 addresses) 10.20.1.12:25 mail.office.test plaintext' --policy tls12-minimum --server 10.20.1.12 --names "$tmp/halls"
says 1 'with this server (10.20.3.32 for one):' --policy tls12-minimum --server 10.20.1.12 --names "$tmp/halls"
says 1 'from 10.20.3.31, 10.20.3.32 first' --policy tls12-minimum --server 10.20.1.12 --names "$tmp/halls"
says 1 '1 stack of a client would fall to plaintext,' --policy tls12-minimum --server 10.20.1.12 --names "$tmp/halls"
grep -q ' would break' "$tmp/flat" && fail 'nobody breaks and one would break'
says 1 'would break or fall to plaintext,' --policy tls12-minimum --names "$tmp/halls"
says 1 'would break,' --policy tls12-minimum
"$t" report -f json --policy tls12-minimum --server 10.20.1.12 --names "$tmp/halls" "$tmp/site.db" |
	grep '"verdict":"plaintext"' | grep -q '"addresses":\["10.20.3.31","10.20.3.32"\]' || fail 'JSON: addresses of a plaintext verdict'
fell='What went on in clear text - 5 sessions of 10.20.3.32: '
explained "$fell" --names "$tmp/halls" printers 10.20.1.12:25 "$tmp/site.db"
explained 'first 2026-11-17 09:13:24, last 2026-11-17 10:31:10; for example the one from port 40342 at 2026-11-17 09:13:24 of' \
	--names "$tmp/halls" printers 10.20.1.12:25 "$tmp/site.db"
explained "$fell" 10.20.3.32 10.20.1.12:25 "$tmp/site.db"
explained 'No verdict No TLS handshake of the two was seen' 10.20.3.32 10.20.1.12:25 "$tmp/site.db"
explained 'with a login; first' 10.20.3.32 10.20.1.12:110 "$tmp/site.db"
grep -q ' with 10.20.1.12:25 ' "$tmp/out" && fail 'explain: sessions with another port'
"$t" explain 10.20.3.31 10.20.1.12:25 "$tmp/site.db" | grep -q '^What went on in clear text' && fail 'explain: clear text of another client'
# an exception for who made the handshakes does not speak for who was in clear text
printf '10.20.3.31 10.20.1.12 2026-12-31 on its way out\n' >"$tmp/half"
says 1 '1 path would fall' --policy tls12-minimum --on 2026-11-21 --server 10.20.1.12 --names "$tmp/halls" --accept "$tmp/half"
printf '10.20.3.32 10.20.1.12 2026-12-31 so is this\n' >>"$tmp/half"
says 3 '1 accepted exception' --policy tls12-minimum --on 2026-11-21 --server 10.20.1.12 --names "$tmp/halls" --accept "$tmp/half"

# --- a server by the name that --names gives it, and a name of nobody ---
explained 'printers (2 addresses) with 10.20.1.12:25 as mail.office.test' --names "$tmp/halls" 10.20.3.31 mailhost:25 "$tmp/site.db"
for name in mailhosd mail.ofice.test; do
	rc=0
	"$t" explain --names "$tmp/halls" 10.20.3.31 $name "$tmp/site.db" >/dev/null 2>"$tmp/err" || rc=$?
	[ $rc = 2 ] && grep -q "no server of the name $name was seen, by SNI or --names; the nearest is mail" "$tmp/err" || fail "explain: $name"
done

# --- nothing of what is selected ---
says 3 'Nothing was observed of what is selected (--client), so nothing can be said' --policy tls12-minimum --client 10.99.0.0/16
says 3 'Nothing was observed of what is selected (--server, --since), so' --policy tls12-minimum --server 10.99.0.1 --since 2026-11-01
says 3 'Nothing was observed of what is selected (--enforce), so' --enforce 10.99.0.1
head -c 32 /dev/zero >"$tmp/key"
"$t" read -q "--anonymize=$tmp/key" --state "$tmp/pseudo.db" -o /dev/null "$demo"
for hidden in '--client 10.20.3.31' '--ignore-client 10.20.3.31'; do
	rc=0
	# shellcheck disable=SC2086
	"$t" report $hidden "$tmp/pseudo.db" >"$tmp/out" 2>"$tmp/err" || rc=$?
	[ $rc = 2 ] && [ ! -s "$tmp/out" ] && grep -q 'clients are pseudonyms here' "$tmp/err" || fail "report $hidden: of pseudonyms"
done
known=$(sqlite3 "$tmp/pseudo.db" "SELECT 'client-' || lower(hex(substr(client, 2))) FROM row LIMIT 1" 2>/dev/null) || known=
[ -z "$known" ] || "$t" report --client "$known" "$tmp/pseudo.db" | grep -q 'Only clients in client-' || fail 'report --client of a pseudonym'

rc=0
"$t" read -q --policy tls12-minimum pcaps/mysql-plaintext-mariadb.pcap >"$tmp/out" || rc=$?
[ $rc = 3 ] && grep -q '^  No TLS handshake was observed, so nothing can be said' "$tmp/out" || fail 'a study of nothing'

# --- clients of one name (--names) are one, known by the name and by each address ---
printf '10.20.2.40/31 tills Shop floor\n10.20.2.54 tills\n10.20.2.53 kiosk\n' >"$tmp/names"
says 1 '5 clients (6 addresses) break' --policy tls12-minimum --names "$tmp/names"
says 1 '1 name stands for 3 addresses' --policy tls12-minimum --names "$tmp/names"
says 1 'tills (3 addresses) 10.20.1.11:443 breaks' --policy tls12-minimum --names "$tmp/names"
says 1 'under this name' --policy tls12-minimum --names "$tmp/names"
says 1 'from 10.20.2.40, 10.20.2.41 first' --policy tls12-minimum --names "$tmp/names"
says 1 '10.20.2.53 kiosk 10.20.1.10:443 breaks' --policy tls12-minimum --names "$tmp/names"
says 1 '"called":"tills","addresses":["10.20.2.54"]' --policy tls12-minimum --names "$tmp/names" -f json
! command -v python3 >/dev/null || python3 tests/schema_check.py docs/report.schema.json "$tmp/out" || fail 'names: not what the schema says'
for who in tills TILLS 10.20.2.40 10.20.2.41 10.20.2.54 10.20.2.40/31; do
	"$t" explain --names "$tmp/names" "$who" 10.20.1.11 "$tmp/site.db" >"$tmp/out" || fail "explain $who"
	grep -q '^tills (3 addresses) with 10.20.1.11:443' "$tmp/out" && grep -q 'From 10.20.2.40, 10.20.2.41' "$tmp/out" ||
		fail "explain $who does not find the client of that name"
done
for who in till 10.20.2; do
	rc=0
	"$t" explain --names "$tmp/names" "$who" 10.20.1.11 "$tmp/site.db" >/dev/null 2>"$tmp/err" || rc=$?
	[ $rc = 2 ] && grep -q 'the nearest is tills' "$tmp/err" || fail "explain $who: takes what is neither address nor name"
done
# a name is never cut, however long
printf '10.20.3.31 multifunction-printer-on-the-second-floor Facilities\n' >"$tmp/long"
says 0 'called multifunction-printer-on-the-second-floor (Facilities)' --names "$tmp/long"
says 1 'multifunction-printer-on-the-second-floor' --names "$tmp/long" --policy tls12-minimum
# an exception for one address does not speak for the others of its name; one by name does
printf '10.20.2.40 10.20.1.11:443 2026-12-31 later\n' >"$tmp/one"
says 1 '5 clients (6 addresses) break' --policy tls12-minimum --names "$tmp/names" --accept "$tmp/one" --on 2026-12-01
"$t" report -q --names "$tmp/names" --accept "$tmp/one" --on 2026-12-01 --policy tls12-minimum "$tmp/site.db" | grep -q ACCEPTED &&
	fail 'an exception for one address holds for all of its name'
printf 'Tills * 2026-12-31 later\n' >"$tmp/one"
says 1 '4 clients break' --policy tls12-minimum --names "$tmp/names" --accept "$tmp/one" --on 2026-12-01
says 2 'name of --names' --policy tls12-minimum --accept "$tmp/one"
says 1 'the scales are replaced' --policy tls12-minimum --accept "$tmp/accepted" --on 2026-12-31 -f json

# --- a state of pseudonyms: one is taken where an address is ---
head -c 32 /dev/zero >"$tmp/key"
"$t" read -q --anonymize="$tmp/key" --state "$tmp/anon.db" -o /dev/null "$demo"
mv "$tmp/site.db" "$tmp/open.db"
cp "$tmp/anon.db" "$tmp/site.db"
says 1 '6 clients break' --policy tls12-minimum
who=$(sed -n '/^BY CLIENT/,$s/^  \(client-[0-9a-f]*\) *10.20.1.12:25 .*/\1/p' "$tmp/out")
explained "$who with 10.20.1.12:25 as mail.office.test by smtp" "$who" 10.20.1.12 "$tmp/anon.db"
printf '%s 10.20.1.12:25 2026-12-31 the printer is replaced\n' "$who" >"$tmp/one"
says 1 'accepted until 2026-12-31: the printer is replaced' --policy tls12-minimum --accept "$tmp/one" --on 2026-12-01
printf '%s printer-2\n' "$who" >"$tmp/pseudonames"
says 1 'called printer-2' --policy tls12-minimum --names "$tmp/pseudonames"
explained "$who printer-2 with 10.20.1.12:25" --names "$tmp/pseudonames" printer-2 10.20.1.12 "$tmp/anon.db"
says 1 '1 client breaks' --policy tls12-minimum --client "$who"
says 1 '5 clients break' --policy tls12-minimum --ignore-client "$who"
rc=0
"$t" explain 10.20.3.31 10.20.1.12 "$tmp/anon.db" >/dev/null 2>"$tmp/err" || rc=$?
[ $rc = 2 ] && grep -q 'clients are pseudonyms here (--anonymize): name one as the report prints it' "$tmp/err" ||
	fail "explain of an address in a state of pseudonyms: $(cat "$tmp/err")"
mv "$tmp/open.db" "$tmp/site.db"

# --- evidence ---
command -v python3 >/dev/null || { echo 'check_study: evidence skipped, no python3'; exit 0; }
evidence() { # NAME POLICIES CAPTURES...
	name=$1 policies=$2
	shift 2
	"$t" read -q --seed 1 -f json --policy "$policies" --evidence "$tmp/$name" -o "$tmp/$name.json" "$@" || [ $? -le 3 ] || fail "evidence $name"
	python3 tests/evidence_check.py "$t" "$tmp/$name.json" "$tmp/$name" || fail "evidence of $name"
}
evidence demo tls12-minimum,tls13-only "$demo"
evidence pcaps tls12-minimum pcaps
"$t" report -q --policy tls12-minimum --evidence "$tmp/again" "$tmp/site.db" >/dev/null || [ $? = 1 ] || fail 'evidence from a state'
for f in "$tmp"/again/*.pcap; do
	cmp -s "$f" "$tmp/demo/$(basename "$f")" || fail "evidence differs from a state: $f"
done
# a name stands for a client that used another address elsewhere
"$t" report -q --policy tls12-minimum --names "$tmp/names" --evidence "$tmp/named" "$tmp/site.db" >/dev/null || [ $? = 1 ] || fail 'evidence with names'
grep 'server-first.*erp.office.test.f8d69c576b85' "$tmp/named/index.txt" | grep -q 'gives this verdict' ||
	fail 'evidence of a client with a name gives another verdict'
rc=0
"$t" report -q --policy tls12-minimum --evidence "$tmp/again" "$tmp/site.db" >/dev/null 2>"$tmp/err" || rc=$?
[ $rc = 2 ] && grep -q 'exists already' "$tmp/err" || fail 'evidence was overwritten'
cp "$demo" "$tmp/mine.pcap.gz"
"$t" read -q --state "$tmp/mine.db" -o /dev/null "$tmp/mine.pcap.gz"
cp pcaps/dtls10-openssl3.0.pcap "$tmp/mine.pcap.gz"
"$t" report --policy tls12-minimum --evidence "$tmp/none" "$tmp/mine.db" >/dev/null 2>"$tmp/err" || true
grep -q 'is not the capture that was read' "$tmp/err" || fail 'evidence from a capture that changed'
# captures that cannot be read again: said in the index, and on stderr even with -q
cp "$demo" "$tmp/mine.pcap.gz"
"$t" read -q --state "$tmp/gone.db" -o /dev/null "$tmp/mine.pcap.gz"
rm "$tmp/mine.pcap.gz"
lacks() { # FOLDER WORDS EXIT: all of the evidence is missing, for that reason
	[ "$3" = 2 ] && [ "$(wc -l <"$tmp/err")" = 1 ] && grep -q "files were not written: $2" "$tmp/err" || fail "evidence, $2: exit $3, $(cat "$tmp/err")"
	[ "$(grep -c "	not written: $2\$" "$tmp/$1/index.txt")" = "$(wc -l <"$tmp/$1/index.txt")" ] || fail "evidence, $2: the index does not say so"
	[ "$(ls "$tmp/$1")" = index.txt ] || fail "evidence, $2: files all the same"
}
rc=0
"$t" report -q --policy tls12-minimum --evidence "$tmp/gone" -o /dev/null "$tmp/gone.db" 2>"$tmp/err" || rc=$?
lacks gone 'capture gone' $rc
rc=0
gzip -dc "$demo" | "$t" read -q --policy tls12-minimum --evidence "$tmp/piped" -o "$tmp/out" - 2>"$tmp/err" || rc=$?
lacks piped 'capture came from a pipe' $rc
grep -q 'clients break' "$tmp/out" || fail 'evidence from a pipe: no report'
cp pcaps/dtls10-openssl3.0.pcap "$tmp/mine.pcap.gz"
rc=0
"$t" report -q --policy tls12-minimum --evidence "$tmp/other" -o /dev/null "$tmp/gone.db" 2>"$tmp/err" || rc=$?
lacks other 'capture changed' $rc
# a capture that went on being written still has the frames that were read before
gzip -dc "$demo" >"$tmp/whole.pcap"
size=$(wc -c <"$tmp/whole.pcap")
for part in 40 70 90; do # cut in a packet that is not whole yet
	head -c $((size * part / 100)) "$tmp/whole.pcap" >"$tmp/grows.pcap"
	"$t" read -q --state "$tmp/grows.db" -o /dev/null "$tmp/grows.pcap"
done
"$t" report --policy tls12-minimum --evidence "$tmp/grown" "$tmp/grows.db" >/dev/null 2>"$tmp/err" || [ $? = 1 ] || fail 'evidence from a capture that grew'
grep -q 'is not the capture' "$tmp/err" && fail 'evidence: a capture that grew is not found again'
[ "$(grep -c "gives this verdict by itself" "$tmp/grown/index.txt")" -ge 15 ] || fail "evidence from a capture that grew lacks what was read first"
python3 - pcaps/imap-starttls-tls10-dovecot.pcap "$tmp/trailers.pcap" <<-'EOF'
	import struct, sys
	d = open(sys.argv[1], "rb").read()
	order = "<" if d[0] in (0xd4, 0x4d) else ">"
	out, at = d[:24], 24
	while at < len(d):
	    s, f, n, w = struct.unpack(order + "IIII", d[at:at + 16])
	    out += struct.pack(order + "IIII", s, f, n + 13, w + 13) + d[at + 16:at + 16 + n] + b"TRAILERSECRET"
	    at += 16 + n
	open(sys.argv[2], "wb").write(out)
EOF
"$t" read -q --policy tls12-minimum --evidence "$tmp/trailers" -o /dev/null "$tmp/trailers.pcap" || [ $? = 1 ] || fail 'a capture with trailers'
ls "$tmp"/trailers/*.pcap >/dev/null || fail 'no evidence from a capture with trailers'
grep -qa TRAILERSECRET "$tmp"/trailers/*.pcap && fail 'what lies behind the packet is shown'
# what came in fragments of IP is in it, and masked as if it had come whole
for n in imap-starttls-tls10-dovecot ldap-starttls-tls10-slapd radius-tls-tls10-freeradius radius-ttls-tls12-freeradius dtls10-openssl3.0; do
	python3 tests/evidence_fragments.py split "pcaps/$n.pcap" "$tmp/split.pcap"
	evidence "$n" tls13-only "$tmp/split.pcap" >/dev/null
	"$t" read -q --seed 1 --policy tls13-only --evidence "$tmp/$n-whole" -o /dev/null "pcaps/$n.pcap" || [ $? = 1 ] || fail "evidence of $n"
	for f in "$tmp/$n-whole"/*.pcap; do
		python3 tests/evidence_fragments.py same "$f" "$tmp/$n/${f##*/}" || fail "evidence of $n in fragments"
	done
done
for kind in ip6frag outerfrag; do
	"$TOOLS/rewrap" $kind pcaps/imap-starttls-tls10-dovecot.pcap "$tmp/$kind.pcap"
	evidence $kind tls12-minimum "$tmp/$kind.pcap" >/dev/null
	"$t" read -q "$tmp/$kind"/0001*.pcap | grep -q 'put together from fragments' || fail "evidence of $kind"
done
# a limit of memory holds for what is kept too, and what had no room is said
"$t" read --memory-limit 32M --seed 1 --policy tls12-minimum --evidence "$tmp/little" -o /dev/null "$demo" 2>/dev/null || [ $? = 1 ] || fail 'evidence under a limit'
for f in "$tmp"/demo/*tls12-minimum*.pcap; do
	cmp -s "$f" "$tmp/little/${f##*/}" || fail 'evidence differs under a limit that suffices'
done
says 2 'give one of them' --policy tls12-minimum --evidence "$tmp/x" --anonymize
echo 'study: decisions, exceptions, explanations; evidence gives the same verdicts and shows no contents'
