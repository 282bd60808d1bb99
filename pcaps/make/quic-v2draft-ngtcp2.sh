#!/bin/sh
# shows: QUIC of a version 2 draft (0x709a50c4)
# origin: gtlsclient and gtlsserver (ngtcp2 0.12, GnuTLS 3.7)
# needs: ngtcp2-client, ngtcp2-server
. "$(dirname "$0")/lib.sh"
record 'udp port 443'
keys
serve 443 gtlsserver -q $S 443 "$pki/rsa.key" "$pki/rsa.pem"
client gtlsclient --exit-on-all-streams-close -q --version=v2draft --preferred-versions=v2draft,v1 --other-versions=v2draft,v1 $sni 443 "https://$sni/"
tshark_blind='it does not know the version'
expect transport=quic version=TLSv1.3 cipher=0x1301
finish
