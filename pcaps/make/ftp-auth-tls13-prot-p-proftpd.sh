#!/bin/sh
# shows: FTP AUTH TLS at TLS 1.3 with a protected data channel
# origin: curl (OpenSSL 3.0) against proftpd 1.3.8
# needs: proftpd-core, proftpd-mod-crypto, curl
. "$(dirname "$0")/lib.sh"
tshark_opts='--disable-protocol ftp --enable-heuristic tls_tcp'
record
proftpd_server
client curl -sk --ssl-reqd -u u:pass "ftp://$S/file.txt"
says 'a file'
expect server=$S:21 upgrade=ftp version=TLSv1.3 cipher=0x1302 sni=
stop_recording
expect server="$S:$(syn_port 21)" version=TLSv1.3 cipher=0x1302 resumed sni=
finish
