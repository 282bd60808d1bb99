#!/bin/sh
# shows: MS SQL TDS: the client demands encryption, the server answers "not supported", the client gives up
# origin: FreeTDS tsql 1.3 (encryption=require) against a TDS server in Python
# needs: freetds-bin, python3
. "$(dirname "$0")/lib.sh"
record
keys
serve 1433 python3 "$here/tds-server.py" 1433 "$pki/rsa.pem" "$pki/rsa.key" TLSv1_2 2
tds_client require
expect server=$S:1433 upgrade=tds outcome=refused sni=
finish
