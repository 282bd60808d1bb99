#!/bin/sh
# shows: MySQL: SSLRequest and TLS 1.3
# origin: mariadb 10.11 client and server (OpenSSL 3.0)
# needs: mariadb-server, mariadb-client
. "$(dirname "$0")/lib.sh"
record
mariadb_server
mariadb_client --ssl
says '^ *42$'
expect server=$S:3306 upgrade=mysql version=TLSv1.3 cipher=0x1302 sni=
finish
