#!/bin/sh
# shows: POP3 STLS at TLS 1.3
# origin: curl (OpenSSL 3.0) against dovecot 2.3
# needs: dovecot-pop3d, curl
. "$(dirname "$0")/lib.sh"
record
dovecot_server
client curl -svk --ssl-reqd --resolve "$sni:110:$S" -u u:pass "pop3://$sni/"
says 'TLSv1.3'
expect server=$S:110 upgrade=pop3 version=TLSv1.3 cipher=0x1302
finish
