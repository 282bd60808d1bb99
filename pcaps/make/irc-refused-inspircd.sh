#!/bin/sh
# shows: IRC: STARTTLS is an unknown command (421), the client goes on in clear text
# origin: a script against inspircd 3.15 without TLS
# needs: inspircd, python3
. "$(dirname "$0")/lib.sh"
tshark_opts='--disable-protocol irc --enable-heuristic tls_tcp'
record
inspircd_server plain
chat 6667 '' 'STARTTLS' ' 421 ' 'NICK printer\r\nUSER printer 0 * :printer' ' 001 ' QUIT
expect server=$S:6667 upgrade=irc outcome=refused sni=
finish
