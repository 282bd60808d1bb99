#!/usr/bin/env python3
"""demo-office-morning.py TAKES OUT COUNTS - composes an office's morning from recorded sessions (TAKES/NAME.pcap), the same way every time.

Each row of PLAN plays a take for some clients: addresses, MACs, client ports and times are rewritten, checksums with them;
payloads stay as they were recorded. COUNTS gets what must be found: tshark's ServerHellos of each take times the plays.
"""
import collections
import random
import struct
import sys

import truth

DAY = 1794904200  # Tuesday 2026-11-17 08:30 UTC
HOURS = 3
CLIENT, SERVER = bytes([192, 0, 2, 10]), bytes([192, 0, 2, 20])

INTRANET, ERP, MAIL, LDAP, DB = "10.20.1.10", "10.20.1.11", "10.20.1.12", "10.20.1.14", "10.20.1.15"
NAS, TS, BADGE, DOOR, RADIUS, DNS = "10.20.1.30", "10.20.1.40", "10.20.1.50", "10.20.1.51", "10.20.1.3", "10.20.1.2"
WWW, API, CDN = "203.0.113.80", "198.51.100.17", "203.0.113.99"
PCS = ["10.20.2.%d" % n for n in range(101, 119)]
PRINTERS = ["10.20.3.31", "10.20.3.32"]

# take, clients, server, sessions per client (or a period in minutes as "30m")
PLAN = [
    ("chromium-intranet-1", PCS[0:6], INTRANET, 3),
    ("chromium-intranet-2", PCS[6:12], INTRANET, 3),
    ("chromium-intranet-3", PCS[12:18], INTRANET, 3),
    ("chromium-www", PCS[0:14], WWW, 2),
    ("chromium-cdn", PCS[2:10], CDN, 1),
    ("chromium-quic-cdn", PCS[0:12], CDN, 1),
    ("dns-intranet", PCS, DNS, 2),
    ("dns-mail", PCS[::2], DNS, 1),
    ("dns-www", PCS[1::2], DNS, 1),
    ("monitor-intranet", ["10.20.1.5"], INTRANET, "5m"),
    ("curl-intranet", ["10.20.2.61"], INTRANET, 6),
    ("curl-tls12-intranet", ["10.20.2.62"], INTRANET, 6),
    ("node24-intranet", ["10.20.2.51"], INTRANET, "20m"),
    ("node4-intranet", ["10.20.2.52"], INTRANET, "20m"),
    ("node0.8-intranet", ["10.20.2.53"], INTRANET, "30m"),  # time clock of 2012
    ("java-intranet", ["10.20.2.40"], INTRANET, "45m"),  # bookkeeping of 2010
    ("http-plain", PCS[3:9] + ["10.20.1.5"], "10.20.3.31", 2),
    ("node0.10-erp", ["10.20.2.54"], ERP, "15m"),
    ("java-erp", ["10.20.2.40", "10.20.2.41"], ERP, "30m"),
    ("curl-erp", ["10.20.2.61"], ERP, 4),
    ("chromium-erp-refused", PCS[4:6], ERP, 1),
    ("openssl-tls12-only-erp", ["10.20.2.63"], ERP, 2),
    ("backup-ssl3-nas", ["10.20.2.55"], NAS, 2),
    ("curl-tls12-nas", ["10.20.2.52"], NAS, 2),
    ("curl-www", ["10.20.2.61"], WWW, 2),
    ("node24-api", ["10.20.2.51"], API, "30m"),
    ("node0.8-api-alert70", ["10.20.2.53"], API, 4),
    ("alert48-api", ["10.20.2.62"], API, 1),
    ("clientcert-badge", ["10.20.2.70", "10.20.2.71"], BADGE, 3),
    ("clientcert-missing-badge", ["10.20.2.72"], BADGE, 2),
    ("silent-door", ["10.20.1.5"], DOOR, 2),
    ("printer-smtp-tls10", PRINTERS[:1], MAIL, 7),
    ("printer-smtp-plain", PRINTERS[1:], MAIL, 5),
    ("pc-smtp-tls13", PCS[0:8], MAIL, 2),
    ("pc-imap-tls13", PCS[0:10], MAIL, 3),
    ("phone-imap-tls12", ["10.20.4.21", "10.20.4.22", "10.20.4.23"], MAIL, 4),
    ("copier-pop3-plain", PRINTERS[1:], MAIL, 3),
    ("ldap-tls13", ["10.20.1.10", "10.20.1.12"], LDAP, 6),
    ("ldap-tls10", PRINTERS[:1], LDAP, 4),  # the copier's address book
    ("ldap-plain", ["10.20.2.55"], LDAP, 3),
    ("psql-tls13", ["10.20.1.10"], DB, "15m"),
    ("psql-tls10", ["10.20.2.41"], DB, 4),
    ("psql-plain", ["10.20.2.54"], DB, 2),
    ("mysql-tls12", ["10.20.1.10"], DB, 4),
    ("mysql-plain", ["10.20.2.54"], DB, 2),
    ("rdp-tls12", PCS[10:13], TS, 1),
    ("wifi-peap-tls12-1", ["10.20.1.4"], RADIUS, 2),
    ("wifi-peap-tls12-2", ["10.20.1.4"], RADIUS, 2),
    ("wifi-peap-tls12-3", ["10.20.1.4"], RADIUS, 1),
    ("wifi-peap-tls10", ["10.20.1.4"], RADIUS, 2),  # a barcode reader
    ("scanner-nmap-intranet", ["10.20.9.9"], INTRANET, 1),
    ("scanner-nmap-erp", ["10.20.9.9"], ERP, 1),
]


