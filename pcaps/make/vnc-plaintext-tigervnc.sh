#!/bin/sh
# shows: VNC: the server offers VeNCrypt and None, the viewer takes None
# origin: TigerVNC 1.12 viewer and server
# needs: tigervnc-standalone-server, tigervnc-viewer
. "$(dirname "$0")/lib.sh"
record
vnc_server TLSNone,None NORMAL
vnc_viewer None NORMAL
expect server=$S:5907 upgrade=vnc outcome=plaintext sni=
finish
