#!/bin/sh
# shows: LMTP: STARTTLS is offered and never used
# origin: a script against dovecot 2.3
# needs: dovecot-lmtpd, python3
. "$(dirname "$0")/lib.sh"
record
dovecot_server
chat 24 '220 ' 'LHLO pc17.example.test' '250 ' 'MAIL FROM:<printer@example.test>' '250 ' QUIT '221'
says STARTTLS
expect server=$S:24 upgrade=lmtp outcome=plaintext sni=
finish
