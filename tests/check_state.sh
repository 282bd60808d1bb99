#!/bin/sh
# What a user relies on with --state: runs add up however they are divided, nothing is lost by a crash, a full disk or a second
# writer, and files of others are left alone.
set -eu
t=$TLSUNSET
dir=${TMPDIR:-/tmp}
[ -n "${TMPDIR:-}" ] || [ ! -w /dev/shm ] || dir=/dev/shm # a hundred commits
tmp=$(mktemp -d "$dir/state.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
fail() { echo "check_state: $*" >&2; exit 1; }
# What a state holds, without its ids: rows with what they refer to, and the counters.
content() {
	sqlite3 -readonly "$1" "SELECT hex(client), hex(server), port, hex(p.offer), hex(f.offer), hex(n.name), hex(c.sha256), upgrade,
		outcome, day, version, suite, tls_group, flags, sum(count), min(first_ns), max(last_ns), ex_ns, ex_frame
		FROM row LEFT JOIN profile p ON p.id = profile LEFT JOIN profile f ON f.id = fallback_from
		LEFT JOIN name n ON n.id = sni LEFT JOIN cert c ON c.id = row.cert GROUP BY row.client, row.server, port, profile,
		fallback_from, sni, row.cert, upgrade, outcome, day, version, suite, tls_group, flags, alert_code ORDER BY 1, 2, 3, 4,
		5, 6, 7, 8, 9, 10, 11, 12, 13, 14;
		SELECT hour, counter, value FROM hour ORDER BY 1, 2; SELECT hex(ja4), hex(offer) FROM profile ORDER BY 1, 2;
		SELECT hex(server), port, proto, name FROM service ORDER BY 1, 2, 3, 4"
}

# one run over many files, a run for each, and two states reported together
set -- pcaps/tls1*.pcap pcaps/smtp*.pcap
"$t" read -q --state "$tmp/one.db" "$@" >/dev/null
for f; do "$t" read -q --state "$tmp/each.db" "$f" >/dev/null; done
content "$tmp/one.db" >"$tmp/a"
content "$tmp/each.db" >"$tmp/b"
[ "$(wc -l <"$tmp/a")" -gt 100 ] || fail 'the state is nearly empty'
cmp -s "$tmp/a" "$tmp/b" || fail "runs do not add up: $(diff "$tmp/a" "$tmp/b" | head -4)"
"$t" read -q --state "$tmp/tls.db" pcaps/tls1*.pcap >/dev/null
"$t" read -q --state "$tmp/smtp.db" pcaps/smtp*.pcap >/dev/null
"$t" report -q "$tmp/one.db" >"$tmp/a"
"$t" report -q "$tmp/smtp.db" "$tmp/tls.db" >"$tmp/b"
cmp -s "$tmp/a" "$tmp/b" || fail "two states are not their sum: $(diff "$tmp/a" "$tmp/b" | head -4)"

# read again only when asked to: then everything counts twice
content "$tmp/tls.db" >"$tmp/a"
"$t" read --state "$tmp/tls.db" pcaps/tls1*.pcap >/dev/null 2>"$tmp/err"
[ "$(grep -c 'read already' "$tmp/err")" = "$(ls pcaps/tls1*.pcap | wc -l)" ] || fail 'no line for each file skipped'
content "$tmp/tls.db" >"$tmp/b"
cmp -s "$tmp/a" "$tmp/b" || fail 'skipped files were counted'
once=$(sqlite3 "$tmp/tls.db" 'SELECT sum(count) FROM row')
"$t" read -q --again --state "$tmp/tls.db" pcaps/tls1*.pcap >/dev/null
[ "$(sqlite3 "$tmp/tls.db" 'SELECT sum(count) FROM row')" = $((once * 2)) ] || fail '--again did not count again'

# nor is a copy under another name, nor is a pipe read twice
cp pcaps/tls10-openssl3.0.pcap "$tmp/copy.pcap"
"$t" read --state "$tmp/copy.db" pcaps/tls10-openssl3.0.pcap "$tmp/copy.pcap" >/dev/null 2>"$tmp/err"
grep -q 'the same capture as' "$tmp/err" || fail 'no line for a copy'
[ "$(sqlite3 "$tmp/copy.db" 'SELECT sum(count) FROM row')" = 1 ] || fail 'a copy was counted'
gzip -c pcaps/tls10-openssl3.0.pcap >"$tmp/packed.gz"
"$t" read --state "$tmp/copy.db" "$tmp/packed.gz" >/dev/null 2>"$tmp/err"
grep -q 'read already' "$tmp/err" || fail 'no line for a compressed copy'
[ "$(sqlite3 "$tmp/copy.db" 'SELECT sum(count) FROM row')" = 1 ] || fail 'a compressed copy was counted'
# a capture that is still being written: what was counted of it is not counted again, however often it grew; compressed or not
gzip -dc pcaps/demo-office-morning.pcap.gz >"$tmp/whole.pcap"
size=$(wc -c <"$tmp/whole.pcap")
for part in 40 70 70 100; do
	head -c $((size * part / 100)) "$tmp/whole.pcap" >"$tmp/grows.pcap"
	"$t" read --state "$tmp/grows.db" "$tmp/grows.pcap" >/dev/null 2>"$tmp/err" || fail "a capture that grew cannot be read: $(cat "$tmp/err")"
	[ $part != 100 ] || grep -q 'first 6992 packets counted before, as .*/grows.pcap on 20' "$tmp/err" || fail 'no line for a capture that grew'
done
[ "$(sqlite3 "$tmp/grows.db" 'SELECT count(*), sum(packets) FROM input')" = '3|9932' ] || fail 'packets of a capture that grew are counted twice'
"$t" report -q --top 0 "$tmp/grows.db" | grep -q '9,932 packets' || fail 'packets of a capture that grew'
"$t" report -q "$tmp/grows.db" | grep -q 'warning: first 6992 packets counted before' || fail 'the report does not say what was counted before'
# The clock steps back between two readings, and the packets are all alike: each counts once. Of empty captures nothing counts.
for n in 0 5 8 10; do
	python3 - "$n" >"$tmp/back$n.pcap" <<'END'
import struct, sys
times = (100, 101, 102, 103, 104, 50, 51, 52, 53, 54)[:int(sys.argv[1])]
frame = bytes(12) + b'\x08\x06' + bytes(46)
sys.stdout.buffer.write(struct.pack('<IHHiIII', 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1) +
                        b''.join(struct.pack('<IIII', t, 0, len(frame), len(frame)) + frame for t in times))
END
done
for n in 5 8 10; do
	cp "$tmp/back$n.pcap" "$tmp/back.pcap"
	"$t" read -q --state "$tmp/back.db" "$tmp/back.pcap" >/dev/null || fail "a clock that steps back: $n packets"
	[ "$(sqlite3 "$tmp/back.db" 'SELECT sum(packets) FROM input')" = $n ] || fail "a clock that steps back: not $n packets"
done
head -c 24 "$tmp/back0.pcap" >"$tmp/empty1.pcap"
{ head -c 16 "$tmp/back0.pcap"; printf '\0\0\1\0'; tail -c 4 "$tmp/back0.pcap"; } >"$tmp/empty2.pcap"
"$t" read -q --state "$tmp/back.db" "$tmp/empty1.pcap" "$tmp/empty2.pcap" >/dev/null 2>"$tmp/err" || fail "empty captures: $(cat "$tmp/err")"
rc=0
"$t" read -q --state "$tmp/back.db" "$tmp/back8.pcap" >/dev/null 2>"$tmp/err" || rc=$?
[ $rc = 0 ] || fail 'a copy read before, under another name'
"$t" read --state "$tmp/grows.db" pcaps/demo-office-morning.pcap.gz >/dev/null 2>"$tmp/err"
grep -q 'read already' "$tmp/err" || fail 'a capture that grew, compressed, is not the same'
head -c $((size * 40 / 100)) "$tmp/whole.pcap" >"$tmp/a.pcap"
"$t" read "$tmp/whole.pcap" "$tmp/a.pcap" 2>/dev/null | grep -q '9,932 packets' || fail 'the beginning of a capture is counted beside it'
"$t" read --again "$tmp/whole.pcap" "$tmp/a.pcap" 2>/dev/null | grep -q '14,122 packets' || fail '--again does not count again'
# one that begins alike and goes on otherwise is kept out of a state, and said of a report
if command -v python3 >/dev/null; then
	python3 - "$tmp/whole.pcap" "$tmp/thin.pcap" <<-'EOF'
		import struct, sys
		d = open(sys.argv[1], "rb").read()
		out, at, n = d[:24], 24, 0
		while at < len(d):
		    size = 16 + struct.unpack("<I", d[at + 8:at + 12])[0]
		    out += d[at:at + size] if n % 3 == 0 else b""
		    at, n = at + size, n + 1
		open(sys.argv[2], "wb").write(out)
	EOF
	rc=0
	"$t" read -q --state "$tmp/grows.db" "$tmp/thin.pcap" >/dev/null 2>"$tmp/err" || rc=$?
	[ $rc = 2 ] && grep -q 'not read, what both hold would count twice' "$tmp/err" || fail 'a thinned copy goes into the state'
	[ "$(sqlite3 "$tmp/grows.db" 'SELECT sum(packets) FROM input')" = 9932 ] || fail 'a thinned copy was counted'
	"$t" read "$tmp/whole.pcap" "$tmp/thin.pcap" >"$tmp/a" 2>/dev/null || fail 'a thinned copy beside the capture'
	tr -s ' \n' ' ' <"$tmp/a" | grep -q 'what both hold counts twice' || fail 'what two captures both hold is not said'
fi
# so it is of one that is cut in a packet, beside a longer one, cut too: the one warning does not take the place of the other
mkdir "$tmp/cuts"
whole=$(wc -c <"$tmp/whole.pcap")
head -c $((whole * 4 / 10)) "$tmp/whole.pcap" >"$tmp/cuts/trunc.pcap"
head -c $((whole * 7 / 10)) "$tmp/whole.pcap" | gzip >"$tmp/cuts/trunc.pcap.gz"
says_twice() { # WORDS ARGUMENTS
	words=$1
	shift
	"$t" read -q "$@" "$tmp/cuts" >"$tmp/a" 2>/dev/null || fail "read $* of cut captures"
	tr -s ' \n' ' ' <"$tmp/a" | grep -q "$words" || fail "read $* of a cut capture beside a longer one does not say '$words'"
}
says_twice 'what both hold counts twice; damaged or cut after packet 4190' -f json
says_twice 'what both hold counts twice; damaged or cut'
says_twice 'Counted more than once in part: 1 capture that begins like another' --top 1
says_twice 'There are warnings of 1 capture not shown' --top 1
mkfifo "$tmp/pipe"
cat pcaps/tls10-openssl3.0.pcap >"$tmp/pipe" &
"$t" read -q --state "$tmp/pipe.db" "$tmp/pipe" >/dev/null || fail 'a pipe cannot be read into a state'
wait
# of a pipe that is damaged the rest is not waited for
{ cat pcaps/tls10-openssl3.0.pcap; printf '%016d' 9; printf 'XXXXXXXXXXXXXXXX%.0s' 1 2 3 4; exec sleep 20; } >"$tmp/pipe" &
writer=$!
timeout 10 "$t" read -q --state "$tmp/damaged.db" "$tmp/pipe" >"$tmp/a" 2>/dev/null || fail 'a damaged pipe is waited for'
grep -q 'Of 1 handshake' "$tmp/a" || fail 'what came before the damage of a pipe'
kill $writer 2>/dev/null || true
wait
refuse() { # PATTERN COMMAND...
	pattern=$1; shift
	code=0; "$@" >/dev/null 2>"$tmp/err" || code=$?
	[ "$code" = 2 ] || fail "$* exited $code, not 2: $(cat "$tmp/err")"
	[ "$(wc -l <"$tmp/err")" = 1 ] || fail "$*: not one line: $(cat "$tmp/err")"
	grep -q -- "$pattern" "$tmp/err" || fail "$*: does not say '$pattern': $(cat "$tmp/err")"
}
from_stdin() { "$t" read -q --state "$1" - <"$2"; }
refuse 'this capture is in .*pipe.db already' from_stdin "$tmp/pipe.db" pcaps/tls10-openssl3.0.pcap
"$t" read "$tmp/packed.gz" --state "$tmp/pipe.db" >/dev/null 2>"$tmp/err"
grep -q 'read already' "$tmp/err" || fail 'what came by a pipe is not known as a file'
[ "$(sqlite3 "$tmp/pipe.db" 'SELECT sum(count) FROM row')" = 1 ] || fail 'what came by a pipe was counted twice'

# for its owner alone, whatever the umask
(umask 0; "$t" read -q --state "$tmp/open.db" pcaps/tls12-dhe1024-node0.11.14.pcap >/dev/null)
[ "$(stat -c %a "$tmp/open.db")" = 600 ] || fail 'others may read the state'
for f in "$tmp"/open.db-*; do
	[ ! -e "$f" ] || fail "left beside the state: $f"
done

# killed at any time: the run is in the file, or it is not
content "$tmp/smtp.db" >"$tmp/without"
cp "$tmp/smtp.db" "$tmp/with.db"
"$t" read -q --state "$tmp/with.db" pcaps/tls1*.pcap >/dev/null
content "$tmp/with.db" >"$tmp/with"
for ms in 5 10 15 20 25 30 35 40 50 60 80 120; do
	cp "$tmp/smtp.db" "$tmp/killed.db"
	timeout -s KILL "0.$(printf '%03d' $ms)" "$t" read -q --state "$tmp/killed.db" pcaps/tls1*.pcap >/dev/null 2>&1 || true
	"$t" report -q "$tmp/killed.db" >/dev/null || fail "killed after $ms ms: the state cannot be read"
	content "$tmp/killed.db" >"$tmp/got"
	cmp -s "$tmp/got" "$tmp/with" || cmp -s "$tmp/got" "$tmp/without" || fail "killed after $ms ms: half a run is in the state"
	rm -f "$tmp"/killed.db*
done

# no room: exit 2, a clear line, the file as it was
limited() { (trap '' XFSZ; ulimit -f "$1"; shift; exec "$@"); }
refuse 'as it was before' limited 100 "$t" read -q --state "$tmp/smtp.db" pcaps/tls1*.pcap
content "$tmp/smtp.db" >"$tmp/got"
cmp -s "$tmp/got" "$tmp/without" || fail 'a full disk changed the state'


# a file system that is really full (where one may be mounted)
mkdir "$tmp/full"
if unshare -m sh -c 'mount -t tmpfs -o size=100k none "$1"' sh "$tmp/full" 2>/dev/null; then
	cat >"$tmp/full.sh" <<-'X'
		t=$1 dir=$2 from=$3 out=$4; shift 4
		mount -t tmpfs -o size=100k none "$dir"
		cp "$from" "$dir/s.db"
		code=0; "$t" read -q --state "$dir/s.db" "$@" >/dev/null 2>"$out/err" || code=$?
		[ "$code" = 2 ] && cp "$dir/s.db" "$out/after.db"
	X
	unshare -m sh "$tmp/full.sh" "$t" "$tmp/full" "$tmp/smtp.db" "$tmp" pcaps/tls1*.pcap || fail 'a full file system was not told'
	[ "$(wc -l <"$tmp/err")" = 1 ] && grep -q 'no space left.*as it was before' "$tmp/err" || fail "of a full file system: $(cat "$tmp/err")"
	content "$tmp/after.db" >"$tmp/got"
	cmp -s "$tmp/got" "$tmp/without" || fail 'a full file system changed the state'
fi

# two writers: the second waits, and both runs are in the file
cp "$tmp/smtp.db" "$tmp/two.db"
{ echo 'BEGIN IMMEDIATE;'; sleep 1; echo 'COMMIT;'; } | sqlite3 "$tmp/two.db" &
sleep 0.3
"$t" read -q --state "$tmp/two.db" pcaps/tls1*.pcap >/dev/null || fail 'a second writer does not wait'
wait
content "$tmp/two.db" >"$tmp/got"
cmp -s "$tmp/got" "$tmp/with" || fail 'a second writer lost something'

# files of others
echo 'a shopping list' >"$tmp/list.db"
sqlite3 "$tmp/other.db" 'CREATE TABLE bookmark (url)'
sum=$(cat "$tmp/list.db" "$tmp/other.db" | cksum)
for f in list other; do
	refuse 'not a tlsunset state file' "$t" read -q --state "$tmp/$f.db" pcaps/smtp-plaintext-swaks.pcap
	refuse 'not a tlsunset state file' "$t" report "$tmp/$f.db"
done
[ "$(cat "$tmp/list.db" "$tmp/other.db" | cksum)" = "$sum" ] || fail 'a file of another program was changed'
sqlite3 "$tmp/each.db" 'PRAGMA user_version = 1000'
refuse 'newer tlsunset' "$t" report "$tmp/each.db"
refuse 'directory' "$t" read -q --state "$tmp" pcaps/smtp-plaintext-swaks.pcap
refuse 'No such file' "$t" report "$tmp/none.db"

# pseudonyms: stable for a key, and no client's address in the file
head -c 32 /dev/zero >"$tmp/key"
"$t" read -q "--anonymize=$tmp/key" --state "$tmp/anon.db" pcaps/tls12*.pcap >/dev/null
"$t" read -q "--anonymize=$tmp/key" --state "$tmp/again.db" pcaps/tls12*.pcap >/dev/null
[ "$(sqlite3 "$tmp/anon.db" "SELECT count(*) FROM row WHERE substr(client, 1, 1) <> x'04'")" = 0 ] || fail 'addresses in the state'
content "$tmp/anon.db" >"$tmp/a"
content "$tmp/again.db" >"$tmp/b"
[ -s "$tmp/a" ] || fail 'the anonymous state is empty'
cmp -s "$tmp/a" "$tmp/b" || fail 'pseudonyms are not stable for a key'

# a state of pseudonyms gets no addresses, and none of another key; what counts clients in another way is refused too
content "$tmp/anon.db" >"$tmp/a"
more=pcaps/tls10-openssl3.0.pcap
head -c 32 /dev/urandom >"$tmp/key2"
refuse 'give --anonymize=KEYFILE' "$t" read --state "$tmp/anon.db" "$more"
refuse 'another key' "$t" read "--anonymize=$tmp/key2" --state "$tmp/anon.db" "$more"
refuse 'another key' "$t" read --anonymize --state "$tmp/anon.db" "$more"
refuse 'client-prefix 128' "$t" read "--anonymize=$tmp/key" --client-prefix 64 --state "$tmp/anon.db" "$more"
refuse 'leave it out' "$t" read "--anonymize=$tmp/key" --scope vlan --state "$tmp/anon.db" "$more"
refuse 'leave out --anonymize' "$t" read "--anonymize=$tmp/key" --state "$tmp/smtp.db" "$more"
content "$tmp/anon.db" >"$tmp/b"
cmp -s "$tmp/a" "$tmp/b" || fail 'a run that was refused changed the state'
"$t" read -q "--anonymize=$tmp/key" --state "$tmp/anon.db" "$more" >/dev/null || fail 'the same key is refused'
[ "$(sqlite3 "$tmp/anon.db" "SELECT count(*) FROM row WHERE substr(client, 1, 1) <> x'04'")" = 0 ] || fail 'addresses in the state'

# captures would tell whose the pseudonyms are
refuse 'clients are pseudonyms here (--anonymize): captures hold the addresses that are to be hidden' \
	"$t" report --policy tls13-only -o "$tmp/evidence.txt" --evidence "$tmp/evidence" "$tmp/anon.db"
[ ! -e "$tmp/evidence" ] && [ ! -e "$tmp/evidence.txt" ] || fail 'a state of pseudonyms wrote evidence, or a report before it was refused'

# states with a common past: the same run is in both, and the report, the JSON and an explanation say so; other runs are not meant
demo=pcaps/demo-office-morning.pcap.gz
"$t" read -q --state "$tmp/past.db" $demo >/dev/null
cp "$tmp/past.db" "$tmp/past2.db"
"$t" read -q --state "$tmp/past2.db" pcaps/tls12-dhe1024-node0.11.14.pcap >/dev/null
for d in past.db past2.db; do
	"$t" report "$tmp/$d" | grep -q 'Counted more than once' && fail 'one state alone is said to count twice'
done
"$t" report "$tmp/past.db" "$tmp/past2.db" | grep -q 'Counted more than once: 1 capture ' || fail 'states with a common past: not said'
"$t" report -f json "$tmp/past.db" "$tmp/past2.db" >"$tmp/past.json"
grep -q '"counted_times":2' "$tmp/past.json" && [ "$(grep -c counted_times "$tmp/past.json")" = 1 ] || fail 'common past: JSON'
"$t" explain 10.20.3.31 10.20.1.12 "$tmp/past.db" "$tmp/past2.db" | grep -q 'Counted more than once: 1 capture ' || fail 'explain: common past'
"$t" explain 10.20.3.31 10.20.1.12 "$tmp/past.db" | grep -q 'Counted more than once' && fail 'explain of one state says twice'
"$t" read -q --state "$tmp/apart.db" $demo >/dev/null
"$t" report -f json "$tmp/past.db" "$tmp/apart.db" | grep -q '"counted_times":2' || fail 'two states of one capture: JSON'

# two runs over one capture at the same time: it counts once
"$t" read -q --state "$tmp/race.db" pcaps/demo-office-morning.pcap.gz >/dev/null 2>"$tmp/err1" & one=$!
"$t" read -q --state "$tmp/race.db" pcaps/demo-office-morning.pcap.gz >/dev/null 2>"$tmp/err2" & two=$!
wait $one || true
wait $two || true
"$t" read -q --state "$tmp/alone.db" pcaps/demo-office-morning.pcap.gz >/dev/null
[ "$(sqlite3 "$tmp/race.db" 'SELECT sum(count) FROM row')" = "$(sqlite3 "$tmp/alone.db" 'SELECT sum(count) FROM row')" ] ||
	fail "two runs over one capture counted it twice: $(cat "$tmp/err1" "$tmp/err2")"
echo 'check_state: passed'
