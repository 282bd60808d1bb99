#!/bin/sh
# The README's examples are what the program prints, and its commands and the manual's run. --set: puts the examples in;
# --strict: fails where they differ.
TLSUNSET=${TLSUNSET:-./tlsunset} exec python3 tests/readme.py "$@"
