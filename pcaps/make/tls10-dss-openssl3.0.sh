#!/bin/sh
# shows: TLS 1.0 with a DSA-1024 certificate and DHE
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 443 -cert "$pki/dsa.pem" -key "$pki/dsa.key" -dhparam "$pki/dh1024.pem"
s_client 443 -tls1 -cipher DHE-DSS-AES128-SHA:@SECLEVEL=0
says 'Cipher is DHE-DSS-AES128-SHA'
expect version=TLSv1.0 cipher=0x0032 sentinel=00
finish
