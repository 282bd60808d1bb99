#!/bin/sh
# shows: no cipher in common: alert handshake_failure
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2 -cipher AES256-SHA
s_client 443 -tls1_2 -cipher AES128-SHA
expect outcome=alert_server alert=s40
finish
