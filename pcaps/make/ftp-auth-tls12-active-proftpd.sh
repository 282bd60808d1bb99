#!/bin/sh
# shows: FTP AUTH TLS with an active data channel: the server opens the connection, the FTP client still is the TLS client
# origin: lftp 4.9 (GnuTLS 3.7) against proftpd 1.3.8
# needs: proftpd-core, proftpd-mod-crypto, lftp
. "$(dirname "$0")/lib.sh"
tshark_opts='--disable-protocol ftp --enable-heuristic tls_tcp'
record
proftpd_server
client lftp -c "set ftp:passive-mode off; set ftp:ssl-force on; set ftp:ssl-protect-data on; set ssl:verify-certificate no;
	set ssl:priority NORMAL:-VERS-TLS1.3; open -u u,pass $S; cat file.txt; bye"
says 'a file'
stop_recording
expect server=$S:21 upgrade=ftp version=TLSv1.2 cipher=0xc030 sentinel=01 sni=192.0.2.20
expect server="$S:$(syn_port 21 src)" version=TLSv1.2 cipher=0xc030 sentinel=01 resumed sni=192.0.2.20
finish
