"""chat.py HOST PORT [WAIT SEND]... - waits for a text, sends a line, and so on; prints what the server says; a last WAIT may stand alone.

In SEND, \\r\\n is added unless it ends in \\c; \\x escapes are understood in both.
"""
import socket
import sys


def text(s):
    return s.encode().decode("unicode_escape").encode("latin-1")


sock = socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=10)
steps = sys.argv[3:]
seen = b""
for i, step in enumerate(steps):
    if i % 2 == 0:
        while text(step) not in seen:
            more = sock.recv(65536)
            if not more:
                print("chat: closed while waiting for", step)
                sys.exit(1)
            sys.stdout.write(more.decode("latin-1"))
            sys.stdout.flush()
            seen += more
        seen = seen[seen.index(text(step)) + len(text(step)):]
    elif step.endswith("\\c"):
        sock.sendall(text(step[:-2]))
    else:
        sock.sendall(text(step) + b"\r\n")
sock.close()
