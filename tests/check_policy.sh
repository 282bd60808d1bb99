#!/bin/sh
# tlsunset policy: what each built-in policy means (a change of meaning is a difference from tests/golden/policy), and one
# clear line per mistake in a file. `sh tests/check_policy.sh write` writes the goldens anew.
set -eu
t=$TLSUNSET
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() { echo "check_policy: $*" >&2; exit 1; }
unset TLSUNSET_POLICIES

# every file of the folder is built in, is found by name, and says what it said
for f in report/policies/*.json; do
	name=$(basename "$f" .json)
	golden=tests/golden/policy/$name.txt
	"$t" policy show "$name" >"$tmp/show" || fail "show $name"
	[ "${1:-}" != write ] || cp "$tmp/show" "$golden"
	cmp -s "$golden" "$tmp/show" || { diff "$golden" "$tmp/show" | head -20 >&2; fail "$name means something else than $golden"; }
	"$t" policy check "$f" >"$tmp/out" || fail "check $f"
	"$t" policy show "$f" | cmp -s - "$tmp/show" || fail "$name: the file and what was built in differ"
	"$t" policy list | grep -q "^$name " || fail "$name is not listed"
done
[ "$("$t" policy list | wc -l)" = "$(find report/policies -name '*.json' | wc -l)" ] || fail 'a line per policy'

# on one day: what will hold then
"$t" policy show bsi-tr-02102-2 --on 2026-06-01 | grep -q 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256' || fail 'DHE holds in 2026'
! "$t" policy show bsi-tr-02102-2 --on=2030-01-01 | grep -q 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256' || fail 'DHE is over in 2030'
"$t" policy show bsi-tr-02102-2 --on 2032-01-01 | grep -q 'versions: TLSv1.3 DTLSv1.3$' || fail 'TLS 1.2 is over in 2032'

# the example of the manual
sed -n '/^{$/,/^}$/p' docs/policy.5 >"$tmp/house.json"
"$t" policy check "$tmp/house.json" | grep -q 'a policy of 3 rules: House rules' || fail 'the example of policy.5 is no policy'
"$t" policy show "$tmp/house.json" | grep -q '^Allowed from 2030-01-01:' || fail 'the example of policy.5 has no dates'

# refuse PATTERN ARGS...: exit 2 and one line on stderr that matches
refuse() {
	pattern=$1; shift
	code=0; "$t" policy "$@" >"$tmp/out" 2>"$tmp/err" </dev/null || code=$?
	[ "$code" = 2 ] || fail "$* exited $code, not 2: $(cat "$tmp/err")"
	[ "$(wc -l <"$tmp/err")" = 1 ] || fail "$*: not one line: $(cat "$tmp/err")"
	grep -q -e "$pattern" "$tmp/err" || fail "$*: does not say '$pattern': $(cat "$tmp/err")"
}
refuse 'give list, show NAME or check FILE'
refuse 'give list, show NAME or check FILE' lst
refuse 'name a policy' show
refuse 'takes no arguments' list all
refuse 'name a file' check
refuse 'the nearest is rfc9325; .tlsunset policy list. prints all' show rfc9352
refuse '--on yesterday: give a date' show rfc9325 --on yesterday
refuse '--all' show rfc9325 --all
refuse 'no-such-file.json' check "$tmp/no-such-file.json"
refuse 'No such file' show "$tmp/no-such-file.json"

# wrong PATTERN <FILE: what policy check says of a file
wrong() {
	cat >"$tmp/wrong.json"
	refuse "wrong.json:$1" check "$tmp/wrong.json"
}
head='{ "title": "t", "source": "s", "as_of": "2026-01", "confidence": "confirmed", "rules": [ {
"id": "a", "severity": "MUST_NOT", "text": "t", "reference": "r"'
wrong '1: not JSON' <<-EOF
	nothing
EOF
wrong '3: not JSON' <<-EOF
	{ "title": "t",
	  "source": "s",
	  as_of: "2026-01" }
EOF
wrong '2: unknown field "titel"; the nearest is "title"' <<-EOF
	{ "source": "s",
	  "titel": "t" }
EOF
wrong '1: "rules" is missing' <<-EOF
	{ "title": "t", "source": "s", "as_of": "2026-01", "confidence": "confirmed" }
EOF
wrong '2: "title" stands here twice' <<-EOF
	{ "title": "t",
	"title": "t" }
EOF
wrong '4: unknown suite "TLS_RSA_WITH_RC4_128_SHAA"; the nearest is "TLS_RSA_WITH_RC4_128_SHA"' <<-EOF
	$head,
	"suites": { "forbid": [ "RC4-SHA",
	"TLS_RSA_WITH_RC4_128_SHAA" ] } } ] }
EOF
wrong '3: unknown group "x22519"; the nearest is "x25519"' <<-EOF
	$head,
	"groups": { "allow": [ "secp256r1", "x22519" ] } } ] }
EOF
wrong '3: unknown signature scheme "rsa_pkcs1_sha2"; the nearest is "rsa_pkcs1_sha1"' <<-EOF
	$head,
	"signature_schemes": { "forbid": [ "rsa_pkcs1_sha2" ] } } ] }
EOF
wrong '3: unknown key exchange "DHEE"; the nearest is "DHE"' <<-EOF
	$head,
	"suites": { "forbid": [ { "kx": "DHEE" } ] } } ] }
EOF
wrong '3: unknown version "TLSv1.4"; the nearest is "TLSv1.0"' <<-EOF
	$head,
	"at": [ "TLSv1.4" ], "dh_bits": { "min": 2048 } } ] }
EOF
wrong '3: unknown field "bit_below"; the nearest is "bits_below"' <<-EOF
	$head,
	"suites": { "forbid": [ { "bit_below": 112 } ] } } ] }
EOF
wrong '1: a rule has one of version' <<-EOF
	$head } ] }
EOF
wrong '1: a rule has one of version' <<-EOF
	$head, "dh_bits": { "min": 2048 }, "require": "sni" } ] }
EOF
wrong '3: two rules have the id "a"' <<-EOF
	$head, "require": "sni" },
	{ "id": "a", "severity": "MUST_NOT", "text": "t", "reference": "r", "require": "sni" } ] }
EOF
wrong '2: from needs a date' <<-EOF
	$head, "from": "2026-02-30", "require": "sni" } ] }
EOF
wrong '3: text after the policy' <<-EOF
	$head, "require": "sni" } ] }
	{}
EOF

# a folder of one's own goes first, and its names are listed
mkdir "$tmp/own"
sed 's/"title": "[^"]*"/"title": "our own"/' report/policies/tls13-only.json >"$tmp/own/rfc9325.json"
cp "$tmp/own/rfc9325.json" "$tmp/own/house.json"
TLSUNSET_POLICIES=$tmp/own "$t" policy show rfc9325 | grep -q '^rfc9325: our own$' || fail "TLSUNSET_POLICIES does not go first"
TLSUNSET_POLICIES=$tmp/own "$t" policy list | grep -q '^house .*our own' || fail 'own policies are not listed'
echo 'policy: meanings, errors and lookup as they should be'
