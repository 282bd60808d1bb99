#!/bin/sh
# The manual is well-formed and complete: every option that --help knows and every field of a handshake line is described.
set -eu
manual=docs/tlsunset.1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
fail() { echo "check_manual: $*" >&2; exit 1; }

if command -v mandoc >/dev/null; then
	mandoc -Tlint -W warning "$manual" || fail 'mandoc finds fault'
fi
for who in read report watch explain; do
	"$TLSUNSET" "$who" --help >"$dir/help" 2>&1 || continue
	grep -oE -- '--[a-z][a-z-]*' "$dir/help" | sort -u | sed 's/^--//' | while read -r option; do
		grep -qE -- "-$option( |\$)" "$manual" || fail "$who --$option is not described"
	done
done
for who in $("$TLSUNSET" --help | sed -n 's/^  tlsunset \([a-z]*\) .*/\1/p'); do
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p' "$manual" | grep -qx "\.Cm $who" || fail "the synopsis lacks $who"
done
# each for the subcommands that have it: those in brackets behind it, else all four
sed -n '/^\.Sh OPTIONS/,/^\.Sh THE TEXT REPORT/p' "$manual" | awk '
	/^\.It / { heads = $0; next }
	heads != "" {
		who = /^\.Pq Cm / ? substr($0, 8) : "read report watch explain"
		gsub(/ , /, " ", who)
		while (match(heads, /Fl -[a-z][a-z-]*/)) {
			print substr(heads, RSTART + 3, RLENGTH - 3), who
			heads = substr(heads, RSTART + RLENGTH)
		}
		heads = ""
	}' | grep -v -e "^-help" -e "^-version" -e '^-state read$' >"$dir/marks"
[ "$(wc -l <"$dir/marks")" -ge 30 ] || fail 'too few options were found to check'
while read -r option marked; do
	has=
	for who in read report watch explain; do
		"$TLSUNSET" "$who" --help | grep -qE -- "-${option}[ =[]" && has="$has $who"
	done
	for who in $marked; do
		case " $has " in *" $who "*) ;; *) fail "$option is not an option of $who" ;; esac
	done
	for who in $has; do
		case " $marked " in *" $who "*) ;; *) fail "$option is an option of $who too" ;; esac
	done
done <"$dir/marks"
# and nothing else is described
for who in read report watch explain policy; do
	"$TLSUNSET" "$who" --help 2>/dev/null || true
done | grep -oE -- '--[a-z][a-z-]*' | sort -u >"$dir/known"
printf '%s\n' --help --version >>"$dir/known"
sed -n '/^\.Sh OPTIONS/,/^\.Sh THE TEXT REPORT/p' "$manual" | grep -E '^\.It Fl' | grep -oE -- 'Fl -[a-z][a-z-]*' | sed 's/^Fl -/--/' |
	while read -r option; do
		grep -qx -- "$option" "$dir/known" || fail "$option is described and does not exist"
	done
# what asks for a study does so by itself, and the section on studies lists it
sed -n '/^\.Sh THE CUTOVER STUDY/,/^the report says/p' "$manual" >"$dir/asks"
for asks in --policy=tls12-minimum --min-version=TLSv1.2 --forbid=RC4 --enforce=192.0.2.20 --accept=/dev/null \
	"--evidence=$dir/evidence" --fail-on=breaks; do
	"$TLSUNSET" read -q "$asks" pcaps/tls10-openssl3.0.pcap 2>/dev/null | grep -q '^CUTOVER STUDY' || fail "$asks asks for no study"
	option=${asks#-}
	grep -qE -- " ${option%%=*}( |\$)" "$dir/asks" || fail "the list of options that ask for a study lacks $asks"
done
limit=$("$TLSUNSET" read --threads 0 2>&1 | sed -n 's/.* give a number from \([0-9]* to [0-9]*\)$/\1/p')
sed -n '/^\.It Fl -threads/,/^\.It Fl -seed/p' "$manual" | grep -q "($limit" || fail "the limit of --threads ($limit) is not described"
"$TOOLS/make_report" ndjson | tr ',{' '\n\n' | sed -n 's/^"\([a-z_0-9]*\)":.*/\1/p' | sort -u >"$dir/fields"
[ "$(wc -l <"$dir/fields")" -ge 50 ] || fail 'too few fields were found to check'
while read -r field; do
	grep -qE "^\.(It )?Cm (.* )?$field( |\$)" "$manual" || fail "field $field is not described"
done <"$dir/fields"
echo "manual: well-formed, options and $(wc -l <"$dir/fields") fields are described"
