#!/bin/sh
# JSON reports are what docs/report.schema.json says, their sections agree, and the text says the same; every NDJSON line is
# JSON with the fields that the manual promises. A checker that passes everything would prove nothing: spoilt reports must fail.
set -eu
command -v python3 >/dev/null || { echo 'check_schema: skipped, no python3'; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
schema() { python3 tests/schema_check.py docs/report.schema.json "$@"; }
fail() { echo "check_schema: $*" >&2; exit 1; }

"$TOOLS/make_report" json >"$dir/full.json"
"$TOOLS/make_report" json empty >"$dir/empty.json"
"$TOOLS/make_report" json top1 >"$dir/top1.json"
"$TOOLS/make_report" text >"$dir/full.txt"
schema "$dir/full.json" "$dir/empty.json" || fail 'a report is not what the schema says'
python3 tests/report_sums.py "$dir/full.json" "$dir/full.txt" || fail 'sections of the report do not agree'
cmp -s "$dir/full.json" "$dir/top1.json" || fail 'JSON must hold every row, whatever --top says'

# Every capture of the collection in one report: what nobody made up.
"$TLSUNSET" read -q --seed 1 -f json -o "$dir/pcaps.json" pcaps
"$TLSUNSET" read -q --seed 2 -o "$dir/pcaps.txt" pcaps
schema "$dir/pcaps.json" || fail 'the report of pcaps/ is not what the schema says'
python3 tests/report_sums.py "$dir/pcaps.json" "$dir/pcaps.txt" || fail 'sections of the report of pcaps/ do not agree'
"$TLSUNSET" read -q --seed 2 -f json -o "$dir/again.json" pcaps
cmp -s "$dir/pcaps.json" "$dir/again.json" || fail 'the report depends on the hash seed'

# Every section of the full report has rows, else nothing was checked of it.
python3 - "$dir/full.json" <<'EOF' || fail 'a section of the made-up report is empty'
import json, sys
sys.exit(any(v in ([], {}) for v in json.load(open(sys.argv[1])).values()))
EOF

# Spoilt in one place each: the checker has to notice.
spoil() { # what, python that changes d
	python3 - "$dir/full.json" "$2" >"$dir/spoilt.json" <<'EOF'
import json, sys
d = json.load(open(sys.argv[1]))
exec(sys.argv[2])
json.dump(d, sys.stdout)
EOF
	if schema "$dir/spoilt.json" 2>/dev/null; then fail "not noticed: $1"; fi
}
spoil 'a section is missing' 'del d["clients"]'
spoil 'an unknown field' 'd["servers"][0]["grade"] = "A"'
spoil 'a negative count' 'd["versions"][0]["handshakes"] = -1'
spoil 'a count that is a text' 'd["pairs"][0]["old"] = "3"'
spoil 'a time without a zone' 'd["clients"][0]["first_seen"] = "2026-01-02T08:00:00.000000"'
spoil 'an unknown version' 'd["versions"][0]["version"] = "TLSv9"'
spoil 'a port that cannot be' 'd["servers"][0]["server_port"] = 65536'
spoil 'another schema' 'd["schema"] = 2'
sed 's/"schema":1/"schema":1,"schema":1/' "$dir/full.json" >"$dir/spoilt.json"
if schema "$dir/spoilt.json" 2>/dev/null; then fail 'not noticed: a key that comes twice'; fi
sed 's/"handshakes":14,/"handshakes":15,/' "$dir/full.json" >"$dir/spoilt.json"
if python3 tests/report_sums.py "$dir/spoilt.json" 2>/dev/null; then fail 'not noticed: a sum that is wrong'; fi

"$TOOLS/make_report" ndjson | python3 -c '
import json, sys
always = {"tls": "type ts transport client_ip client_port server_ip server_port upgrade outcome version cipher cipher_name group sni alpn "
                 "client_max_version resumed resumption_attempted hrr sentinel fallback_scsv app".split(),
          "upgrade": "type ts transport client_ip client_port server_ip server_port upgrade outcome".split()}
seen = {"tls": 0, "upgrade": 0}

for line in sys.stdin:
    r = json.loads(line)
    seen[r["type"]] += 1
    gone = [k for k in always[r["type"]] if k not in r]
    if gone:
        sys.exit("ndjson: no %s in %s" % (gone, line))
sys.exit(0 if all(seen.values()) else "ndjson: a type is missing: %s" % seen)
' || fail 'ndjson'
echo 'schema: reports are what the schema says, text and JSON agree, spoilt ones are refused'
