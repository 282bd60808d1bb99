#!/bin/sh
# shows: a small device that only speaks SSL 3.0, refused by OpenSSL 3.0
# origin: mbed TLS 2.28 client, OpenSSL 3.0 s_server
# needs: libmbedtls-dev, gcc
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key"
client "$(build tls-client-mbedtls.c -lmbedtls -lmbedx509 -lmbedcrypto)" $S 443 0
expect outcome=alert_server alert=s40
finish
