#!/bin/sh
# shows: a mirror in ERSPAN type III (GRE 0x22eb)
# origin: Open vSwitch 3.1 (user space) mirroring OpenSSL 3.0 programs
# needs: openvswitch-switch, iputils-ping
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
switch
tunnel_mirror erspan key=10 erspan_ver=2 erspan_dir=1 erspan_hwid=4
one_session
expect version=TLSv1.2 cipher=0xc030
finish
