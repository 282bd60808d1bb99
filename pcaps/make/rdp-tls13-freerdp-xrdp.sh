#!/bin/sh
# shows: RDP: X.224 negotiation, then TLS 1.3
# origin: xfreerdp 2.10 against xrdp 0.9.21
# needs: xrdp, freerdp2-x11, tigervnc-standalone-server (a display)
. "$(dirname "$0")/lib.sh"
tshark_opts='--disable-protocol tpkt --enable-heuristic tls_tcp'
record
xrdp_server
at_client Xvnc :77 -SecurityTypes None -localhost -geometry 640x480 >/dev/null 2>&1 &
pids="$pids $!"
sleep 1.5
CLIENT_TIMEOUT=4
client env DISPLAY=:77 xfreerdp /v:$S /u:user /p:pass /cert:ignore /sec:tls
expect server=$S:3389 upgrade=rdp version=TLSv1.3 cipher=0x1302 sni=192.0.2.20
finish
