#!/bin/sh
# shows: a mirror of what the server sends only
# origin: Open vSwitch 3.1 (user space) mirroring OpenSSL 3.0 programs
# needs: openvswitch-switch
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mirrors.sh"
switch
tagged_mirror '' OUT
one_session
# The server's Finished, which the capture shows, follows the client's: completed is proved from one side.
expect version=TLSv1.2 cipher=0xc030 sni=
finish
