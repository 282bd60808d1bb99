#!/bin/sh
# shows: a server that reads the ClientHello and closes without a word, as some middleboxes do
# origin: Go 1.19.8 client against a Python socket
# needs: python3, golang-go
. "$(dirname "$0")/lib.sh"
record
serve 443 python3 "$here/close-after-hello.py" 443
client "$(build tls-peer.go)" c $S:443 3
says 'client error EOF'
expect outcome=closed
finish
