#!/bin/sh
# shows: TLS 1.2 with a certificate of 1024 bits signed with SHA-1, and RSA key exchange
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 443 -cert "$pki/rsa1024sha1.pem" -key "$pki/rsa1024sha1.key" -tls1_2
s_client 443 -cipher AES128-SHA:@SECLEVEL=0
says 'Cipher is AES128-SHA$'
expect version=TLSv1.2 cipher=0x002f
finish
