#!/bin/sh
# shows: IMAP: STARTTLS refused (BAD), then LOGIN in clear text
# origin: a script against dovecot 2.3 without TLS
# needs: dovecot-imapd, python3
. "$(dirname "$0")/lib.sh"
record
dovecot_server no
chat 143 '* OK' 'a1 STARTTLS' 'a1 BAD' 'a2 LOGIN u pass' 'a2 OK' 'a3 LOGOUT' 'a3 OK'
expect server=$S:143 upgrade=imap outcome=refused sni=
finish
