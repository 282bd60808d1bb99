#!/bin/sh
# shows: TLS 1.2: the server demands a client certificate, gets an empty one, answers handshake_failure
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -CAfile "$pki/ca.pem" -Verify 2 -verify_return_error -tls1_2
s_client 443
expect outcome=alert_server version=TLSv1.2 cipher=0xc030 alert=s40
finish
