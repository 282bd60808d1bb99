#!/bin/sh
# shows: FTP with the old spelling AUTH SSL, in lower case, at TLS 1.0
# origin: a script (OpenSSL 3.0) against proftpd 1.3.8
# needs: proftpd-core, proftpd-mod-crypto, python3
. "$(dirname "$0")/lib.sh"
old_tls
tshark_opts='--disable-protocol ftp --enable-heuristic tls_tcp'
record
proftpd_server
client python3 "$here/tls-after.py" $S 21 ftp-ssl TLSv1
says 'client: TLSv1 '
expect server=$S:21 upgrade=ftp version=TLSv1.0 cipher=0xc014 sentinel=00
finish
