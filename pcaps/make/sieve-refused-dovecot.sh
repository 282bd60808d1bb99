#!/bin/sh
# shows: ManageSieve: STARTTLS refused (NO)
# origin: a script against dovecot 2.3 without TLS
# needs: dovecot-managesieved, python3
. "$(dirname "$0")/lib.sh"
record
dovecot_server no
chat 4190 'OK ' STARTTLS 'NO ' LOGOUT 'OK '
expect server=$S:4190 upgrade=sieve outcome=refused sni=
finish
