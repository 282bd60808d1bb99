#!/bin/sh
# shows: TLS 1.2 with Camellia
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2 -cipher CAMELLIA128-SHA
s_client 443 -cipher CAMELLIA128-SHA
says 'Cipher is CAMELLIA128-SHA'
expect version=TLSv1.2 cipher=0x0041
finish
