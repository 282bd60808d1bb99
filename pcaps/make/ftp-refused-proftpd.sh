#!/bin/sh
# shows: FTP: AUTH TLS refused (500), then a login in clear text
# origin: a script against proftpd 1.3.8 without TLS
# needs: proftpd-core, python3
. "$(dirname "$0")/lib.sh"
record
proftpd_server off
chat 21 '220 ' 'AUTH TLS' '500 ' 'USER u' '331 ' 'PASS pass' '230 ' QUIT '221 '
expect server=$S:21 upgrade=ftp outcome=refused sni=
finish
