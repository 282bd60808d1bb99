#!/bin/sh
# Floods of every kind under --memory-limit 64M: bounded memory, the real handshake among them counted, losses reported.
exec python3 tests/floods.py quick
