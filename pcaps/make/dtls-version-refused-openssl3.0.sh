#!/bin/sh
# shows: a DTLS 1.0 client refused by a server of DTLS 1.2: alert protocol_version
# origin: OpenSSL 3.0 s_server and s_client of Debian 12
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
old_tls
record 'udp port 4433'
s_server 4433 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -dtls1_2
s_client 4433 -dtls1
expect transport=udp server=$S:4433 outcome=alert_server alert=s70
finish
