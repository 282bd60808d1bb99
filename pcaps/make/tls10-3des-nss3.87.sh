#!/bin/sh
# shows: TLS 1.0 with 3DES between NSS programs
# origin: NSS 3.87 selfserv and tstclnt
# needs: libnss3-tools
. "$(dirname "$0")/lib.sh"
record
nss_server 443 ssl3:tls1.2 :000a
nss_client 443 ssl3:tls1.0 :000a:0005
expect version=TLSv1.0 cipher=0x000a sentinel=00
finish
