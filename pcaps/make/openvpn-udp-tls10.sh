#!/bin/sh
# shows: OpenVPN's control channel over UDP at TLSv1.0
# origin: OpenVPN 2.6 both sides (OpenSSL 3.0)
# needs: openvpn
. "$(dirname "$0")/lib.sh"
old_tls
tshark_opts='-d udp.port==1194,openvpn'
record 'port 1194'
openvpn_pair udp 1.0 1.0
says 'Control Channel: TLSv1, cipher'
expect transport=udp server=$S:1194 upgrade=openvpn version=TLSv1.0 cipher=0xc014 sni=
finish
