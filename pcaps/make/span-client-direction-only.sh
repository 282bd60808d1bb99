#!/bin/sh
# shows: a mirror of what the client sends only
# origin: Open vSwitch 3.1 (user space) mirroring OpenSSL 3.0 programs
# needs: openvswitch-switch
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
switch
tagged_mirror OUT ''
one_session
expect outcome=one_sided
finish
