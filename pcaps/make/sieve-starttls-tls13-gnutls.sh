#!/bin/sh
# shows: ManageSieve STARTTLS at TLS 1.3
# origin: gnutls-cli 3.7.9 against dovecot 2.3
# needs: dovecot-managesieved, gnutls-bin
. "$(dirname "$0")/lib.sh"
record
dovecot_server
gnutls_client 4190 NORMAL --starttls-proto=sieve
says 'TLS1.3'
expect server=$S:4190 upgrade=sieve version=TLSv1.3 cipher=0x1302
finish
