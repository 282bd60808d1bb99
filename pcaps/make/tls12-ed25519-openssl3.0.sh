#!/bin/sh
# shows: TLS 1.2 with an Ed25519 certificate
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/ed25519.pem" -key "$pki/ed25519.key" -tls1_2
s_client 443 -cipher ECDHE-ECDSA-AES128-GCM-SHA256
says 'Cipher is ECDHE-ECDSA-AES128-GCM-SHA256'
expect version=TLSv1.2 cipher=0xc02b
finish
