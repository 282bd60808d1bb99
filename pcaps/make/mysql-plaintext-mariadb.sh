#!/bin/sh
# shows: MySQL: the server can do TLS, the client does not ask
# origin: mariadb 10.11 client --skip-ssl and server
# needs: mariadb-server, mariadb-client
. "$(dirname "$0")/lib.sh"
record
mariadb_server
mariadb_client --skip-ssl
says '^ *42$'
expect server=$S:3306 upgrade=mysql outcome=plaintext sni=
finish
