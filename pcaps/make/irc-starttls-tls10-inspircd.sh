#!/bin/sh
# shows: IRC STARTTLS at TLS 1.0
# origin: a script (OpenSSL 3.0) against inspircd 3.15 (GnuTLS 3.7)
# needs: inspircd, python3
. "$(dirname "$0")/lib.sh"
old_tls
tshark_opts='--disable-protocol irc --enable-heuristic tls_tcp'
record
inspircd_server
client python3 "$here/tls-after.py" $S 6667 irc TLSv1
says 'client: TLSv1 '
expect server=$S:6667 upgrade=irc version=TLSv1.0 cipher=0xc014 sentinel=00
finish
