#!/bin/sh
# shows: POP3: STLS refused (-ERR), then USER and PASS in clear text
# origin: a script against dovecot 2.3 without TLS
# needs: dovecot-pop3d, python3
. "$(dirname "$0")/lib.sh"
record
dovecot_server no
chat 110 '+OK' STLS '-ERR' 'USER u' '+OK' 'PASS pass' '+OK' QUIT '+OK'
expect server=$S:110 upgrade=pop3 outcome=refused sni=
finish
