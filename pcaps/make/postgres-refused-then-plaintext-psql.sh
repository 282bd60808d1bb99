#!/bin/sh
# shows: PostgreSQL: SSLRequest refused (N), and the session goes on in clear text on the same connection
# origin: psql 15 sslmode=prefer against PostgreSQL 15 without TLS
# needs: postgresql-15
. "$(dirname "$0")/lib.sh"
record
postgres_server off
psql_client sslmode=prefer
says '^ *42$'
expect server=$S:5432 upgrade=postgresql outcome=refused sni=
finish
