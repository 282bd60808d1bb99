#!/bin/sh
# Golden test: for every capture of pcaps/, what `tlsunset read -f ndjson` finds is what its .expect file says (pcaps/README.md),
# in the composed morning as many ServerHellos of each kind as were put into it, and
# every capture has its recipe and its row in the index.
set -eu
bin=${TLSUNSET:-./tlsunset}
exec python3 - "$bin" <<'P'
import collections, glob, json, os, re, subprocess, sys

def number(code):
    return "%s%d" % ({"client": "c", "server": "s"}.get(code["from"], "?"), code["code"])

def line(e):
    server = e["server_ip"]
    if e.get("server_port"):
        server = "%s:%d" % ("[%s]" % server if server.count(":") > 1 else server, e["server_port"])
    columns = [e["transport"], e["client_ip"], server, e["upgrade"], e["outcome"], e.get("version"), e.get("cipher"), e.get("sni")]
    more = ["hrr"] if e.get("hrr") else []
    if e.get("resumed"):
        more.append("resumed")
    if e.get("sentinel"):
        more.append("sentinel=" + e["sentinel"])
    if e.get("alert") and "code" in e["alert"]:
        more.append("alert=" + number(e["alert"]))
    return " ".join([c or "-" for c in columns] + sorted(more))

def wanted(path):
    for text in open(path, encoding="utf-8"):
        c = text.split()
        if c and not text.startswith("#"):
            yield " ".join(c[:8] + sorted(c[8:]))

bad, checked, handshakes = [], 0, 0
index = open("pcaps/README.md", encoding="utf-8").read()
for path in sorted(glob.glob("pcaps/*.expect")):
    name = os.path.basename(path)[:-len(".expect")]
    capture = "pcaps/%s.pcap" % name
    run = subprocess.run([sys.argv[1], "read", "-f", "ndjson", capture], capture_output=True, text=True)
    have = sorted(line(e) for e in map(json.loads, run.stdout.splitlines()) if e.get("type") in ("tls", "upgrade"))
    want = sorted(wanted(path))
    if run.returncode != 0:
        bad.append("%s: exit %d: %s" % (name, run.returncode, run.stderr.strip()))
    for x in want:
        if x in have:
            have.remove(x)
        else:
            bad.append("%s: expected %s" % (name, x))
    bad += ["%s: got      %s" % (name, x) for x in have]
    checked, handshakes = checked + 1, handshakes + len(want)
# The composed morning: ServerHellos per server, version and suite.
run = subprocess.run([sys.argv[1], "read", "-f", "ndjson", "pcaps/demo-office-morning.pcap.gz"], capture_output=True, text=True)
have = collections.Counter()
for e in map(json.loads, run.stdout.splitlines()):
    if e.get("version"):
        have["%s %s:%d %s %s" % (e["transport"], e["server_ip"], e["server_port"], e["version"], e["cipher"])] += 1
want = {k: int(n) for k, n in (x.rsplit(" ", 1) for x in open("pcaps/demo-office-morning.counts")) }
bad += ["demo-office-morning: %s: expected %d, got %d" % (k, want.get(k, 0), have.get(k, 0))
        for k in sorted({*want, *have}) if want.get(k, 0) != have.get(k, 0)]
for capture in sorted(glob.glob("pcaps/*.pcap*")):
    name = re.sub(r"\.pcap.*", "", os.path.basename(capture))
    if not os.path.exists("pcaps/make/%s.sh" % name):
        bad.append("%s: no recipe of its name in pcaps/make" % capture)
    if "](%s)" % os.path.basename(capture) not in index:
        bad.append("%s: not in pcaps/README.md (run pcaps/make/index.sh)" % capture)
print("\n".join(bad) if bad else "pcaps: %d captures, %d handshakes and sessions as expected" % (checked, handshakes))
sys.exit(1 if bad else 0)
P
