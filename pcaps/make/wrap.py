#!/usr/bin/env python3
"""wrap.py KIND IN OUT - wraps each packet of an Ethernet capture in an encapsulation that no program of Debian 12 makes.

Identifiers that differ by direction in real networks (GTP TEIDs, L2TP sessions, MPLS labels) do so here. Outer addresses are
172.31.0.1 and 172.31.0.2 (fd00::1, fd00::2), outer MACs 02:00:00:00:02:01 and :02.
"""
import struct
import sys

MAC = (bytes.fromhex("020000000201"), bytes.fromhex("020000000202"))
V4 = (bytes([172, 31, 0, 1]), bytes([172, 31, 0, 2]))
V6 = (bytes.fromhex("fd00" + "00" * 13 + "01"), bytes.fromhex("fd00" + "00" * 13 + "02"))
ETHERNET, NULL, PPP, LOOP, RADIOTAP, IPV4_LINK = 1, 0, 9, 108, 127, 228


def checksum(data):
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def ether(d, kind, body):
    return MAC[1 - d] + MAC[d] + struct.pack("!H", kind) + body


def ip4(d, proto, body, ident=0, flags=0x4000):
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), ident, flags, 64, proto, 0) + V4[d] + V4[1 - d]
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def ip6(d, proto, body):
    return struct.pack("!IHBB", 0x60000000, len(body), proto, 64) + V6[d] + V6[1 - d] + body


def udp(d, sport, dport, body):
    """Over IPv4, without a checksum, as tunnels send it."""
    return ip4(d, 17, struct.pack("!HHHH", sport, dport, 8 + len(body), 0) + body)


def ip_of(frame):
    return frame[14:]


def ppp_ip(frame):
    return b"\x00\x21" + ip_of(frame)


def teredo(d, frame):
    """IPv6 in UDP; the client's address becomes a Teredo one (RFC 4380 section 4: server 172.31.0.2, its UDP port and address inverted)."""
    there = bytes.fromhex("20010000" "ac1f0002" "8000") + struct.pack("!H", 51413 ^ 0xFFFF) + bytes(b ^ 0xFF for b in V4[0])
    ip = bytearray(ip_of(frame))
    ip[8 + 16 * d:24 + 16 * d] = there
    tcp = bytearray(ip[40:])
    tcp[16:18] = b"\0\0"
    padded = bytes(ip[8:40]) + struct.pack("!II", len(tcp), 6) + bytes(tcp) + bytes(len(tcp) % 2)
    tcp[16:18] = struct.pack("!H", checksum(padded))
    return ether(d, 0x0800, udp(d, (51413, 3544)[d], (3544, 51413)[d], bytes(ip[:40] + tcp)))


def wlan(d, frame):
    """An 802.11 QoS data frame to (d = 0) or from the access point, with LLC/SNAP."""
    bssid, dst, src = MAC[1], frame[:6], frame[6:12]
    addresses = bssid + src + dst if d == 0 else dst + bssid + src
    return bytes([0x88, 0x01 if d == 0 else 0x02, 0, 0]) + addresses + bytes(4) + bytes.fromhex("aaaa03000000") + frame[12:]


def label(value, bottom):
    return struct.pack("!I", value << 12 | (0x100 if bottom else 0) | 64)


