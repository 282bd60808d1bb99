#!/bin/sh
# Every capture of pcaps/, delivered in other ways, gives the same events or degrades as tests/tools/metamorph.c states.
set -eu
set --
for p in pcaps/*.pcap; do
	case $p in
	pcaps/span-*-direction-only.pcap) ;; # what "either direction removed" would mean for these is another table
	*) set -- "$@" "$p" ;;
	esac
done
"$TOOLS/metamorph" "$@"
