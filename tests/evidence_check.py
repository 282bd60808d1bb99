#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""evidence_check.py TLSUNSET REPORT.json DIR - is every file of DIR its owner's alone, without contents of records and without
logins, and does it give the verdict by itself that the report of the whole gives?"""
import json
import os
import re
import struct
import subprocess
import sys

program, report, folder = sys.argv[1:]
verdicts = json.load(open(report))["verdicts"]
bad = []


def key(v):
    return (v["policy"], v["client"], v["stack"], v["server_ip"], v["server_port"], v["name"], v["upgrade"])


want = {}
for v in verdicts:
    want.setdefault(key(v), set()).add(v["verdict"]) # one name may be there by TCP and by QUIC


def packets(path):
    data = open(path, "rb").read()
    if data[:4] != b"\x4d\x3c\xb2\xa1":
        bad.append("%s: is no capture with nanoseconds" % path)
        return
    at = 24
    while at < len(data):
        caplen, length = struct.unpack("<II", data[at + 8:at + 16])
        yield data[at + 16:at + 16 + caplen]
        at += 16 + caplen


SECRET = re.compile(rb"(?i)(^|\n)(a\d+ )?(pass|user|login|auth (plain|login)) +[x* ]*[^x* \r\n]|authorization: ?basic ")


def contents(path):
    for p in packets(path):
        for m in re.finditer(rb"\x17\x03[\x00-\x04]", p):
            at = m.start()
            n = struct.unpack(">H", p[at + 3:at + 5].ljust(2, b"\0"))[0]
            body = p[at + 5:at + 5 + n]
            if 20 < n < 16600 and at + 5 + n <= len(p) and sum(map(bool, body)) > 4: # but for the heads of attributes
                bad.append("%s: shows the contents of a record" % path)
        if SECRET.search(p):
            bad.append("%s: shows a login: %r" % (path, SECRET.search(p).group(0)))


lines = [line.rstrip("\n").split("\t") for line in open(os.path.join(folder, "index.txt"))]
enough = 0
for name, verdict, client, server, sni, stack, word in lines:
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        bad.append("%s: is not there" % path)
        continue
    if os.stat(path).st_mode & 0o777 != 0o600:
        bad.append("%s: others may read it" % path)
    contents(path)
    policy = next(p for p in {k[0] for k in want} if name[5:].startswith(p + "-"))
    if word.startswith("does not"):
        continue
    enough += 1
    run = subprocess.run([program, "read", "-q", "--seed", "2", "-f", "json", "--policy", policy, path], capture_output=True)
    if run.returncode not in (0, 1, 3):
        bad.append("%s: %s" % (path, run.stderr.decode()))
        continue
    got = [v for v in json.loads(run.stdout)["verdicts"] if v["client"] == client and (v["stack"] or "-") == stack]
    if not any(v["verdict"] == verdict and verdict in want.get(key(v), ()) for v in got):
        bad.append("%s: gives %s" % (path, [v["verdict"] for v in got]))
due = sum(1 for v in verdicts if v["verdict"] != "ready")
if len(lines) != due:
    bad.append("%u verdicts are not ready, %u have evidence" % (due, len(lines)))
if enough < 0.98 * due:
    bad.append("only %u of %u give the verdict by themselves" % (enough, due))
for b in bad[:20]:
    print("evidence_check: " + b, file=sys.stderr)
print("evidence: %u files" % len(lines))
sys.exit(bool(bad))
