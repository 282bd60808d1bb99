#!/bin/sh
# shows: POP3 STLS at TLS 1.0
# origin: OpenSSL 3.0 s_client against dovecot 2.3
# needs: dovecot-pop3d
. "$(dirname "$0")/lib.sh"
old_tls
record
dovecot_server
starttls pop3 110 -tls1
says 'Protocol *: TLSv1$'
expect server=$S:110 upgrade=pop3 version=TLSv1.0 cipher=0xc014 sentinel=00
finish
