#!/bin/sh
# crosscheck.sh FOLDER...: what tlsunset and tshark make of the same captures (crosscheck.py).
set -eu
[ $# -gt 0 ] || { echo 'usage: make crosscheck DIR="FOLDER..."' >&2; exit 2; }
command -v tshark >/dev/null || { echo 'crosscheck: needs tshark' >&2; exit 2; }
exec python3 "$(dirname "$0")/crosscheck.py" "$@"
