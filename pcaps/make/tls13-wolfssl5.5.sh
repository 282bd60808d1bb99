#!/bin/sh
# shows: TLSv1.3 of a small device: wolfSSL client
# origin: wolfSSL 5.5 client, OpenSSL 3.0 s_server
# needs: libwolfssl-dev, gcc
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key"
client "$(build tls-client-wolfssl.c -lwolfssl)" $S 443 4
says 'client wolfssl: TLSv1.3'
expect version=TLSv1.3 cipher=0x1301 
finish
