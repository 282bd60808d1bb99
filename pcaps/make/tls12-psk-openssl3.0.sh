#!/bin/sh
# shows: TLS 1.2 with a pre-shared key and no certificate
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -nocert -psk aabbcc -cipher PSK:@SECLEVEL=0 -tls1_2
s_client 443 -tls1_2 -psk aabbcc -cipher PSK-AES128-CBC-SHA256:@SECLEVEL=0
says 'Cipher is PSK-AES128-CBC-SHA256'
expect version=TLSv1.2 cipher=0x00ae
finish
