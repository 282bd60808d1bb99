#!/bin/sh
# shows: a QUIC client that begins with an unknown version, gets a Version Negotiation and starts again with v1
# origin: gtlsclient and gtlsserver (ngtcp2 0.12, GnuTLS 3.7)
# needs: ngtcp2-client, ngtcp2-server
. "$(dirname "$0")/lib.sh"
tshark_blind='it reads the Initial of the unknown version with the keys of v1'
record 'udp port 443'
keys
serve 443 gtlsserver -q $S 443 "$pki/rsa.key" "$pki/rsa.pem"
client gtlsclient --exit-on-all-streams-close -q --version=0x1a2a3a4a --preferred-versions=v1 --other-versions=v1 $sni 443 "https://$sni/"
expect transport=quic version=TLSv1.3 cipher=0x1301
finish
