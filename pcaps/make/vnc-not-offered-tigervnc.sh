#!/bin/sh
# shows: VNC: the server offers None only
# origin: TigerVNC 1.12 viewer and server
# needs: tigervnc-standalone-server, tigervnc-viewer
. "$(dirname "$0")/lib.sh"
record
vnc_server None NORMAL
vnc_viewer None NORMAL
expect server=$S:5907 upgrade=vnc outcome=not_offered sni=
finish
