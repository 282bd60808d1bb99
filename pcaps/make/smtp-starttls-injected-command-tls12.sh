#!/bin/sh
# shows: SMTP: a command pipelined behind STARTTLS in one segment (CVE-2011-0411), then TLS 1.2
# origin: a script (OpenSSL 3.0) against postfix 3.7
# needs: postfix, python3
. "$(dirname "$0")/lib.sh"
record
postfix_server
client python3 "$here/tls-after.py" $S 25 smtp-injected TLSv1_2
says 'client: TLSv1.2 '
expect server=$S:25 upgrade=smtp version=TLSv1.2 cipher=0xc030 sentinel=01
finish
