#!/bin/sh
# shows: TLS 1.3 between GnuTLS programs
# origin: GnuTLS 3.7.9 gnutls-serv and gnutls-cli
# needs: gnutls-bin
. "$(dirname "$0")/lib.sh"
record
gnutls_server 443 NORMAL
gnutls_client 443 NORMAL
says 'TLS1.3'
expect version=TLSv1.3 cipher=0x1302
finish
