#!/bin/sh
# shows: TLS 1.2 renegotiated by the client: the second handshake is inside the first one's encryption
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
keys
# The server's standard input must stay open, and -quiet would forbid the renegotiation.
serve 443 sh -c 'sleep 20 | exec openssl s_server -accept 443 -tls1_2 -client_renegotiation "$@"' - -cert "$pki/rsa.pem" -key "$pki/rsa.key"
export SAY='R' HOLD2=0.8
s_client 443 -tls1_2
says 'RENEGOTIATING'
expect version=TLSv1.2 cipher=0xc030
finish
