#!/bin/sh
# shows: a fallback dance: hellos of TLS 1.2 and 1.1 that nobody answers, given up after a second and a half, then TLS 1.0
# origin: Python 3.11 (OpenSSL 3.0) client; OpenSSL 3.0 s_server of TLS 1.0 behind a Python relay that drops newer hellos
# needs: python3
. "$(dirname "$0")/lib.sh"
old_tls
record
s_server 8443 -tls1 -cert "$pki/rsa.pem" -key "$pki/rsa.key"
serve 443 python3 "$here/version-intolerant.py" 443 8443
client python3 "$here/dancing-client.py" $S 443 $sni 1.5
says 'TLSv1_2 failed'
says 'TLSv1_1 failed'
says 'spoke TLSv1$'
expect outcome=unanswered
expect outcome=unanswered
expect version=TLSv1.0 cipher=0xc014
finish
