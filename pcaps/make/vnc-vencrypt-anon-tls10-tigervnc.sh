#!/bin/sh
# shows: VNC VeNCrypt TLSNone: anonymous key exchange at TLS 1.0
# origin: TigerVNC 1.12 viewer and server (GnuTLS 3.7)
# needs: tigervnc-standalone-server, tigervnc-viewer
. "$(dirname "$0")/lib.sh"
tshark_opts='--disable-protocol vnc --enable-heuristic tls_tcp'
record
vnc_server TLSNone 'NORMAL:-VERS-ALL:+VERS-TLS1.0:+ANON-ECDH:+ANON-DH'
vnc_viewer TLSNone 'NORMAL:-VERS-ALL:+VERS-TLS1.0'
expect server=$S:5907 upgrade=vnc version=TLSv1.0 cipher=0xc019 sni=
finish
