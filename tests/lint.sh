#!/bin/sh
# The house rules a machine can check. Prints what is wrong and exits 1.
set -u
bad=0
say() { echo "lint: $*" >&2; bad=1; }

# Includes point one way: cli -> report -> dissect -> capture -> base.
one_way() { # dir, the layers it must not include
	hits=$(grep -nE "#include \"($2)/" "$1"/*.[ch] 2>/dev/null) && say "$1/ includes upward:
$hits"
}
one_way base 'capture|dissect|report|cli'
one_way capture 'dissect|report|cli'
one_way dissect 'report|cli'
one_way report 'cli'

hits=$(grep -nE '\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|gets|alloca|strncpy|strncat|system|popen)\(' \
	base/*.[ch] capture/*.[ch] dissect/*.[ch] report/*.[ch] cli/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch] 2>/dev/null) && say "banned functions:
$hits"
hits=$(grep -nE '\b(printf|puts|fprintf|time|gettimeofday|clock_gettime)\(' dissect/*.[ch] capture/*.[ch] 2>/dev/null |
	grep -vE 'snprintf|vsnprintf|timegm') && say "dissect/ and capture/ neither print nor read a clock:
$hits"
hits=$(grep -lE '#include [<"](ndpi|.*ndpi_)' base/*.[ch] capture/*.[ch] dissect/*.[ch] report/*.[ch] cli/*.[ch] 2>/dev/null |
	grep -v 'dissect/classify') && say "nDPI outside classify.c: $hits"
for f in base/*.[ch] capture/*.[ch] dissect/*.[ch] report/*.[ch] cli/*.[ch] tests/*/*.[ch] tests/*/*/*.[ch]; do
	[ -e "$f" ] || continue
	head -1 "$f" | grep -q 'SPDX-License-Identifier: Apache-2.0' || say "$f: no SPDX line"
done
hits=$(grep -nE '[[:blank:]]+$' Makefile setup .ci/run base/* capture/* dissect/*.[ch] report/*.[ch] cli/* tests/*.sh 2>/dev/null) && say "trailing blanks:
$hits"
hits=$(awk 'length > 132 && !/"[^"]{40,}"|"[^"]{40,}$/ { print FILENAME ":" FNR }' base/*.[ch] capture/*.[ch] dissect/*.[ch] report/*.[ch] cli/*.[ch] 2>/dev/null |
	grep -v names_table) && [ -n "$hits" ] && say "lines over 132 columns: $hits"
if command -v shellcheck >/dev/null 2>&1; then
	shellcheck -S warning -s sh setup tests/*.sh tests/*/*.sh || bad=1
fi
if command -v cppcheck >/dev/null 2>&1; then
	cppcheck --quiet --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 -I. -D_GNU_SOURCE \
		'-Dstatic_ASN1_SEQUENCE_END(x)=;' \
		--suppress=missingIncludeSystem --suppress=normalCheckLevelMaxBranches \
		base capture dissect report cli || bad=1
fi
[ $bad = 0 ] && echo 'lint: clean'
exit $bad
