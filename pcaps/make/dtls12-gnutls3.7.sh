#!/bin/sh
# shows: DTLS 1.2 of GnuTLS
# origin: GnuTLS 3.7.9 gnutls-serv and gnutls-cli
# needs: gnutls-bin
. "$(dirname "$0")/lib.sh"
record 'udp port 4433'
keys
serve 4433 gnutls-serv --quiet --udp --priority NORMAL -p 4433 --x509keyfile "$pki/ec.key" --x509certfile "$pki/ec.pem"
gnutls_client 4433 NORMAL --udp
says 'DTLS1.2'
expect transport=udp server=$S:4433 version=DTLSv1.2 cipher=0xc02c
finish
