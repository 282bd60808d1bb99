#!/bin/sh
# shows: SSL 3.0 with RC4-SHA between NSS programs
# origin: NSS 3.87 selfserv and tstclnt
# needs: libnss3-tools
. "$(dirname "$0")/lib.sh"
record
nss_server 443 ssl3:tls1.2 :0005:0004:000a:002f
nss_client 443 ssl3:ssl3 :0005
expect version=SSLv3 cipher=0x0005 sni=
finish
