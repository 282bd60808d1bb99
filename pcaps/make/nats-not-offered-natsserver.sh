#!/bin/sh
# shows: NATS in clear text: the server has no TLS
# origin: a script against nats-server 2.9.10
# needs: nats-server, python3
. "$(dirname "$0")/lib.sh"
record
serve 4222 nats-server -p 4222
chat 4222 'INFO ' 'CONNECT {"verbose":true,"user":"u","pass":"pass"}\r\nPING' 'PONG'
expect server=$S:4222 upgrade=nats outcome=not_offered sni=
finish
