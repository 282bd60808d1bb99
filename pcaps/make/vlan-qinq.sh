#!/bin/sh
# shows: 802.1ad: two tags, 0x88a8 (100) and 0x8100 (10)
# origin: Open vSwitch 3.1 (user space) mirroring OpenSSL 3.0 programs
# needs: openvswitch-switch
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
switch
tagged_mirror 'push_vlan:0x8100,set_field:0x100a->vlan_vid,push_vlan:0x88a8,set_field:0x1064->vlan_vid,OUT' 'push_vlan:0x8100,set_field:0x100a->vlan_vid,push_vlan:0x88a8,set_field:0x1064->vlan_vid,OUT'
one_session
expect version=TLSv1.2 cipher=0xc030
finish
