#!/bin/sh
# shows: TLS 1.0 of a small device: mbed TLS client
# origin: mbed TLS 2.28 client, OpenSSL 3.0 s_server
# needs: libmbedtls-dev, gcc
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1
client "$(build tls-client-mbedtls.c -lmbedtls -lmbedx509 -lmbedcrypto)" $S 443 1
says 'client mbedtls: TLSv1.0 TLS-ECDHE-RSA-WITH-AES-256-CBC-SHA'
expect version=TLSv1.0 cipher=0xc014
finish
