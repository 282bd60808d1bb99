#!/bin/sh
# shows: LDAP: a SASL bind (DIGEST-MD5) whose security layer seals what follows: neither TLS nor clear text
# origin: ldapsearch 2.5 against slapd 2.5
# needs: slapd, ldap-utils, libsasl2-modules
. "$(dirname "$0")/lib.sh"
tshark_blind='there is no TLS in it'
mkdir -p "$run/ldap"
cat >"$run/slapd.conf" <<X
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile $run/ldap/pid
sasl-auxprops slapd
sasl-host mail.example.test
authz-regexp uid=([^,]*),cn=[^,]*,cn=digest-md5,cn=auth cn=\$1,dc=example,dc=test
authz-regexp uid=([^,]*),cn=digest-md5,cn=auth cn=\$1,dc=example,dc=test
database mdb
suffix dc=example,dc=test
rootdn cn=admin,dc=example,dc=test
rootpw pass
directory $run/ldap
X
slapadd -f "$run/slapd.conf" <<X
dn: dc=example,dc=test
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: cn=joe,dc=example,dc=test
objectClass: person
cn: joe
sn: joe
userPassword: pass
X
record
serve 389 slapd -d 0 -f "$run/slapd.conf" -h 'ldap://0.0.0.0'
client ldapsearch -Y DIGEST-MD5 -O minssf=56 -U joe -w pass -H "ldap://mail.example.test" -b dc=example,dc=test -s base o
says 'o: Example'
expect server=$S:389 upgrade=ldap outcome=not_observable sni=
finish
