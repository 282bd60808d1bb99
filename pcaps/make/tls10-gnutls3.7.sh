#!/bin/sh
# shows: TLS 1.0 between GnuTLS programs: one handshake message per record
# origin: GnuTLS 3.7.9 gnutls-serv and gnutls-cli
# needs: gnutls-bin
. "$(dirname "$0")/lib.sh"
record
gnutls_server 443 'NORMAL:-VERS-ALL:+VERS-TLS1.0'
gnutls_client 443 'NORMAL:-VERS-ALL:+VERS-TLS1.0'
says 'TLS1.0'
expect version=TLSv1.0 cipher=0xc014
finish
