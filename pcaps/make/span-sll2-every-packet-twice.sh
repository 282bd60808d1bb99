#!/bin/sh
# shows: tcpdump -i any on a host that forwards: every packet is there twice, in and out (SLL2)
# origin: tcpdump on an Open vSwitch 3.1, OpenSSL 3.0 programs
# needs: openvswitch-switch
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
switch
record tcp "$nsv" any
one_session
expect version=TLSv1.2 cipher=0xc030
finish
