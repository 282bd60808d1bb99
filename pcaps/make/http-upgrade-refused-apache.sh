#!/bin/sh
# shows: HTTP Upgrade to TLS asked for, and answered in clear text with 200
# origin: a script against Apache 2.4 without TLS
# needs: apache2-bin, python3
. "$(dirname "$0")/lib.sh"
record
apache_server off
chat 80 '' 'OPTIONS * HTTP/1.1\r\nHost: www.example.test\r\nUpgrade: TLS/1.0\r\nConnection: Upgrade\r\n' 'HTTP/1.1 200'
expect server=$S:80 upgrade=http-upgrade outcome=refused sni=
finish
