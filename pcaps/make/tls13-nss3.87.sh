#!/bin/sh
# shows: TLS 1.3 between NSS programs
# origin: NSS 3.87 selfserv and tstclnt
# needs: libnss3-tools
. "$(dirname "$0")/lib.sh"
record
nss_server 443 tls1.2:tls1.3 :1301:c02f
nss_client 443 tls1.0:tls1.3 :1301:c02f:002f
expect version=TLSv1.3 cipher=0x1301
finish