def fragments(d, packet, size):
    """The IPv4 packet in fragments of so many bytes of payload (a multiple of 8)."""
    body, ident = packet[20:], fragments.ident
    fragments.ident = ident % 65535 + 1
    for at in range(0, len(body), size):
        more = 0x2000 if at + size < len(body) else 0
        yield ether(d, 0x0800, ip4(d, packet[9], body[at:at + size], ident, more | at // 8))


fragments.ident = 1

# KIND: (link type, function of direction and Ethernet frame giving one frame or a list of them)
KINDS = {
    "pppoe": (ETHERNET, lambda d, f: ether(d, 0x8864, struct.pack("!BBHH", 0x11, 0, 7, 2 + len(ip_of(f))) + ppp_ip(f))),
    "mpls-pseudowire": (ETHERNET, lambda d, f: ether(d, 0x8847, label(100 + d, True) + f)),
    "mpls-pseudowire-control-word": (ETHERNET, lambda d, f: ether(d, 0x8847, label(100 + d, True) + bytes(4) + f)),
    "gre-ip": (ETHERNET, lambda d, f: ether(d, 0x0800, ip4(d, 47, bytes.fromhex("00000800") + ip_of(f)))),
    "erspan-i": (ETHERNET, lambda d, f: ether(d, 0x0800, ip4(d, 47, bytes.fromhex("000088be") + f))),
    "erspan-iii-subheader": (ETHERNET, lambda d, f: ether(d, 0x0800, ip4(
        d, 47, bytes.fromhex("100022eb00000001" "200a000a" "00000000" "00000001" "28000000" "00000000") + f))),
    "vxlan-gpe-ip": (ETHERNET, lambda d, f: ether(d, 0x0800, udp(d, 49152, 4790, bytes.fromhex("0c00000100002a00") + ip_of(f)))),
    "geneve-options": (ETHERNET, lambda d, f: ether(d, 0x0800, udp(
        d, 49152, 6081, bytes.fromhex("0200655800002a00" "0100800100000007") + f))),
    "gtpu": (ETHERNET, lambda d, f: ether(d, 0x0800, udp(
        d, 2152, 2152, struct.pack("!BBHI", 0x30, 0xFF, len(ip_of(f)), 0x1000 + d) + ip_of(f)))),
    "gtpu-extension": (ETHERNET, lambda d, f: ether(d, 0x0800, udp(
        d, 2152, 2152, struct.pack("!BBHI", 0x34, 0xFF, 8 + len(ip_of(f)), 0x1000 + d) + bytes.fromhex("00000085" "01100900") + ip_of(f)))),
    "ipip": (ETHERNET, lambda d, f: ether(d, 0x0800, ip4(d, 4, ip_of(f)))),
    "4in6": (ETHERNET, lambda d, f: ether(d, 0x86DD, ip6(d, 4, ip_of(f)))),
    "6in4": (ETHERNET, lambda d, f: ether(d, 0x0800, ip4(d, 41, ip_of(f)))),
    "6in6": (ETHERNET, lambda d, f: ether(d, 0x86DD, ip6(d, 41, ip_of(f)))),
    "teredo": (ETHERNET, teredo),
    "l2tp": (ETHERNET, lambda d, f: ether(d, 0x0800, udp(
        d, 1701, 1701, struct.pack("!HHHH", 0x4002, 12 + len(ip_of(f)), 5 + d, 9 + d) + b"\xff\x03" + ppp_ip(f)))),
    "tzsp": (ETHERNET, lambda d, f: ether(0, 0x0800, udp(0, 37008, 37008, bytes.fromhex("0100000101") + f))),
    "capwap-80211": (ETHERNET, lambda d, f: ether(d, 0x0800, udp(
        d, (32768, 5247)[d], (5247, 32768)[d], bytes.fromhex("0010030000000000") + wlan(d, f)))),
    "capwap-80211-swapped": (ETHERNET, lambda d, f: ether(d, 0x0800, udp(  # Cisco swaps the two bytes of frame control
        d, (32768, 5247)[d], (5247, 32768)[d], bytes.fromhex("0010030000000000") + wlan(d, f)[1::-1] + wlan(d, f)[2:]))),
    "capwap-8023": (ETHERNET, lambda d, f: ether(d, 0x0800, udp(
        d, (32768, 5247)[d], (5247, 32768)[d], bytes.fromhex("0010020000000000") + f))),
    "radiotap": (RADIOTAP, lambda d, f: bytes.fromhex("0000080000000000") + wlan(d, f)),
    "nsh": (ETHERNET, lambda d, f: ether(d, 0x894F, bytes.fromhex("0fc60103" "000017ff") + bytes(16) + f)),
    "pbb": (ETHERNET, lambda d, f: ether(d, 0x88A8, bytes.fromhex("000a" "88e7" "00000123") + f)),
    "cisco-metadata": (ETHERNET, lambda d, f: f[:12] + bytes.fromhex("8909" "0101" "0001" "0010") + f[12:]),
    "vntag": (ETHERNET, lambda d, f: f[:12] + bytes.fromhex("8926" "00010002") + f[12:]),
    "link-null": (NULL, lambda d, f: struct.pack("<I", 2) + ip_of(f)),
    "link-loop": (LOOP, lambda d, f: struct.pack("!I", 2) + ip_of(f)),
    "link-ppp": (PPP, lambda d, f: b"\xff\x03" + ppp_ip(f)),
    "link-ipv4": (IPV4_LINK, lambda d, f: ip_of(f)),
    "gre-outer-fragments": (ETHERNET, lambda d, f: list(fragments(d, ip4(d, 47, bytes.fromhex("00006558") + f), 480))),
    "erspan-in-vxlan-in-vlan": (ETHERNET, lambda d, f: ether(d, 0x8100, bytes.fromhex("00140800") + udp(
        d, 49152, 4789, bytes.fromhex("0800000000002a00") + ether(d, 0x0800, ip4(
            d, 47, bytes.fromhex("100088be00000001" "100a000a00000003") + f))))),
}


def main():
    kind, source, target = sys.argv[1:4]
    link, wrap = KINDS[kind]
    with open(source, "rb") as f:
        data = f.read()
    at, client = 24, None
    out = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link)]
    while at < len(data):
        sec, usec, size, _ = struct.unpack_from("<IIII", data, at)
        frame = data[at + 16:at + 16 + size]
        at += 16 + size
        client = client or frame[6:12]
        made = wrap(0 if frame[6:12] == client else 1, frame)
        for packet in made if isinstance(made, list) else [made]:
            out.append(struct.pack("<IIII", sec, usec, len(packet), len(packet)) + packet)
    with open(target, "wb") as f:
        f.write(b"".join(out))


if __name__ == "__main__":
    main()
