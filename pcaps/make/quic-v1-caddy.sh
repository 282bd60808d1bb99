#!/bin/sh
# shows: QUIC v1 (HTTP/3) to a Go server
# origin: gtlsclient (ngtcp2 0.12) against caddy 2.6 (quic-go)
# needs: ngtcp2-client, caddy
. "$(dirname "$0")/lib.sh"
record 'udp port 443'
caddy_server
client gtlsclient --exit-on-all-streams-close -q $sni 443 "https://$sni/"
expect transport=quic version=TLSv1.3 cipher=0x1301
finish
