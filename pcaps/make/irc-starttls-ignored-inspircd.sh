#!/bin/sh
# shows: IRC: a server without STARTTLS does not even answer the command; the client gives up
# origin: a script against inspircd 3.15 without TLS
# needs: inspircd, python3
. "$(dirname "$0")/lib.sh"
record
inspircd_server plain
chat 6667 '' 'STARTTLS' 'using your IP address' 'QUIT :no TLS' 'ERROR'
expect server=$S:6667 upgrade=irc outcome=abandoned sni=
finish
