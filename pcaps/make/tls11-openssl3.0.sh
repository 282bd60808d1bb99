#!/bin/sh
# shows: TLS 1.1 between OpenSSL 3.0 programs: encrypt-then-MAC, extended master secret and sentinel 00
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key"
s_client 443 -tls1_1
says 'Protocol *: TLSv1.1$'
expect version=TLSv1.1 cipher=0xc014 sentinel=00
finish
