#!/bin/sh
# shows: IRC: CAP REQ :tls, STARTTLS, TLS 1.3
# origin: a script (OpenSSL 3.0) against inspircd 3.15 (GnuTLS 3.7)
# needs: inspircd, python3
. "$(dirname "$0")/lib.sh"
tshark_opts='--disable-protocol irc --enable-heuristic tls_tcp'
record
inspircd_server
client python3 "$here/tls-after.py" $S 6667 irc-cap TLSv1_3
says 'client: TLSv1.3 '
expect server=$S:6667 upgrade=irc version=TLSv1.3 cipher=0x1302
finish
