#!/bin/sh
# shows: IMAP STARTTLS at TLS 1.0
# origin: OpenSSL 3.0 s_client against dovecot 2.3
# needs: dovecot-imapd
. "$(dirname "$0")/lib.sh"
old_tls
record
dovecot_server
starttls imap 143 -tls1
says 'Protocol *: TLSv1$'
expect server=$S:143 upgrade=imap version=TLSv1.0 cipher=0xc014 sentinel=00
finish
