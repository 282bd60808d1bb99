#!/bin/sh
# shows: CAPWAP data with 802.11 frames whose frame control bytes are swapped, as Cisco access points send them; synthesised
# origin: tls12-sentinel01-openssl3.0 wrapped by wrap.py
# needs: nothing (needs no root)
. "$(dirname "$0")/lib.sh"
python3 "$here/wrap.py" capwap-80211-swapped "$(dirname "$here")/tls12-sentinel01-openssl3.0.pcap" "$run/raw.pcap"
expect server=$S:443 version=TLSv1.2 cipher=0xc030 sentinel=01
finish
