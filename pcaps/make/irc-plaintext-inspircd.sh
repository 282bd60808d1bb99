#!/bin/sh
# shows: IRC: a client that registers in clear text where tls is among the capabilities
# origin: a script against inspircd 3.15
# needs: inspircd, python3
. "$(dirname "$0")/lib.sh"
tshark_opts='--disable-protocol irc --enable-heuristic tls_tcp'
record
inspircd_server
chat 6667 '' 'CAP LS 302' 'CAP ' 'NICK printer\r\nUSER printer 0 * :printer\r\nCAP END' ' 001 ' QUIT
says 'tls'
expect server=$S:6667 upgrade=irc outcome=plaintext sni=
finish
