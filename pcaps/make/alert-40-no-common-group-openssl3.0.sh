#!/bin/sh
# shows: TLS 1.3 without a group in common: alert handshake_failure
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -groups P-384
s_client 443 -tls1_3 -groups X25519
expect outcome=alert_server alert=s40
finish
