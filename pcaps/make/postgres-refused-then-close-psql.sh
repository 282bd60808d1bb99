#!/bin/sh
# shows: PostgreSQL: SSLRequest refused (N), and the client gives up
# origin: psql 15 sslmode=require against PostgreSQL 15 without TLS
# needs: postgresql-15
. "$(dirname "$0")/lib.sh"
record
postgres_server off
psql_client sslmode=require
says 'server does not support SSL'
expect server=$S:5432 upgrade=postgresql outcome=refused sni=
finish
