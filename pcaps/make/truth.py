#!/usr/bin/env python3
"""truth.py [--check EXPECT] PCAP [TSHARK OPTIONS] - what tshark sees in a capture, as lines of a .expect file.

Without --check, prints one line per ClientHello or ServerHello conversation (upgrade and outcome are left open: "?").
With it, compares the columns tshark knows (transport, client, server, version, cipher, sni, hrr, sentinel, alert) and exits 1 on a difference.
"""
import subprocess
import sys

VERSIONS = {0x0002: "SSLv2", 0x0300: "SSLv3", 0x0301: "TLSv1.0", 0x0302: "TLSv1.1", 0x0303: "TLSv1.2", 0x0304: "TLSv1.3",
            0xfeff: "DTLSv1.0", 0xfefd: "DTLSv1.2", 0xfefc: "DTLSv1.3", 0x0100: "DTLSv1.0"}
HRR = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
FIELDS = ("frame.protocols tcp.stream udp.stream ip.src ipv6.src ip.dst ipv6.dst tcp.srcport tcp.dstport udp.srcport udp.dstport "
          "tls.handshake.type dtls.handshake.type tls.handshake.version dtls.handshake.version "
          "tls.handshake.extensions.supported_version dtls.handshake.extensions.supported_version "
          "tls.handshake.ciphersuite dtls.handshake.ciphersuite tls.handshake.extensions_server_name "
          "dtls.handshake.extensions_server_name tls.handshake.random tls.alert_message.desc dtls.alert_message.desc "
          "tls.alert_message.level dtls.alert_message.level quic.version").split()


def rows(pcap, options):
    cmd = ["tshark", "-n", "-r", pcap, *options, "-Y", "tls.handshake.type || dtls.handshake.type || tls.alert_message || "
           "dtls.alert_message", "-T", "fields", "-E", "separator=|", "-E", "occurrence=a"]
    for f in FIELDS:
        cmd += ["-e", f]
    text = subprocess.run(cmd, capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        yield dict(zip(FIELDS, line.split("|")))


def last(r, *names):
    for n in names:
        if r.get(n):
            return r[n].split(",")[-1]
    return ""


def first(r, *names):
    for n in names:
        if r.get(n):
            return r[n].split(",")[0]
    return ""


def number(text):
    return int(text, 0) if text else 0


def handshakes(pcap, options):
    streams = {}
    for r in rows(pcap, options):
        udp = not r["tcp.stream"]
        key = ("udp", last(r, "udp.stream")) if udp else ("tcp", last(r, "tcp.stream"))
        inner = [p for p in r["frame.protocols"].split(":") if p in ("ip", "ipv6")][-1:] or ["ip"]
        src, dst = last(r, inner[0] + ".src"), last(r, inner[0] + ".dst")
        sport = last(r, "udp.srcport" if udp else "tcp.srcport")
        dport = last(r, "udp.dstport" if udp else "tcp.dstport")
        types = [t for t in (r["tls.handshake.type"] + "," + r["dtls.handshake.type"]).split(",") if t]
        h = streams.setdefault(key, {"transport": key[0], "version": "-", "cipher": "-", "sni": "-", "hrr": False, "sentinel": "", "alerts": []})
        if r["quic.version"]:
            h["transport"] = "quic"
        if "1" in types:
            h["client"], h["server"] = src, (dst, dport)
            h["sni"] = first(r, "tls.handshake.extensions_server_name", "dtls.handshake.extensions_server_name") or h["sni"]
        if "2" in types:
            h["client"], h["server"] = dst, (src, sport)
            if first(r, "tls.handshake.random").replace(":", "") == HRR:
                h["hrr"] = True
                continue
            wire = number(first(r, "tls.handshake.extensions.supported_version", "dtls.handshake.extensions.supported_version",
                                "tls.handshake.version", "dtls.handshake.version"))
            h["version"] = VERSIONS.get(wire, hex(wire))
            tail = first(r, "tls.handshake.random").replace(":", "")[-16:]
            h["sentinel"] = tail[-2:] if tail in ("444f574e47524400", "444f574e47524401") else ""
            h["cipher"] = "0x%04x" % number(first(r, "tls.handshake.ciphersuite", "dtls.handshake.ciphersuite"))
        level = first(r, "tls.alert_message.level", "dtls.alert_message.level")
        desc = first(r, "tls.alert_message.desc", "dtls.alert_message.desc")
        if desc and level == "2":
            who = "c" if h.get("client") == src else "s"
            h["alerts"].append(who + desc)
    return [h for h in streams.values() if "client" in h]


def address(host, port):
    return "[%s]:%s" % (host, port) if ":" in host else "%s:%s" % (host, port)


def line(h):
    text = "%s %s %s ? ? %s %s %s" % (h["transport"], h["client"], address(*h["server"]), h["version"], h["cipher"], h["sni"])
    return text + (" hrr" if h["hrr"] else "") + (" sentinel=" + h["sentinel"] if h["sentinel"] else "") + "".join(" alert=" + a for a in h["alerts"])


def known(text):
    """The columns both sides know; resumption and outcomes are not tshark's to say."""
    c = text.split()
    extra = sorted(e for e in c[8:] if e == "hrr" or e.startswith(("alert=", "sentinel=")))
    return " ".join([c[0], c[1], c[2], c[5], c[6], c[7], *extra])


def main():
    args = sys.argv[1:]
    check = None
    if args[0] == "--check":
        check, args = args[1], args[2:]
    seen = sorted(line(h) for h in handshakes(args[0], args[1:]))
    if check is None:
        print("\n".join(seen))
        return 0
    skip = ("refused", "stripped", "plaintext", "not_offered", "not_observable", "abandoned")
    with open(check, encoding="utf-8") as f:
        want = [x.strip() for x in f if x.strip() and not x.startswith("#")]
    want = sorted(known(x) for x in want if x.split()[4] not in skip)
    have = sorted(known(x) for x in seen)
    for x in want:
        if x not in have:
            print("expected, not seen by tshark: " + x)
    for x in have:
        if x not in want:
            print("seen by tshark, not expected: " + x)
    return 0 if want == have else 1


if __name__ == "__main__":
    sys.exit(main())
