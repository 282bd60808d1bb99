"""close-after-hello.py PORT: reads a ClientHello and closes the connection without a word."""
import socket
import sys

server = socket.create_server(("0.0.0.0", int(sys.argv[1])))
while True:
    c, _ = server.accept()
    c.recv(65536)
    c.shutdown(socket.SHUT_WR)
    c.recv(65536)
    c.close()
