#!/bin/sh
# shows: XMPP client STARTTLS at TLS 1.3
# origin: OpenSSL 3.0 s_client against prosody 0.12
# needs: prosody
. "$(dirname "$0")/lib.sh"
record
prosody_server
starttls xmpp 5222 -xmpphost example.test
says 'Cipher is TLS_AES_256_GCM_SHA384'
expect server=$S:5222 upgrade=xmpp version=TLSv1.3 cipher=0x1302
finish
