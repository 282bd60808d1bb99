#!/bin/sh
# shows: TLS 1.2 with a client certificate
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -CAfile "$pki/ca.pem" -Verify 2 -tls1_2
s_client 443 -cert "$pki/client.pem" -key "$pki/client.key"
says 'Cipher is ECDHE-RSA-AES256-GCM-SHA384'
expect version=TLSv1.2 cipher=0xc030
finish
