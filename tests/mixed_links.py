# SPDX-License-Identifier: Apache-2.0
"""A pcapng of Ethernet and raw IP: packets of the first interface, so many of them before the second is described."""
import struct
import sys


def block(kind, body):
    size = struct.pack('<I', len(body) + 12)
    return struct.pack('<I', kind) + size + body + size


def interface(link):
    return block(1, struct.pack('<HHI', link, 0, 65535))


def packet(number):
    frame = bytes(12) + b'\x08\x06' + bytes(46)
    return block(6, struct.pack('<IIIII', 0, 0, 1000000 + number, len(frame), len(frame)) + frame)


before = int(sys.argv[1])
packets = [packet(n) for n in range(5)]
sys.stdout.buffer.write(block(0x0a0d0d0a, struct.pack('<IHHq', 0x1a2b3c4d, 1, 0, -1)) + interface(1) +
                        b''.join(packets[:before]) + interface(101) + b''.join(packets[before:]))
