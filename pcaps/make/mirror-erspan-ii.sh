#!/bin/sh
# shows: a mirror in ERSPAN type II (GRE 0x88be, session id)
# origin: Open vSwitch 3.1 (user space) mirroring OpenSSL 3.0 programs
# needs: openvswitch-switch, iputils-ping
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
switch
tunnel_mirror erspan key=10 erspan_ver=1 erspan_idx=3
one_session
expect version=TLSv1.2 cipher=0xc030
finish
