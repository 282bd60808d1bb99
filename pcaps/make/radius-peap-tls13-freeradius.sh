#!/bin/sh
# shows: PEAP in RADIUS at TLSv1.3; the client is the station's MAC address (Calling-Station-Id)
# origin: eapol_test (wpa_supplicant 2.10, OpenSSL 3.0) against freeradius 3.2
# needs: freeradius, eapoltest
. "$(dirname "$0")/lib.sh"
record udp
radius_server
eap_client PEAP 'tls_disable_tlsv1_3=0'
says '^SUCCESS'
tshark_blind='its addresses are those of the RADIUS packets'
expect transport=udp client=02:00:00:00:00:17 server=$S:1812 upgrade=eap version=TLSv1.3 cipher=0x1302 hrr sni=
finish
