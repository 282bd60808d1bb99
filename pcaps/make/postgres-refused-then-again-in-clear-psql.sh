#!/bin/sh
# shows: PostgreSQL: SSLRequest refused (N), the client gives up, and its user tries again at once without TLS
# origin: psql 15 sslmode=require, then sslmode=disable, against PostgreSQL 15 without TLS
# needs: postgresql-15
. "$(dirname "$0")/lib.sh"
record
postgres_server off
psql_client sslmode=require
says 'server does not support SSL'
psql_client sslmode=disable
says '^ *42$'
expect server=$S:5432 upgrade=postgresql outcome=refused sni=
expect server=$S:5432 upgrade=postgresql outcome=plaintext sni=
finish
