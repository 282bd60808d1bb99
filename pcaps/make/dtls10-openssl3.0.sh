#!/bin/sh
# shows: DTLS 1.0 with a HelloVerifyRequest and a fragmented Certificate
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
old_tls
record 'udp port 4433'
s_server 4433 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -dtls1 -mtu 500
s_client 4433 -dtls1 -mtu 500
says 'Protocol *: DTLSv1$'
expect transport=udp server=$S:4433 version=DTLSv1.0 cipher=0xc014
finish
