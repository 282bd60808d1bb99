#!/bin/sh
# shows: TLS 1.3: a full handshake, then one with 0-RTT early data after the ClientHello
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -early_data -no_anti_replay
export HOLD=1
s_client 443 -sess_out "$run/session"
HOLD=0.3
echo early >"$run/early"
s_client 443 -sess_in "$run/session" -early_data "$run/early"
says 'Early data was accepted'
expect version=TLSv1.3 cipher=0x1302
expect version=TLSv1.3 cipher=0x1302 resumed
finish
