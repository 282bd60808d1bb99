#!/bin/sh
# shows: MS SQL TDS 7.4: PRELOGIN, then TLS 1.0 inside PRELOGIN packets
# origin: FreeTDS tsql 1.3 (GnuTLS 3.7) against a TDS server in Python (OpenSSL 3.0)
# needs: freetds-bin, python3
. "$(dirname "$0")/lib.sh"
tshark_opts='-d tcp.port==1433,tds'
old_tls
record
keys
serve 1433 python3 "$here/tds-server.py" 1433 "$pki/rsa.pem" "$pki/rsa.key" TLSv1 3
tds_client
says 'server: TLS in TDS TLSv1 '
expect server=$S:1433 upgrade=tds version=TLSv1.0 cipher=0xc014 sni=
finish
