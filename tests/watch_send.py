# SPDX-License-Identifier: Apache-2.0
"""Sends frames on an interface (Linux, root): watch_send.py IFACE [--twice] [--one-way] [--cut N] CAPTURE...
or watch_send.py IFACE --bulk COUNT SIZE: COUNT UDP datagrams of SIZE bytes that nobody waits for."""
import argparse
import gzip
import socket
import struct
import sys
import time


def frames(path):
    """The frames of an Ethernet pcap file; nothing of another link type."""
    data = (gzip.open if path.endswith('.gz') else open)(path, 'rb').read()
    order = '<' if data[:4] in (b'\xd4\xc3\xb2\xa1', b'\x4d\x3c\xb2\xa1') else '>'
    if struct.unpack(order + 'I', data[20:24])[0] & 0xffff != 1:
        return
    at = 24
    while at + 16 <= len(data):
        n = struct.unpack(order + 'I', data[at + 8:at + 12])[0]
        yield data[at + 16:at + 16 + n]
        at += 16 + n


def from_client(frame):
    """By the ports of TCP over IPv4: the higher one is the client's. Anything else passes."""
    if frame[12:14] != b'\x08\x00' or frame[23] != 6:
        return True
    at = 14 + (frame[14] & 15) * 4
    sport, dport = struct.unpack('>HH', frame[at:at + 4])
    return sport > dport


def main():
    p = argparse.ArgumentParser()
    p.add_argument('interface')
    p.add_argument('--twice', action='store_true')
    p.add_argument('--one-way', action='store_true')
    p.add_argument('--cut', type=int, default=1 << 20)
    p.add_argument('--bulk', nargs=2, type=int)
    p.add_argument('captures', nargs='*')
    o = p.parse_intermixed_args()
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    out.bind((o.interface, 0))
    sent = 0
    if o.bulk:
        count, size = o.bulk
        head = struct.pack('>6s6sH', b'\x02\0\0\0\0\1', b'\x02\0\0\0\0\2', 0x0800)
        ip = struct.pack('>BBHHHBBH4s4s', 0x45, 0, 28 + size, 1, 0, 64, 17, 0, b'\x0a\0\0\1', b'\x0a\0\0\2')
        frame = head + ip + struct.pack('>HHHH', 40000, 9, 8 + size, 0) + bytes(size)
        for _ in range(count):
            sent += out.send(frame) > 0
    for path in o.captures:
        for frame in frames(path):
            if o.one_way and not from_client(frame):
                continue
            for _ in range(1 + o.twice):
                sent += out.send(frame[:o.cut]) > 0
            if sent % 256 == 0:
                time.sleep(0.002)
    print(sent)
    return 0 if sent else 1


sys.exit(main())
