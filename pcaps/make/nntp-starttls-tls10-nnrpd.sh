#!/bin/sh
# shows: NNTP STARTTLS at TLS 1.0
# origin: OpenSSL 3.0 s_client against nnrpd (inn2 2.7)
# needs: inn2
. "$(dirname "$0")/lib.sh"
old_tls
record
nnrpd_server
starttls nntp 119 -tls1
says 'Protocol *: TLSv1$'
expect server=$S:119 upgrade=nntp version=TLSv1.0 cipher=0xc014 sentinel=00
finish
