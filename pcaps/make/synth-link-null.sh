#!/bin/sh
# shows: link type NULL, as BSD loopback; synthesised
# origin: tls12-sentinel01-openssl3.0 wrapped by wrap.py
# needs: nothing (needs no root)
. "$(dirname "$0")/lib.sh"
python3 "$here/wrap.py" link-null "$(dirname "$here")/tls12-sentinel01-openssl3.0.pcap" "$run/raw.pcap"
expect server=$S:443 version=TLSv1.2 cipher=0xc030 sentinel=01
finish
