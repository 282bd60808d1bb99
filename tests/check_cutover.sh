#!/bin/sh
# Proof by enforcement in small: OpenSSL's server and client alone, three policies really applied, and packets dropped from the
# recording. The whole lab is `make cutover`. Needs openssl, and a kernel that gives namespaces to whoever runs it.
set -eu
skip() { echo "check_cutover: skipped: $*"; exit 0; }
for p in openssl python3 ip unshare nsenter; do
	command -v $p >/dev/null 2>&1 || skip "$p is not installed"
done
flags=-nmp
[ "$(id -u)" = 0 ] || flags=-rnmp
# shellcheck disable=SC2086
unshare $flags --fork --kill-child --mount-proc sh -c 'mount -t tmpfs none /run && ip link add t0 type bridge' 2>/dev/null ||
	skip 'no network namespaces for this user here'
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sh tests/cutover/fetch.sh "$tmp" quick
PYTHONDONTWRITEBYTECODE=1 python3 tests/cutover/cutover.py "$tmp" --quick || { echo 'check_cutover: verdicts and enforcement differ' >&2; exit 1; }
