#!/bin/sh
# shows: a mirror in VXLAN on port 8472
# origin: Open vSwitch 3.1 (user space) mirroring OpenSSL 3.0 programs
# needs: openvswitch-switch, iputils-ping
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
tshark_opts='-d udp.port==8472,vxlan'
switch
tunnel_mirror vxlan key=42 dst_port=8472
one_session
expect version=TLSv1.2 cipher=0xc030
finish
