#!/bin/sh
# shows: TLS_FALLBACK_SCSV at TLS 1.1 to a server that can do more: alert inappropriate_fallback
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key"
s_client 443 -tls1_1 -fallback_scsv
expect outcome=alert_server alert=s86
finish
