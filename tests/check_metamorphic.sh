#!/bin/sh
# Every capture of pcaps/, delivered in other ways, gives the same events or degrades as tests/tools/metamorph.c states.
set -eu
"$TOOLS/metamorph" pcaps/*.pcap
