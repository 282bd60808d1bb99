#!/bin/sh
# shows: DTLS 1.2 with a HelloVerifyRequest
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record 'udp port 4433'
s_server 4433 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -dtls1_2 -listen
s_client 4433 -dtls1_2
says 'Protocol *: DTLSv1.2$'
expect transport=udp server=$S:4433 version=DTLSv1.2 cipher=0xc030
finish
