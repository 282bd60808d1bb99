#!/bin/sh
# shows: XMPP: STARTTLS is offered, the client logs in (SASL PLAIN) in clear text
# origin: a script against prosody 0.12
# needs: prosody, python3
. "$(dirname "$0")/lib.sh"
record
prosody_server
chat 5222 '' "<?xml version='1.0'?><stream:stream to='example.test' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>" \
	'</stream:features>' "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHUAcGFzcw==</auth>" 'failure' '</stream:stream>'
says 'xmpp-tls'
expect server=$S:5222 upgrade=xmpp outcome=plaintext sni=
finish
