#!/bin/sh
# shows: LMTP: STARTTLS refused
# origin: a script against dovecot 2.3 without TLS
# needs: dovecot-lmtpd, python3
. "$(dirname "$0")/lib.sh"
record
dovecot_server no
chat 24 '220 ' 'LHLO pc17.example.test' '250 ' STARTTLS '502 ' QUIT '221'
expect server=$S:24 upgrade=lmtp outcome=refused sni=
finish
