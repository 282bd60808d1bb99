#!/bin/sh
# shows: NNTP: STARTTLS refused (580 or 502), the session goes on in clear text
# origin: a script against nnrpd (inn2 2.7) without TLS
# needs: inn2, python3
. "$(dirname "$0")/lib.sh"
record
nnrpd_server plain
chat 119 '200 ' STARTTLS '5' QUIT '205'
expect server=$S:119 upgrade=nntp outcome=refused sni=
finish
