#!/bin/sh
# shows: link type LINUX_SLL2 (tcpdump -i any)
# origin: OpenSSL 3.0 s_server and s_client
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
lan
record tcp "$nss" any
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
s_client 443
expect version=TLSv1.2 cipher=0xc030
finish
