#!/bin/sh
# shows: LDAP StartTLS at TLS 1.3 before a bind
# origin: ldapsearch 2.5 (GnuTLS 3.7) against slapd 2.5
# needs: slapd, ldap-utils
. "$(dirname "$0")/lib.sh"
record
slapd_server
ldap_client '' -ZZ
says 'namingContexts: dc=example'
expect server=$S:389 upgrade=ldap version=TLSv1.3 cipher=0x1302 sni=
finish
