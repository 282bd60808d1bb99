#!/bin/sh
# Line coverage of the whole `make check` for capture/ and dissect/: a table per file, the total, and exit 1 under 90%.
# Lines that no test reached are left in build-cov/uncovered.txt. `sh tests/coverage.sh --again` prints without running the tests.
set -eu
build='build-cov'
if [ "${1:-}" != --again ]; then
	umask 0 # watch writes its counts as nobody
	make -s COV=1 CFLAGS='-O0 -g' all
	find $build -name '*.gcda' -exec rm -f {} +
	make -s COV=1 CFLAGS='-O0 -g' check
fi
rm -rf $build/gcov
mkdir -p $build/gcov
find $build/base $build/capture $build/dissect $build/report $build/cli -name '*.gcda' >$build/gcov/list
[ -s $build/gcov/list ] || { echo 'coverage: nothing was counted' >&2; exit 2; }
xargs gcov --json-format --stdout <$build/gcov/list >$build/gcov/all.json 2>$build/gcov/log || { cat $build/gcov/log >&2; exit 2; }
python3 - $build <<'P'
import collections
import json
import sys

build, least = sys.argv[1], 90
lines = collections.defaultdict(lambda: collections.defaultdict(int))  # source -> line -> times
with open(build + "/gcov/all.json") as f:
    for unit in f:
        for source in json.loads(unit)["files"]:
            if source["file"].split("/")[0] in ("capture", "dissect"):
                for line in source["lines"]:
                    lines[source["file"]][line["line_number"]] += line["count"]
total = covered = 0
with open(build + "/uncovered.txt", "w") as out:
    for name in sorted(lines):
        text = open(name).read().split("\n")
        missed = [n for n in sorted(lines[name]) if not lines[name][n]]
        n = len(lines[name])
        total += n
        covered += n - len(missed)
        print(f"{100 * (n - len(missed)) / n:6.1f}%  {n - len(missed):5} of {n:5}  {name}")
        out.writelines(f"{name}:{m}: {text[m - 1].strip()}\n" for m in missed)
share = 100 * covered / total
print(f"{share:6.1f}%  {covered:5} of {total:5}  capture/ and dissect/; not reached: {build}/uncovered.txt")
sys.exit(share < least)
P
