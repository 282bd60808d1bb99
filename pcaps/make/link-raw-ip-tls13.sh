#!/bin/sh
# shows: link type RAW: a tunnel interface without a link layer
# origin: OpenSSL 3.0 s_server and s_client over a socat TUN pair
# needs: socat
. "$(dirname "$0")/lib.sh"
lan
# A userspace tunnel between the two namespaces: 10.9.0.0/24 inside UDP on the wire.
ip netns exec "$nss" socat TUN:10.9.0.20/24,tun-name=tun0,iff-no-pi,iff-up UDP-LISTEN:5556 >/dev/null 2>&1 </dev/null &
pids="$pids $!"
listening "$nss" 5556
ip netns exec "$nsc" socat TUN:10.9.0.10/24,tun-name=tun0,iff-no-pi,iff-up UDP:$S:5556 >/dev/null 2>&1 </dev/null &
pids="$pids $!"
sleep 0.5
record tcp "$nss" tun0
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key"
TO=10.9.0.20
s_client 443
expect client=10.9.0.10 server=10.9.0.20:443 version=TLSv1.3 cipher=0x1302
finish
