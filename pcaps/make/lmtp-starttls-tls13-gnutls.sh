#!/bin/sh
# shows: LMTP STARTTLS at TLS 1.3
# origin: gnutls-cli 3.7.9 against dovecot 2.3
# needs: dovecot-lmtpd, gnutls-bin
. "$(dirname "$0")/lib.sh"
record
dovecot_server
gnutls_client 24 NORMAL --starttls-proto=lmtp
says 'TLS1.3'
expect server=$S:24 upgrade=lmtp version=TLSv1.3 cipher=0x1302
finish
