#!/bin/sh
# shows: PostgreSQL SSLRequest, then TLS 1.0, as an old libpq
# origin: psql 15 (OpenSSL 3.0) against PostgreSQL 15
# needs: postgresql-15
. "$(dirname "$0")/lib.sh"
old_tls
record
postgres_server
psql_client sslmode=require ssl_max_protocol_version=TLSv1 ssl_min_protocol_version=TLSv1
says '^ *42$'
expect server=$S:5432 upgrade=postgresql version=TLSv1.0 cipher=0xc014 sentinel=00 sni=
finish
