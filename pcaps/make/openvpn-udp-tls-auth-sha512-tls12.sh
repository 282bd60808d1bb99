#!/bin/sh
# shows: OpenVPN with tls-auth by SHA-512 (an HMAC of 64 bytes before each control packet) at TLS 1.2
# origin: OpenVPN 2.6 both sides (OpenSSL 3.0)
# needs: openvpn
. "$(dirname "$0")/lib.sh"
record 'port 1194'
openvpn --genkey secret "$run/ta.key"
openvpn_pair udp 1.2 1.2 "$(printf 'auth SHA512\ntls-auth %s' "$run/ta.key")"
says 'Control Channel: TLSv1.2, cipher'
tshark_blind='it does not guess the length of the HMAC'
expect transport=udp server=$S:1194 upgrade=openvpn version=TLSv1.2 cipher=0xc030 sni=
finish
