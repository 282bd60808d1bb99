#!/bin/sh
# shows: a server of TLS 1.3 only refuses a client of TLS 1.2 only: alert protocol_version
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_3
s_client 443 -tls1_2
expect outcome=alert_server alert=s70
finish
