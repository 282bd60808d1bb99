"""rewrite-relay.py PORT TO-PORT FROM TO - a middlebox: relays connections to 127.0.0.1:TO-PORT and overwrites FROM by TO in replies."""
import socket
import sys
import threading


def pump(a, b, change):
    while True:
        try:
            data = a.recv(65536)
        except OSError:
            data = b""
        if not data:
            try:
                b.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            return
        b.sendall(data.replace(*change) if change else data)


server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True:
    front, _ = server.accept()
    back = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    threading.Thread(target=pump, args=(front, back, None), daemon=True).start()
    threading.Thread(target=pump, args=(back, front, (sys.argv[3].encode(), sys.argv[4].encode())), daemon=True).start()
