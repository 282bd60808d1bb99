#!/bin/sh
# shows: TLS 1.2: the client does not know the issuer and says unknown_ca after the ServerHello
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
s_client 443 -verify_return_error -CAfile "$pki/other.pem"
expect outcome=alert_client version=TLSv1.2 cipher=0xc030 alert=c48
finish
