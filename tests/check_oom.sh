#!/bin/sh
# Allocations of the program's own that fail, one at a time and from one on: it ends by itself, says so, and leaves a sound state.
BUILD=$(dirname "$TOOLS") exec python3 tests/oom/oom.py quick
