#!/bin/sh
# shows: NNTP: STARTTLS is in the list of capabilities and never used
# origin: a script against nnrpd (inn2 2.7)
# needs: inn2, python3
. "$(dirname "$0")/lib.sh"
record
nnrpd_server
chat 119 '200 ' CAPABILITIES '\r\n.\r\n' 'GROUP office.test' '211 ' QUIT '205'
says STARTTLS
expect server=$S:119 upgrade=nntp outcome=plaintext sni=
finish
