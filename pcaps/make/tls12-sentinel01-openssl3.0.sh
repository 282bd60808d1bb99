#!/bin/sh
# shows: TLS 1.2 chosen by a server that can do 1.3: sentinel 01; with SNI and ALPN
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -alpn h2,http/1.1
s_client 443 -tls1_2 -alpn h2
says 'Protocol *: TLSv1.2$'
expect version=TLSv1.2 cipher=0xc030 sentinel=01
finish
