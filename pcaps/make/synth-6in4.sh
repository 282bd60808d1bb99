#!/bin/sh
# shows: IPv6 in IPv4; synthesised
# origin: tls13-ipv6-openssl3.0 wrapped by wrap.py
# needs: nothing (needs no root)
. "$(dirname "$0")/lib.sh"
python3 "$here/wrap.py" 6in4 "$(dirname "$here")/tls13-ipv6-openssl3.0.pcap" "$run/raw.pcap"
expect client=$C6 server="[$S6]:443" version=TLSv1.3 cipher=0x1303
finish
