#!/bin/sh
# shows: TLS 1.2: the client offers a ticket of another server, which makes a full handshake of it
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
s_server 8443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
s_client 443 -sess_out "$run/session"
s_client 8443 -sess_in "$run/session"
expect server=$S:443 version=TLSv1.2 cipher=0xc030
expect server=$S:8443 version=TLSv1.2 cipher=0xc030
finish
