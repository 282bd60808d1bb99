#!/bin/sh
# shows: RDP: a client that asks for standard RDP security only, no TLS
# origin: xfreerdp 2.10 against xrdp 0.9.21
# needs: xrdp, freerdp2-x11, tigervnc-standalone-server (a display)
. "$(dirname "$0")/lib.sh"
tshark_blind='there is no TLS in it'
record
xrdp_server rdp
at_client Xvnc :77 -SecurityTypes None -localhost -geometry 640x480 >/dev/null 2>&1 &
pids="$pids $!"
sleep 1.5
CLIENT_TIMEOUT=4
client env DISPLAY=:77 xfreerdp /v:$S /u:user /p:pass /cert:ignore /sec:rdp
expect server=$S:3389 upgrade=rdp outcome=not_offered sni=
finish
