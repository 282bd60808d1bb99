#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""evidence_fragments.py split IN.pcap OUT.pcap: each IPv4 datagram of Ethernet frames in pieces of 96 bytes, the last piece first.
evidence_fragments.py same A.pcap B.pcap: do both hold the same datagrams, put together, and B some in pieces?"""
import struct
import sys

PIECE = 96


def frames(path):
    data = open(path, "rb").read()
    order = "<" if data[0] in (0xd4, 0x4d) else ">"
    at = 24
    while at < len(data):
        head = struct.unpack(order + "IIII", data[at:at + 16])
        yield head, data[at + 16:at + 16 + head[2]], data[:24], order
        at += 16 + head[2]


def pieces(frame, number):
    total, _, field = struct.unpack(">HHH", frame[16:22])
    ip, body = bytearray(frame[14:34]), frame[34:14 + total]
    if frame[12:14] != b"\x08\x00" or frame[14] != 0x45 or field & 0x3fff or len(body) <= PIECE:
        return [frame]
    out = []
    for off in range(0, len(body), PIECE):
        piece = body[off:off + PIECE]
        more = 0x2000 if off + PIECE < len(body) else 0
        struct.pack_into(">HHH", ip, 2, 20 + len(piece), number, more | off // 8)
        out.append(frame[:14] + bytes(ip) + piece)
    return out[::-1]


def split(source, target):
    with open(target, "wb") as f:
        for number, (head, frame, file_head, order) in enumerate(frames(source)):
            if number == 0:
                f.write(file_head)
            for i, piece in enumerate(pieces(frame, number & 0xffff)):
                f.write(struct.pack(order + "IIII", head[0], head[1] + i, len(piece), len(piece)) + piece)


def datagrams(path):
    whole, waiting, split_up = [], {}, 0
    for _, frame, _, _ in frames(path):
        total, number, field = struct.unpack(">HHH", frame[16:22])
        body = frame[34:14 + total]
        if not field & 0x3fff:
            whole.append((frame[23:24], frame[26:34], body))
            continue
        parts = waiting.setdefault((frame[26:34], number), {})
        parts[(field & 0x1fff) * 8] = (body, bool(field & 0x2000))
        end = 0
        while end in parts and parts[end][1]:
            end += len(parts[end][0])
        if end in parts:
            whole.append((frame[23:24], frame[26:34], b"".join(parts[o][0] for o in sorted(parts))))
            split_up += 1
            del waiting[frame[26:34], number]
    if waiting:
        sys.exit("evidence_fragments: %s: %u datagrams are not complete" % (path, len(waiting)))
    return whole, split_up


def main():
    if sys.argv[1] == "split":
        split(sys.argv[2], sys.argv[3])
        return
    (a, _), (b, split_up) = datagrams(sys.argv[2]), datagrams(sys.argv[3])
    a.sort()
    b.sort()
    if not a or a != b or not split_up:
        sys.exit("evidence_fragments: %u and %u datagrams, %u in pieces, first difference at %s" % (
            len(a), len(b), split_up, next((i for i, (x, y) in enumerate(zip(a, b)) if x != y), "none")))


main()
