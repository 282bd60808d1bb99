#!/bin/sh
# shows: an Ethernet pseudowire in MPLS without a control word, another label per direction; synthesised
# origin: tls12-sentinel01-openssl3.0 wrapped by wrap.py
# needs: nothing (needs no root)
. "$(dirname "$0")/lib.sh"
tshark_opts='-d mpls.label==100,pwethnocw -d mpls.label==101,pwethnocw'
python3 "$here/wrap.py" mpls-pseudowire "$(dirname "$here")/tls12-sentinel01-openssl3.0.pcap" "$run/raw.pcap"
expect server=$S:443 version=TLSv1.2 cipher=0xc030 sentinel=01
finish
