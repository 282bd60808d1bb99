#!/bin/sh
# shows: IPP: HTTP Upgrade to TLS, and TLS 1.0 follows
# origin: a script (OpenSSL 3.0) against cupsd 2.4 (GnuTLS 3.7)
# needs: cups, python3
. "$(dirname "$0")/lib.sh"
old_tls
record
cups_server 'SSLOptions MinTLS1.0'
client python3 "$here/tls-after.py" $S 631 http-upgrade TLSv1
says 'client: TLSv1 '
tshark_blind='it does not follow the upgrade of an HTTP connection to TLS'
expect server=$S:631 upgrade=http-upgrade version=TLSv1.0 cipher=0xc014 sentinel=00
finish
