#!/bin/sh
# The checked-in table of code points is what its generator makes, and says of every suite that the local OpenSSL knows what
# OpenSSL says of it: both names, version, Kx, Au, Enc, Mac.
set -eu
command -v python3 >/dev/null || { echo 'check_names: skipped, no python3'; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
python3 dissect/names_gen.py >"$dir/table"
cmp -s "$dir/table" dissect/names_table.h || {
	echo 'check_names: dissect/names_table.h is not what dissect/names_gen.py makes: run it again' >&2
	exit 1
}
if command -v openssl >/dev/null; then
	openssl ciphers -V -stdname 'ALL:COMPLEMENTOFALL:@SECLEVEL=0' | sed 's/^ *//; s/  */ /g; s/ *$//' | sort >"$dir/openssl"
	python3 dissect/names_gen.py --suites | sort >"$dir/ours"
	comm -23 "$dir/openssl" "$dir/ours" >"$dir/differ"
	[ "$(wc -l <"$dir/openssl")" -ge 30 ] || { echo 'check_names: openssl lists too few suites' >&2; exit 1; }
	[ ! -s "$dir/differ" ] || { echo 'check_names: OpenSSL says otherwise:' >&2; cat "$dir/differ" >&2; exit 1; }
fi
echo "names: table is the generator's, $(wc -l <"$dir/openssl" 2>/dev/null || echo 0) suites agree with OpenSSL"
