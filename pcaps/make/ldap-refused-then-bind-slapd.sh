#!/bin/sh
# shows: LDAP: StartTLS refused (protocolError), then a simple bind in clear text on the same connection
# origin: ldapsearch 2.5 -Z against slapd 2.5 without TLS
# needs: slapd, ldap-utils
. "$(dirname "$0")/lib.sh"
record
slapd_server plain
ldap_client '' -Z
says 'namingContexts: dc=example'
expect server=$S:389 upgrade=ldap outcome=refused sni=
finish
