#!/bin/sh
# shows: TLS 1.2 with an ECDSA certificate on P-384 and ChaCha20
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/ec384.pem" -key "$pki/ec384.key" -tls1_2
s_client 443 -cipher ECDHE-ECDSA-CHACHA20-POLY1305
says 'Cipher is ECDHE-ECDSA-CHACHA20-POLY1305'
expect version=TLSv1.2 cipher=0xcca9
finish
