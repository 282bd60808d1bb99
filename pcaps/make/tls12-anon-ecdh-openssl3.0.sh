#!/bin/sh
# shows: TLS 1.2 with anonymous ECDH: no certificate
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 443 -nocert -cipher AECDH:@SECLEVEL=0 -tls1_2
s_client 443 -tls1_2 -cipher AECDH-AES128-SHA:@SECLEVEL=0
says 'Cipher is AECDH-AES128-SHA'
expect version=TLSv1.2 cipher=0xc018
finish
