#!/bin/sh
# shows: OpenVPN with tls-crypt: the control channel is encrypted, nothing of TLS is visible
# origin: OpenVPN 2.6 both sides (OpenSSL 3.0)
# needs: openvpn
. "$(dirname "$0")/lib.sh"
record 'port 1194'
openvpn --genkey secret "$run/ta.key"
openvpn_pair udp 1.2 1.3 "tls-crypt $run/ta.key"
says 'Control Channel: TLSv1.3, cipher'
expect transport=udp server=$S:1194 upgrade=openvpn outcome=not_observable sni=
finish
