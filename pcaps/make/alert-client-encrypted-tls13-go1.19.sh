#!/bin/sh
# shows: TLS 1.3: the client does not accept the certificate and says so under its handshake keys: the code is not visible
# origin: Go 1.19.8 client, OpenSSL 3.0 s_server
# needs: golang-go
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key"
client "$(build tls-peer.go)" v $S:443 4
says 'client error .*certificate'
expect outcome=alert_client version=TLSv1.3 cipher=0x1301
finish
