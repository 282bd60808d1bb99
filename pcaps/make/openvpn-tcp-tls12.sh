#!/bin/sh
# shows: OpenVPN's control channel over TCP at TLSv1.2
# origin: OpenVPN 2.6 both sides (OpenSSL 3.0)
# needs: openvpn
. "$(dirname "$0")/lib.sh"
tshark_opts='-d tcp.port==1194,openvpn'
record 'port 1194'
openvpn_pair tcp 1.2 1.2
says 'Control Channel: TLSv1.2, cipher'
expect transport=tcp server=$S:1194 upgrade=openvpn version=TLSv1.2 cipher=0xc030 sni=
finish
