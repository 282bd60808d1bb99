#!/bin/sh
# shows: one MPLS label over Ethernet
# origin: Open vSwitch 3.1 (user space) mirroring OpenSSL 3.0 programs
# needs: openvswitch-switch
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
switch
tagged_mirror 'push_mpls:0x8847,set_field:100->mpls_label,OUT' 'push_mpls:0x8847,set_field:101->mpls_label,OUT'
one_session
expect version=TLSv1.2 cipher=0xc030
finish
