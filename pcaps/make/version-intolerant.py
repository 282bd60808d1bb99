"""version-intolerant.py PORT BEHIND: what old balancers did to a ClientHello of TLS 1.1 or later: nothing at all. An older one is
passed on to the server on port BEHIND."""
import socket
import sys
import threading

ignored = []  # these stay open: their clients wait in vain


def copy(a, b):
    while True:
        data = a.recv(65536)
        if not data:
            break
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)


server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True:
    c, _ = server.accept()
    hello = c.recv(65536)
    if hello[9:11] > b"\x03\x01":  # ClientHello.legacy_version
        ignored.append(c)
        continue
    behind = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    behind.sendall(hello)
    for pair in ((c, behind), (behind, c)):
        threading.Thread(target=copy, args=pair, daemon=True).start()
