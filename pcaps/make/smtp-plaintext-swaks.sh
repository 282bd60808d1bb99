#!/bin/sh
# shows: SMTP: STARTTLS is offered and never used
# origin: swaks against postfix 3.7
# needs: postfix, swaks
. "$(dirname "$0")/lib.sh"
record
postfix_server
client swaks --server $S --to office@example.test --from printer@example.test --helo printer.example.test
says '250 2.0.0 Ok: queued'
expect server=$S:25 upgrade=smtp outcome=plaintext sni=
finish
