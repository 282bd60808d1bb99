#!/bin/sh
# shows: TLS 1.2 with max_fragment_length 512: the Certificate message comes in several records
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
s_client 443 -maxfraglen 512
says 'Cipher is ECDHE-RSA-AES256-GCM-SHA384'
expect version=TLSv1.2 cipher=0xc030
finish
