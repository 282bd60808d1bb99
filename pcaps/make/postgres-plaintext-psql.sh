#!/bin/sh
# shows: PostgreSQL: TLS never asked for
# origin: psql 15 sslmode=disable against PostgreSQL 15
# needs: postgresql-15
. "$(dirname "$0")/lib.sh"
record
postgres_server
psql_client sslmode=disable
says '^ *42$'
expect server=$S:5432 upgrade=postgresql outcome=plaintext sni=
finish
