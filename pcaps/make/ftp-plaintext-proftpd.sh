#!/bin/sh
# shows: FTP: a login and a file in clear text where AUTH TLS was possible
# origin: curl against proftpd 1.3.8
# needs: proftpd-core, proftpd-mod-crypto, curl
. "$(dirname "$0")/lib.sh"
record
proftpd_server
client curl -s -u u:pass "ftp://$S/file.txt"
says 'a file'
expect server=$S:21 upgrade=ftp outcome=plaintext sni=
finish
