#!/bin/sh
# shows: NATS: INFO with tls_required, then TLS 1.2
# origin: a script (OpenSSL 3.0) against nats-server 2.9.10 (Go)
# needs: nats-server, python3
. "$(dirname "$0")/lib.sh"
tshark_opts='-d tcp.port==4222,tls'
record
keys
printf 'listen: 0.0.0.0:4222\ntls { cert_file: %s, key_file: %s, timeout: 5 }\n' "$pki/rsa.pem" "$pki/rsa.key" >"$run/nats.conf"
serve 4222 nats-server -c "$run/nats.conf"
client python3 "$here/tls-after.py" $S 4222 nats TLSv1_2
says 'client: TLSv1.2 '
expect server=$S:4222 upgrade=nats version=TLSv1.2 cipher=0xc02f sentinel=01
finish
