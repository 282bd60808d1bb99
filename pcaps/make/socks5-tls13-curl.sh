#!/bin/sh
# shows: SOCKS 5, then TLS 1.3
# origin: curl (OpenSSL 3.0) through a SOCKS server in Python, nginx 1.22
# needs: curl, nginx-light, python3
. "$(dirname "$0")/lib.sh"
tshark_opts='-d tcp.port==1080,socks'
record 'port 1080'
nginx_server
serve 1080 python3 "$here/socks-server.py" 1080 $S 443
client curl -sk --proxy "socks5h://$S:1080" "https://$sni/"
says hello
expect server=$S:1080 upgrade=socks version=TLSv1.3 cipher=0x1302
finish
