#!/bin/sh
# shows: VNC VeNCrypt X509None at TLS 1.3
# origin: TigerVNC 1.12 viewer and server (GnuTLS 3.7)
# needs: tigervnc-standalone-server, tigervnc-viewer
. "$(dirname "$0")/lib.sh"
tshark_opts='--disable-protocol vnc --enable-heuristic tls_tcp'
record
vnc_server X509None NORMAL
vnc_viewer X509None NORMAL
expect server=$S:5907 upgrade=vnc version=TLSv1.3 cipher=0x1302 sni=192.0.2.20
finish
