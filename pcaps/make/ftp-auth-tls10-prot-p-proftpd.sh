#!/bin/sh
# shows: FTP AUTH TLS at TLS 1.0 with a protected data channel (a connection of its own, resumed)
# origin: curl (OpenSSL 3.0) against proftpd 1.3.8
# needs: proftpd-core, proftpd-mod-crypto, curl
. "$(dirname "$0")/lib.sh"
old_tls
tshark_opts='--disable-protocol ftp --enable-heuristic tls_tcp'
record
proftpd_server
client curl -sk --ssl-reqd --tlsv1.0 --tls-max 1.0 -u u:pass "ftp://$S/file.txt"
says 'a file'
expect server=$S:21 upgrade=ftp version=TLSv1.0 cipher=0xc014 sentinel=00 sni=
stop_recording
expect server="$S:$(syn_port 21)" version=TLSv1.0 cipher=0xc014 sentinel=00 resumed sni=
finish
