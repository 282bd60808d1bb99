#!/bin/sh
# shows: IMAP STARTTLS at TLS 1.3, a mailbox listed
# origin: curl (OpenSSL 3.0) against dovecot 2.3
# needs: dovecot-imapd, curl
. "$(dirname "$0")/lib.sh"
record
dovecot_server
client curl -sk --ssl-reqd --resolve "$sni:143:$S" -u u:pass "imap://$sni/"
says 'LIST'
expect server=$S:143 upgrade=imap version=TLSv1.3 cipher=0x1302
finish
