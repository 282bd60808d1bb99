#!/bin/sh
# shows: a span of both ports: every packet is there twice
# origin: Open vSwitch 3.1 (user space) mirroring OpenSSL 3.0 programs
# needs: openvswitch-switch
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
switch
tagged_mirror 'OUT,OUT' 'OUT,OUT'
one_session
expect version=TLSv1.2 cipher=0xc030
finish
