#!/bin/sh
# shows: a mirror in GENEVE (VNI 42)
# origin: Open vSwitch 3.1 (user space) mirroring OpenSSL 3.0 programs
# needs: openvswitch-switch, iputils-ping
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
switch
tunnel_mirror geneve key=42
one_session
expect version=TLSv1.2 cipher=0xc030
finish
