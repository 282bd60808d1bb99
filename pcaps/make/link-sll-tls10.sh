#!/bin/sh
# shows: link type LINUX_SLL (tcpdump -i any -y LINUX_SLL)
# origin: OpenSSL 3.0 s_server and s_client
# needs: nothing but openssl
. "$(dirname "$0")/lib.sh"
old_tls
lan
record tcp "$nss" any -y LINUX_SLL
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1
s_client 443 -tls1
expect version=TLSv1.0 cipher=0xc014
finish
