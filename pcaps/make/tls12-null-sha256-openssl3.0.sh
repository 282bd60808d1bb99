#!/bin/sh
# shows: TLS 1.2 without encryption: RSA_WITH_NULL_SHA256
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -cipher NULL-SHA256:@SECLEVEL=0 -tls1_2
s_client 443 -tls1_2 -cipher NULL-SHA256:@SECLEVEL=0
says 'Cipher is NULL-SHA256'
expect version=TLSv1.2 cipher=0x003b
finish
