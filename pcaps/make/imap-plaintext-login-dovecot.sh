#!/bin/sh
# shows: IMAP: STARTTLS is offered, the client logs in without it
# origin: curl against dovecot 2.3
# needs: dovecot-imapd, curl
. "$(dirname "$0")/lib.sh"
record
dovecot_server
client curl -s -u u:pass "imap://$S/"
says 'LIST'
expect server=$S:143 upgrade=imap outcome=plaintext sni=
finish
