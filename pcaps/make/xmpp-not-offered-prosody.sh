#!/bin/sh
# shows: XMPP: the server has no STARTTLS, the client logs in (SASL PLAIN) in clear text
# origin: a script against prosody 0.12 without its tls module
# needs: prosody, python3
. "$(dirname "$0")/lib.sh"
record
prosody_server plain
chat 5222 '' "<?xml version='1.0'?><stream:stream to='example.test' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>" \
	'</stream:features>' "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHUAcGFzcw==</auth>" 'failure' '</stream:stream>'
expect server=$S:5222 upgrade=xmpp outcome=not_offered sni=
finish
