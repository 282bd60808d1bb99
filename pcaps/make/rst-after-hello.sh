#!/bin/sh
# shows: a server that answers the ClientHello with a TCP reset
# origin: OpenSSL 3.0 s_client against a Python socket
# needs: python3
. "$(dirname "$0")/lib.sh"
record
cat >"$run/reset.py" <<'X'
import socket, struct
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); s.bind(("0.0.0.0", 443)); s.listen(5)
while True:
    c, _ = s.accept()
    c.recv(4096)
    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    c.close()
X
serve 443 python3 "$run/reset.py"
s_client 443 -tls1_2
expect outcome=reset
finish
