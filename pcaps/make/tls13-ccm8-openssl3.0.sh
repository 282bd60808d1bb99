#!/bin/sh
# shows: TLS 1.3 with TLS_AES_128_CCM_8_SHA256
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/ec.pem" -key "$pki/ec.key" -ciphersuites TLS_AES_128_CCM_8_SHA256
s_client 443 -ciphersuites TLS_AES_128_CCM_8_SHA256
says 'Cipher is TLS_AES_128_CCM_8_SHA256'
expect version=TLSv1.3 cipher=0x1305
finish
