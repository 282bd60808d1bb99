#!/bin/sh
# shows: MS SQL TDS: the client asks for an encrypted login (ENCRYPT_OFF), the server answers "not supported" and gets the login in clear text
# origin: FreeTDS tsql 1.3 (encryption=request) against a TDS server in Python
# needs: freetds-bin, python3
. "$(dirname "$0")/lib.sh"
record
keys
serve 1433 python3 "$here/tds-server.py" 1433 "$pki/rsa.pem" "$pki/rsa.key" TLSv1_2 2
tds_client request
expect server=$S:1433 upgrade=tds outcome=refused sni=
finish
