#!/bin/sh
# shows: HTTP/2 over TLS 1.3
# origin: curl (OpenSSL 3.0) against nginx 1.22
# needs: nginx-light, curl
. "$(dirname "$0")/lib.sh"
record
nginx_server
client curl -sk --resolve "$sni:443:$S" "https://$sni/"
says hello
expect version=TLSv1.3 cipher=0x1302
finish
