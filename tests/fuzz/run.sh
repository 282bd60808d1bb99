#!/bin/sh
# run.sh TARGET|all MINUTES: fuzz under clang's libFuzzer with ASan and UBSan, adding what is new to the corpus folder of the
# working copy under build-fuzz/; crashes are left in build-fuzz/TARGET.crash/.
set -eu
t=${1:?usage: make fuzz T=fuzz_NAME MINUTES=N (or T=all)}
minutes=${2:-1}
[ "$t" = all ] && { for f in tests/fuzz/fuzz_*.c; do sh "$0" "$(basename "$f" .c)" "$minutes"; done; exit 0; }
[ -e "tests/fuzz/$t.c" ] || { echo "fuzz: no target $t; there are:" tests/fuzz/fuzz_*.c >&2; exit 2; }
clang=$(command -v clang-14 || command -v clang) || { echo 'fuzz: needs clang and libclang-rt-14-dev' >&2; exit 2; }
mkdir -p "build-fuzz/$t" "build-fuzz/$t.crash"
make -s build/policy_files.c
# shellcheck disable=SC2046 # flags are meant to split
"$clang" -std=c11 -g -O1 -I. -D_GNU_SOURCE -DTLSUNSET_VERSION='"fuzz"' -DTLSUNSET_DATADIR='"report"' \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined \
	$(pkg-config --cflags libpcap libndpi libcjson libcrypto sqlite3 zlib libzstd) \
	-o "build-fuzz/$t.bin" "tests/fuzz/$t.c" base/*.c capture/*.c dissect/*.c report/*.c build/policy_files.c \
	$(pkg-config --libs libpcap libndpi libcjson libcrypto sqlite3 zlib libzstd) -lpthread -lm
seeds=; [ "$t" != fuzz_capture ] || seeds=pcaps # beside the small ones of its corpus
dict=; [ -e tests/fuzz/tls.dict ] && dict=-dict=tests/fuzz/tls.dict
# shellcheck disable=SC2086 # likewise
exec "build-fuzz/$t.bin" -max_total_time=$((minutes * 60)) -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 $dict \
	-artifact_prefix="build-fuzz/$t.crash/" "build-fuzz/$t" "tests/fuzz/corpus/$t" $seeds
