#!/bin/sh
# shows: only one direction carries a VLAN tag
# origin: Open vSwitch 3.1 (user space) mirroring OpenSSL 3.0 programs
# needs: openvswitch-switch
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
switch
tagged_mirror 'push_vlan:0x8100,set_field:0x100a->vlan_vid,OUT' 'OUT'
one_session
expect version=TLSv1.2 cipher=0xc030
finish
