#!/bin/sh
# shows: NNTP STARTTLS at TLS 1.3
# origin: OpenSSL 3.0 s_client against nnrpd (inn2 2.7)
# needs: inn2
. "$(dirname "$0")/lib.sh"
record
nnrpd_server
starttls nntp 119
says 'Cipher is TLS_AES_256_GCM_SHA384'
expect server=$S:119 upgrade=nntp version=TLSv1.3 cipher=0x1302
finish
