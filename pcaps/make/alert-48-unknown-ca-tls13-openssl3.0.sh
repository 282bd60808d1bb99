#!/bin/sh
# shows: TLS 1.3: the same, in clear because the client has not changed to its keys yet
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key"
s_client 443 -verify_return_error -CAfile "$pki/other.pem"
expect outcome=alert_client version=TLSv1.3 cipher=0x1302 alert=c48
finish
