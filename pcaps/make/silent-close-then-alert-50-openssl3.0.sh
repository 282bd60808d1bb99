#!/bin/sh
# shows: the same with a client that answers the close with an alert (decode_error) of its own: the server still is who ended it
# origin: OpenSSL 3.0 s_client against a Python socket
# needs: python3
. "$(dirname "$0")/lib.sh"
record
serve 443 python3 "$here/close-after-hello.py" 443
s_client 443 -tls1_2
expect outcome=closed alert=c50
finish
