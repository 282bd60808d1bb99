#!/bin/sh
# shows: Teredo: IPv6 in UDP; synthesised
# origin: tls13-ipv6-openssl3.0 wrapped by wrap.py
# needs: nothing (needs no root)
. "$(dirname "$0")/lib.sh"
python3 "$here/wrap.py" teredo "$(dirname "$here")/tls13-ipv6-openssl3.0.pcap" "$run/raw.pcap"
expect client=2001:0:ac1f:2:8000:372a:53e0:fffe server="[$S6]:443" version=TLSv1.3 cipher=0x1303
finish
