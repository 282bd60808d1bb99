#!/bin/sh
# shows: MySQL: the server has no TLS (CLIENT_SSL is not among its capabilities)
# origin: mariadb 10.11 client and server without TLS
# needs: mariadb-server, mariadb-client
. "$(dirname "$0")/lib.sh"
record
mariadb_server no
mariadb_client
says '^ *42$'
expect server=$S:3306 upgrade=mysql outcome=not_offered sni=
finish
