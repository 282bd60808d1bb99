#!/bin/sh
# shows: FTP AUTH TLS, then CCC: the control connection returns to clear text after the login
# origin: lftp 4.9 (GnuTLS 3.7) against proftpd 1.3.8
# needs: proftpd-core, proftpd-mod-crypto, lftp
. "$(dirname "$0")/lib.sh"
tshark_opts='--disable-protocol ftp --enable-heuristic tls_tcp'
record
proftpd_server
client lftp -c "set ftp:ssl-force on; set ftp:ssl-protect-data off; set ftp:ssl-use-ccc on; set ssl:verify-certificate no; set ftp:use-ccc on;
	set ssl:priority NORMAL:-VERS-TLS1.3; open -u u,pass $S; cat file.txt; bye"
says 'a file'
expect server=$S:21 upgrade=ftp version=TLSv1.2 cipher=0xc030 sentinel=01 sni=192.0.2.20
finish
