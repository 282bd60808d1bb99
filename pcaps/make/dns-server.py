"""dns-server.py - answers every DNS question for an A record on UDP port 53 with 10.20.1.10."""
import socket

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 53))
while True:
    q, who = s.recvfrom(512)
    s.sendto(q[:2] + b"\x81\x80" + q[4:6] + q[4:6] + bytes(4) + q[12:] + bytes.fromhex("c00c00010001000000780004") + bytes([10, 20, 1, 10]), who)
