"""dns-ask.py SERVER NAME - one DNS question for an A record over UDP."""
import socket
import sys

name = b"".join(bytes([len(p)]) + p.encode() for p in sys.argv[2].split(".")) + b"\0"
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(3)
s.sendto(b"\x20\x26\x01\x00\x00\x01" + bytes(6) + name + b"\x00\x01\x00\x01", (sys.argv[1], 53))
print("answer of", len(s.recv(512)), "bytes")
