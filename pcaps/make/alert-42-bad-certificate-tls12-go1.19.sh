#!/bin/sh
# shows: TLS 1.2: the same, in clear (bad_certificate)
# origin: Go 1.19.8 client, OpenSSL 3.0 s_server
# needs: golang-go
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
client "$(build tls-peer.go)" v $S:443 3
says 'client error .*certificate'
expect outcome=alert_client version=TLSv1.2 cipher=0xc02f alert=c42
finish
