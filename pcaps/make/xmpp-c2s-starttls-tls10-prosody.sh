#!/bin/sh
# shows: XMPP client STARTTLS at TLS 1.0
# origin: OpenSSL 3.0 s_client against prosody 0.12
# needs: prosody
. "$(dirname "$0")/lib.sh"
old_tls
record
prosody_server
starttls xmpp 5222 -tls1 -xmpphost example.test
says 'Protocol *: TLSv1$'
expect server=$S:5222 upgrade=xmpp version=TLSv1.0 cipher=0xc014 sentinel=00
finish
