"""socks-server.py PORT HOST PORT - a SOCKS 4, 4a and 5 proxy (no authentication) that connects to HOST:PORT whatever it is asked for."""
import socket
import sys
import threading


def read(sock, n):
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def text(sock):
    data = b""
    while not data.endswith(b"\0"):
        data += read(sock, 1)
    return data


def greet(sock):
    version = read(sock, 1)[0]
    if version == 4:
        request = read(sock, 7)
        text(sock)
        if request[3:6] == b"\0\0\0":
            text(sock)
        sock.sendall(b"\0\x5a" + bytes(6))
        return
    read(sock, read(sock, 1)[0])
    sock.sendall(b"\5\0")
    kind = read(sock, 4)[3]
    read(sock, {1: 4, 4: 16}.get(kind) or read(sock, 1)[0])
    read(sock, 2)
    sock.sendall(b"\5\0\0\1" + bytes(6))


def pump(a, b):
    try:
        while data := a.recv(65536):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def serve(front):
    greet(front)
    back = socket.create_connection((sys.argv[2], int(sys.argv[3])))
    threading.Thread(target=pump, args=(back, front), daemon=True).start()
    pump(front, back)


server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
