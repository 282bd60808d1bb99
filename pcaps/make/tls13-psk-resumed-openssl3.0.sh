#!/bin/sh
# shows: TLS 1.3: a full handshake, then one that resumes it with a PSK
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key"
export HOLD=1
s_client 443 -sess_out "$run/session"
HOLD=0.3
s_client 443 -sess_in "$run/session"
says '^Reused, TLSv1.3'
expect version=TLSv1.3 cipher=0x1302
expect version=TLSv1.3 cipher=0x1302 resumed
finish
