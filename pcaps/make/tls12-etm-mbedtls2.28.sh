#!/bin/sh
# shows: TLS 1.2 of a small device, with encrypt-then-MAC and extended master secret
# origin: mbed TLS 2.28 client, OpenSSL 3.0 s_server
# needs: libmbedtls-dev, gcc
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2 -cipher AES256-SHA256
client "$(build tls-client-mbedtls.c -lmbedtls -lmbedx509 -lmbedcrypto)" $S 443 3
says 'client mbedtls: TLSv1.2 TLS-RSA-WITH-AES-256-CBC-SHA256'
expect version=TLSv1.2 cipher=0x003d
finish
