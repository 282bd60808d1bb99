#!/bin/sh
# shows: HTTP CONNECT answered by 407, repeated with credentials on the same connection, then TLS 1.3
# origin: curl --proxy-anyauth, squid 5.7, nginx 1.22
# needs: curl, squid, nginx-light
. "$(dirname "$0")/lib.sh"
tshark_opts='-d tcp.port==3128,http'
record 'port 3128'
nginx_server
mkdir "$run/squid"
chmod 777 "$run/squid"
printf '#!/bin/sh\nwhile read -r _; do echo OK; done\n' >"$run/anybody"
chmod 755 "$run/anybody"
cat >"$run/squid.conf" <<X
http_port 3128
pid_filename $run/squid/pid
cache_log $run/squid/log
access_log none
cache_effective_user proxy
auth_param basic program $run/anybody
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
X
serve 3128 squid -N -f "$run/squid.conf"
client curl -svk --proxy-anyauth --proxy-user u:pass -x "http://$S:3128" "https://$sni/"
says hello
says '407'
expect server=$S:3128 upgrade=http-connect version=TLSv1.3 cipher=0x1302
finish
