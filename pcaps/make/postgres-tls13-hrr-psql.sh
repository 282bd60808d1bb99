#!/bin/sh
# shows: PostgreSQL SSLRequest, then TLS 1.3 with a HelloRetryRequest (the server wants P-256 only)
# origin: psql 15 (OpenSSL 3.0) against PostgreSQL 15
# needs: postgresql-15
. "$(dirname "$0")/lib.sh"
record
postgres_server
psql_client sslmode=require
says '^ *42$'
expect server=$S:5432 upgrade=postgresql version=TLSv1.3 cipher=0x1302 hrr sni=
finish
