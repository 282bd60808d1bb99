#!/bin/sh
# shows: QUIC v1 with a Retry: the second Initial has another connection id and a token
# origin: gtlsclient and gtlsserver (ngtcp2 0.12, GnuTLS 3.7)
# needs: ngtcp2-client, ngtcp2-server
. "$(dirname "$0")/lib.sh"
record 'udp port 443'
keys
serve 443 gtlsserver -q -V $S 443 "$pki/rsa.key" "$pki/rsa.pem"
client gtlsclient --exit-on-all-streams-close -q $sni 443 "https://$sni/"
expect transport=quic version=TLSv1.3 cipher=0x1301
finish
