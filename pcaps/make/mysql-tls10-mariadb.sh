#!/bin/sh
# shows: MySQL: SSLRequest and TLS 1.0
# origin: mariadb 10.11 client and server (OpenSSL 3.0)
# needs: mariadb-server, mariadb-client
. "$(dirname "$0")/lib.sh"
old_tls
record
mariadb_server
mariadb_client --ssl --tls-version=TLSv1.0
says '^ *42$'
expect server=$S:3306 upgrade=mysql version=TLSv1.0 cipher=0xc014 sentinel=00 sni=
finish
