#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""report_sums.py REPORT.json [REPORT.txt] - do the sections of a report agree with one another, and the text with the JSON?"""
import collections
import json
import re
import sys

d = json.load(open(sys.argv[1]))
r = d["readiness"]
bad = []


def same(what, *values):
    if len(set(values)) != 1:
        bad.append("%s: %s" % (what, values))


def total(rows, key):
    return sum(x.get(key, 0) for x in d[rows])


same("handshakes", r["handshakes"], total("servers", "handshakes"), total("clients", "handshakes"), total("pairs", "handshakes"))
same("negotiated", r["negotiated"], total("versions", "handshakes"), sum(sum(x["versions"].values()) for x in d["clients"]),
     sum(n["handshakes"] for x in d["servers"] for n in x["negotiated"]))
same("old", r["old"]["handshakes"], total("servers", "old"), total("clients", "old"), total("pairs", "old"),
     sum(x["handshakes"] for x in d["versions"] if x["old"]),
     sum(r[k]["handshakes"] for k in ("old_by_offer", "old_by_choice", "old_by_fallback", "old_offer_not_seen", "old_refused", "old_folded")))
same("failed", r["failed"], total("failures", "handshakes"), total("clients", "failed"))
same("failed with an old offer", r["failed_old_offer"]["handshakes"], total("failures", "failed_old_offer"))
same("set apart", r["set_apart"]["handshakes"], total("set_apart", "handshakes"), total("servers", "set_apart"))
same("all", d["read"]["handshakes"], r["handshakes"] + r["set_apart"]["handshakes"])
same("clients", r["clients"], len(d["clients"]))
same("servers", r["servers"], sum(1 for s in d["servers"] if s["handshakes"]))
same("suites", total("suites", "handshakes"),
     sum(n["handshakes"] for x in d["servers"] for n in x["negotiated"] if n["cipher"] is not None))
key = lambda x: (x["server_ip"], x["server_port"], x["transport"])
pairs = collections.Counter(key(p) for p in d["pairs"])
for s in d["servers"]:
    same("clients of %s" % (key(s),), s["clients"], pairs[key(s)])
same("logins in clear text", total("cleartext_logins", "logins"), total("cleartext_services", "logins"), total("upgrades", "cleartext_logins"))
for u in d["upgrades"]:
    same("sessions of %s" % u["upgrade"], u["sessions"], sum(
        u[k] for k in ("tls", "refused", "stripped", "plaintext", "not_offered", "abandoned", "not_observable")))
if len(sys.argv) > 2:
    text = open(sys.argv[2]).read()
    said = re.search(r"Of ([0-9,]+) handshakes? observed, the server's choice was seen in ([0-9,]+); ([0-9,]+|none) of these",
                     " ".join(text.split()))
    numbers = [int(x.replace(",", "").replace("none", "0")) for x in said.groups()] if said else None
    same("the sentence", numbers and tuple(numbers), (r["handshakes"], r["negotiated"], r["old"]["handshakes"]))
    for line in text.splitlines():
        same("width of %r" % line, len(line) <= 100, True)
for b in bad:
    print("report_sums: %s" % b, file=sys.stderr)
sys.exit(bool(bad))
