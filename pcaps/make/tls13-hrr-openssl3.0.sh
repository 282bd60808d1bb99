#!/bin/sh
# shows: TLS 1.3 with a HelloRetryRequest: the client guessed X25519, the server wants P-384
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -groups P-384
s_client 443 -groups X25519:P-384
says 'Cipher is TLS_AES_256_GCM_SHA384'
expect version=TLSv1.3 cipher=0x1302 hrr
finish
