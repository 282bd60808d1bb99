#!/bin/sh
# shows: SMTP: a middlebox overwrites STARTTLS in the reply to EHLO by XXXXXXXX; the client goes on in clear text
# origin: swaks against postfix 3.7 behind a rewriting relay
# needs: postfix, swaks, python3
. "$(dirname "$0")/lib.sh"
record
postfix_server may 2525
serve 25 python3 "$here/rewrite-relay.py" 25 2525 STARTTLS XXXXXXXX
client swaks --server $S --to office@example.test --from printer@example.test --helo printer.example.test --tls-optional
says '250 2.0.0 Ok: queued'
expect server=$S:25 upgrade=smtp outcome=stripped sni=
finish
