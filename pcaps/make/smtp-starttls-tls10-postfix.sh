#!/bin/sh
# shows: SMTP STARTTLS at TLS 1.0, as a printer mails
# origin: OpenSSL 3.0 s_client against postfix 3.7
# needs: postfix
. "$(dirname "$0")/lib.sh"
old_tls
record
postfix_server
starttls smtp 25 -tls1
says 'Protocol *: TLSv1$'
expect server=$S:25 upgrade=smtp version=TLSv1.0 cipher=0xc014 sentinel=00
finish
