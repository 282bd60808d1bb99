#!/bin/sh
# clang-tidy over the program, with the checks of .clang-tidy. In report/ and cli/ without those that follow a path through an error:
# that err_set() gives -1 is not seen from another file, and what they then suppose does not happen.
set -eu
tidy=$(command -v clang-tidy-14 || command -v clang-tidy) || { echo 'tidy: skipped: needs clang-tidy'; exit 0; }
run() { # CHECKS DIR...
	checks=$1; shift
	for d; do printf '%s\n' "$d"/*.c; done | xargs -n 6 -P "$(nproc)" sh -c 'tidy=$1 checks=$2; shift 2
		"$tidy" --quiet --checks="$checks" "$@" -- -std=c11 -I. -D_GNU_SOURCE -DTLSUNSET_VERSION=\"tidy\" \
			-DTLSUNSET_DATADIR=\"tidy\" $(pkg-config --cflags libndpi libcjson libpcap | sed "s/-I/-isystem /g") 2>/dev/null' run "$tidy" "$checks"
}
run '' base capture dissect
run '-clang-analyzer-core.NullDereference,-clang-analyzer-core.CallAndMessage,-clang-analyzer-core.uninitialized.Assign,-clang-analyzer-core.uninitialized.ArraySubscript,-clang-analyzer-core.StackAddressEscape' report cli
echo 'tidy: clean'
