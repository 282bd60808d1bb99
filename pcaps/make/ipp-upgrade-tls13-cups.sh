#!/bin/sh
# shows: IPP: HTTP Upgrade to TLS (the token says TLS/1.2, the handshake says 1.3)
# origin: lpstat and cupsd 2.4 (GnuTLS 3.7)
# needs: cups, cups-client
. "$(dirname "$0")/lib.sh"
record
cups_server
client lpstat -E -h "$sni:631" -p
tshark_blind='it does not follow the upgrade of an HTTP connection to TLS'
expect server=$S:631 upgrade=http-upgrade version=TLSv1.3 cipher=0x1302
finish
