#!/bin/sh
# shows: SMTP STARTTLS behind a PROXY protocol v1 header: the client is 10.1.1.55, the balancer 192.0.2.10
# origin: swaks (OpenSSL 3.0), haproxy 2.6, postfix 3.7
# needs: swaks, haproxy, postfix
. "$(dirname "$0")/lib.sh"
record
postfix_server may
at_server postconf -c "$run/postfix/etc" -e 'smtpd_upstream_proxy_protocol = haproxy'
at_server postfix -c "$run/postfix/etc" reload >/dev/null 2>&1
ip -n "$nsc" addr add 10.1.1.1/24 dev lo
ip -n "$nsc" addr add 10.1.1.55/24 dev lo
printf 'defaults\n mode tcp\n timeout connect 5s\n timeout client 5s\n timeout server 5s\nlisten a\n bind 10.1.1.1:25\n server s %s:25 send-proxy\n' $S >"$run/haproxy.cfg"
serve_in "$nsc" 25 haproxy -db -f "$run/haproxy.cfg"
client swaks --server 10.1.1.1 --local-interface 10.1.1.55 --to office@example.test --from printer@example.test --helo printer.example.test -tls
says '250 2.0.0 Ok: queued'
tshark_blind='it gives the addresses of the TCP connection'
expect client=10.1.1.55 server=$S:25 upgrade=smtp version=TLSv1.3 cipher=0x1302 sni=
finish
