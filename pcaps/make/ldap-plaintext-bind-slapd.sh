#!/bin/sh
# shows: LDAP: a simple bind in clear text, StartTLS never asked for
# origin: ldapsearch 2.5 against slapd 2.5
# needs: slapd, ldap-utils
. "$(dirname "$0")/lib.sh"
record
slapd_server
ldap_client ''
says 'namingContexts: dc=example'
expect server=$S:389 upgrade=ldap outcome=plaintext sni=
finish
