#!/bin/sh
# shows: RDP: X.224 negotiation, then TLS 1.0
# origin: a script (OpenSSL 3.0) against xrdp 0.9.21
# needs: xrdp, python3
. "$(dirname "$0")/lib.sh"
old_tls
tshark_opts='--disable-protocol tpkt --enable-heuristic tls_tcp'
record
xrdp_server
client python3 "$here/tls-after.py" $S 3389 rdp TLSv1
says 'client: TLSv1 '
expect server=$S:3389 upgrade=rdp version=TLSv1.0 cipher=0xc014 sentinel=00
finish
