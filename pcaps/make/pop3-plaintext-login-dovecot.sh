#!/bin/sh
# shows: POP3: STLS is offered, the client logs in without it
# origin: curl against dovecot 2.3
# needs: dovecot-pop3d, curl
. "$(dirname "$0")/lib.sh"
record
dovecot_server
client curl -sv -u u:pass "pop3://$S/"
says 'Logged in'
expect server=$S:110 upgrade=pop3 outcome=plaintext sni=
finish
