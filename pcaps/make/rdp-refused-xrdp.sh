#!/bin/sh
# shows: RDP: TLS asked for, the server chooses standard RDP security (security_layer=rdp)
# origin: a script against xrdp 0.9.21
# needs: xrdp, python3
. "$(dirname "$0")/lib.sh"
tshark_opts='--disable-protocol tpkt --enable-heuristic tls_tcp'
record
xrdp_server rdp
client python3 "$here/tls-after.py" $S 3389 rdp TLSv1_3
expect server=$S:3389 upgrade=rdp outcome=refused sni=
finish
