#!/bin/sh
# shows: a mirror in ERSPAN type III with the optional platform subheader; synthesised
# origin: tls12-sentinel01-openssl3.0 wrapped by wrap.py
# needs: nothing (needs no root)
. "$(dirname "$0")/lib.sh"
python3 "$here/wrap.py" erspan-iii-subheader "$(dirname "$here")/tls12-sentinel01-openssl3.0.pcap" "$run/raw.pcap"
expect server=$S:443 version=TLSv1.2 cipher=0xc030 sentinel=01
finish
