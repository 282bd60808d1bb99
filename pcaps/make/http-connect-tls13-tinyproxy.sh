#!/bin/sh
# shows: HTTP CONNECT through a proxy, then TLS 1.3 to its target
# origin: curl (OpenSSL 3.0), tinyproxy 1.11, nginx 1.22
# needs: curl, tinyproxy, nginx-light
. "$(dirname "$0")/lib.sh"
tshark_opts='-d tcp.port==3128,http'
record 'port 3128'
nginx_server
tinyproxy_server
client curl -sk -x "http://$S:3128" "https://$sni/"
says hello
expect server=$S:3128 upgrade=http-connect version=TLSv1.3 cipher=0x1302
finish
