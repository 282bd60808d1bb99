#!/bin/sh
# shows: SMTP STARTTLS at TLS 1.3, a mail delivered
# origin: swaks (OpenSSL 3.0) against postfix 3.7
# needs: postfix, swaks, libnet-ssleay-perl
. "$(dirname "$0")/lib.sh"
record
postfix_server
client swaks --server $S --to office@example.test --from printer@example.test --helo pc17.example.test --tls --tls-sni $sni
says 'TLS started with cipher TLSv1.3'
expect server=$S:25 upgrade=smtp version=TLSv1.3 cipher=0x1302
finish
