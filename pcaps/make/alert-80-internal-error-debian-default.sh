#!/bin/sh
# shows: Debian 12 as installed refuses TLS 1.0 with alert internal_error, not protocol_version
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key"
s_client 443 -tls1 -cipher DEFAULT@SECLEVEL=0
expect outcome=alert_server alert=s80
finish
