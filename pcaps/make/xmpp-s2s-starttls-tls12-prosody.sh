#!/bin/sh
# shows: XMPP server-to-server STARTTLS at TLS 1.2
# origin: OpenSSL 3.0 s_client against prosody 0.12
# needs: prosody
. "$(dirname "$0")/lib.sh"
record
prosody_server
starttls xmpp-server 5269 -xmpphost example.test -tls1_2
says 'Cipher is ECDHE-RSA-AES256-GCM-SHA384'
expect server=$S:5269 upgrade=xmpp version=TLSv1.2 cipher=0xc030 sentinel=01
finish
