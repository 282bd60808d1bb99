#!/bin/sh
# shows: TLS 1.2: the client goes away without a word when it has the server's certificate
# origin: a Python client that sends a recorded hello, OpenSSL 3.0 s_server
# needs: python3
. "$(dirname "$0")/lib.sh"
record
s_server 443 -cert "$pki/rsa.pem" -key "$pki/rsa.key" -tls1_2
client python3 -c '
import socket, ssl, sys
c = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
c.check_hostname = False
c.verify_mode = ssl.CERT_NONE
i, o = ssl.MemoryBIO(), ssl.MemoryBIO()
t = c.wrap_bio(i, o, server_hostname="www.example.test")
try:
    t.do_handshake()
except ssl.SSLWantReadError:
    pass
s = socket.create_connection((sys.argv[1], 443))
s.sendall(o.read())
got = b""
while len(got) < 1200:
    got += s.recv(65536)
s.close()
' $S
expect outcome=closed version=TLSv1.2 cipher=0xc030 alert=s50
finish
