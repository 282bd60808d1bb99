#!/bin/sh
# shows: HTTP CONNECT refused by the proxy (403)
# origin: curl against tinyproxy 1.11
# needs: curl, tinyproxy
. "$(dirname "$0")/lib.sh"
record 'port 3128'
tinyproxy_server
client curl -sk -x "http://$S:3128" "https://$sni:22/"
finish
