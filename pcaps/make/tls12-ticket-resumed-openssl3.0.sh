#!/bin/sh
# shows: TLS 1.2: a full handshake, then one that resumes it with a session ticket
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
s_client 443 -sess_out "$run/session"
s_client 443 -sess_in "$run/session"
says '^Reused, TLSv1.2'
expect version=TLSv1.2 cipher=0xc030
expect version=TLSv1.2 cipher=0xc030 resumed
finish
