"""rewrite-relay.py PORT TO-PORT FROM TO [commands] - a middlebox: relays connections to 127.0.0.1:TO-PORT and overwrites FROM by TO.

In the replies, or in the commands.
"""
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


change = (sys.argv[3].encode(), sys.argv[4].encode())
commands = "commands" in sys.argv[5:]
server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True:
    front, _ = server.accept()
    back = socket.create_connection(("127.0.0.1", int(sys.argv[2])))
    threading.Thread(target=pump, args=(front, back, change if commands else None), daemon=True).start()
    threading.Thread(target=pump, args=(back, front, None if commands else change), daemon=True).start()
