#!/bin/sh
# shows: SOCKS 4a, then TLS 1.0
# origin: a script (OpenSSL 3.0) through a SOCKS server in Python, nginx 1.22
# needs: nginx-light, python3
. "$(dirname "$0")/lib.sh"
tshark_opts='-d tcp.port==1080,tls'
record 'port 1080'
nginx_server
serve 1080 python3 "$here/socks-server.py" 1080 $S 443
old_tls
client python3 "$here/tls-after.py" $S 1080 socks4a TLSv1
says 'client: TLSv1 '
expect server=$S:1080 upgrade=socks version=TLSv1.0 cipher=0xc00a sentinel=00
finish