def address(text):
    return bytes(int(x) for x in text.split("."))


def packets(path):
    with open(path, "rb") as f:
        data = f.read()
    magic = struct.unpack_from("<I", data)[0]
    if magic != 0xA1B2C3D4 or struct.unpack_from("<I", data, 20)[0] != 1:
        sys.exit("%s: not a little-endian Ethernet pcap" % path)
    at = 24
    while at < len(data):
        sec, usec, size, _ = struct.unpack_from("<IIII", data, at)
        yield sec * 1000000 + usec, data[at + 16:at + 16 + size]
        at += 16 + size


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def mac(ip):
    """Off the office's network everything comes from the router."""
    return b"\x02\x00" + (ip if ip[:2] == bytes([10, 20]) else bytes([10, 20, 0, 1]))


class Player:
    """Plays one take once: gives every connection of it a client port of its own."""

    def __init__(self, client, server, ports):
        self.map = {CLIENT: address(client), SERVER: address(server)}
        self.ports, self.seen = ports, {}

    def port(self, number):
        if number not in self.seen:
            self.ports[0] = 32768 + (self.ports[0] - 32767) % 28000
            self.seen[number] = self.ports[0]
        return self.seen[number]

    def rewrite(self, frame):
        """The frame with new addresses, or None for what is not IPv4 between the two."""
        if frame[12:14] != b"\x08\x00" or frame[26:30] not in self.map or frame[30:34] not in self.map:
            return None
        from_client = frame[26:30] == CLIENT
        src, dst = self.map[frame[26:30]], self.map[frame[30:34]]
        head, size = frame[14:34], struct.unpack_from("!H", frame, 16)[0]
        if head[0] != 0x45 or head[9] not in (6, 17):
            return None
        body = bytearray(frame[34:14 + size])
        at = 0 if from_client else 2
        body[at:at + 2] = struct.pack("!H", self.port(struct.unpack_from("!H", body, at)[0]))
        where = 16 if head[9] == 6 else 6
        body[where:where + 2] = b"\0\0"
        pseudo = src + dst + bytes([0, head[9]]) + struct.pack("!H", len(body))
        body[where:where + 2] = struct.pack("!H", checksum(pseudo + bytes(body)) or 0xFFFF)
        head = head[:10] + b"\0\0" + src + dst
        head = head[:10] + struct.pack("!H", checksum(head)) + head[12:]
        return mac(dst) + mac(src) + b"\x08\x00" + head + bytes(body)


def main():
    takes, out, counts = sys.argv[1:4]
    answered = collections.Counter()
    rng = random.Random(20261117)
    ports = [40000]
    morning = []
    sessions = 0
    for take, clients, server, how in PLAN:
        path = "%s/%s.pcap" % (takes, take)
        recorded = list(packets(path))
        # Without TPKT tshark looks for TLS behind RDP's negotiation.
        hellos = [h for h in truth.handshakes(path, ["--disable-protocol", "tpkt", "--enable-heuristic", "tls_tcp"])
                  if h["version"] != "-"]
        for client in clients:
            if isinstance(how, str):
                period = 60 * int(how[:-1])
                starts = [t + rng.uniform(0, 3) for t in range(rng.randrange(period), HOURS * 3600 - 60, period)]
            else:
                starts = sorted(rng.triangular(0, HOURS * 3600 - 60, 2400) for _ in range(how))
            for start in starts:
                player = Player(client, server, ports)
                base = int((DAY + start) * 1000000) - recorded[0][0]
                sessions += 1
                answered.update("%s %s:%s %s %s" % (h["transport"], server, h["server"][1], h["version"], h["cipher"]) for h in hellos)
                for ts, frame in recorded:
                    changed = player.rewrite(frame)
                    if changed:
                        morning.append((ts + base, len(morning), changed))
    morning.sort()
    with open(out, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for ts, _, frame in morning:
            f.write(struct.pack("<IIII", ts // 1000000, ts % 1000000, len(frame), len(frame)) + frame)
    with open(counts, "w", encoding="utf-8") as f:
        f.writelines("%s %d\n" % x for x in sorted(answered.items()))
    print("%d sessions, %d packets" % (sessions, len(morning)))


if __name__ == "__main__":
    main()
