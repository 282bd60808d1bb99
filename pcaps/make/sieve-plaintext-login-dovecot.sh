#!/bin/sh
# shows: ManageSieve: STARTTLS is offered, the client logs in (SASL PLAIN) in clear text
# origin: a script against dovecot 2.3
# needs: dovecot-managesieved, python3
. "$(dirname "$0")/lib.sh"
record
dovecot_server
chat 4190 'OK ' 'AUTHENTICATE "PLAIN" "AHUAcGFzcw=="' 'OK' LOGOUT 'OK '
says STARTTLS
expect server=$S:4190 upgrade=sieve outcome=plaintext sni=
finish
