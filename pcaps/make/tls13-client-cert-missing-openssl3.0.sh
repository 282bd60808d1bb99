#!/bin/sh
# shows: TLS 1.3: the same, but the alert (certificate_required) is encrypted and comes after the handshake
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -CAfile "$pki/ca.pem" -Verify 2 -verify_return_error
s_client 443
says 'certificate required|peer did not return a certificate'
expect outcome=alert_server version=TLSv1.3 cipher=0x1302
finish
