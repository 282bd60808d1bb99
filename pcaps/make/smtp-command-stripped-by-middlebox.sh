#!/bin/sh
# shows: SMTP: a middlebox overwrites the STARTTLS command by XXXXXXXX; the server does not know it (502), the mail goes on in clear text
# origin: a script against postfix 3.7 behind a rewriting relay, recorded behind it
# needs: postfix, python3
. "$(dirname "$0")/lib.sh"
lan
postfix_server may 2525
serve 25 python3 "$here/rewrite-relay.py" 25 2525 STARTTLS XXXXXXXX commands
record 'port 2525' "$nss" lo
chat 25 '220 ' 'EHLO printer.example.test' '250 ' STARTTLS '502 ' 'MAIL FROM:<printer@example.test>' '250 ' QUIT '221 '
expect client=127.0.0.1 server=127.0.0.1:2525 upgrade=smtp outcome=stripped sni=
finish
