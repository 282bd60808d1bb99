#!/bin/sh
# shows: TLS 1.0: a full handshake, then one that resumes it by session id
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -no_ticket
s_client 443 -tls1 -sess_out "$run/session"
s_client 443 -tls1 -sess_in "$run/session"
says '^Reused, '
expect version=TLSv1.0 cipher=0xc014 sentinel=00
expect version=TLSv1.0 cipher=0xc014 sentinel=00 resumed
finish
