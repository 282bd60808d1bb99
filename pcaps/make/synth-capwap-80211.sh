#!/bin/sh
# shows: CAPWAP data with 802.11 frames; synthesised
# origin: tls12-sentinel01-openssl3.0 wrapped by wrap.py
# needs: nothing (needs no root)
. "$(dirname "$0")/lib.sh"
tshark_opts='-o capwap.swap_fc:FALSE'
python3 "$here/wrap.py" capwap-80211 "$(dirname "$here")/tls12-sentinel01-openssl3.0.pcap" "$run/raw.pcap"
expect server=$S:443 version=TLSv1.2 cipher=0xc030 sentinel=01
finish
