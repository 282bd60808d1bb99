#!/bin/sh
# shows: a PROXY protocol v1 header before the ClientHello: the client is 10.1.1.55, the balancer 192.0.2.10
# origin: curl (OpenSSL 3.0), haproxy 2.6, nginx 1.22
# needs: curl, haproxy, nginx-light
. "$(dirname "$0")/lib.sh"
tshark_opts='-d tcp.port==8443,tls'
record
haproxy_balancer 
client curl -sk --tls-max 1.2 --interface 10.1.1.55 --resolve "$sni:443:10.1.1.1" "https://$sni/"
says hello
tshark_blind='it gives the addresses of the TCP connection'
expect client=10.1.1.55 server=$S:8443 upgrade=proxy-protocol version=TLSv1.2 cipher=0xc02c sentinel=01
finish
