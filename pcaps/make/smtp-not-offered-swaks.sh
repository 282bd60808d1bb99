#!/bin/sh
# shows: SMTP: the server does not offer STARTTLS
# origin: swaks against postfix 3.7 without TLS
# needs: postfix, swaks
. "$(dirname "$0")/lib.sh"
record
postfix_server none
client swaks --server $S --to office@example.test --from printer@example.test --helo printer.example.test --tls-optional
says '250 2.0.0 Ok: queued'
expect server=$S:25 upgrade=smtp outcome=not_offered sni=
finish
