#!/bin/sh
# shows: TLS 1.3 over IPv6 with ChaCha20
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -6 -accept '[::]:443' -cert "$pki/rsa.pem" -key "$pki/rsa.key"
TO="[$S6]"
s_client 443 -tls1_3 -ciphersuites TLS_CHACHA20_POLY1305_SHA256
says 'Cipher is TLS_CHACHA20_POLY1305_SHA256'
expect client=$C6 server="[$S6]:443" version=TLSv1.3 cipher=0x1303
finish
