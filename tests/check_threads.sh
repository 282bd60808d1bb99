#!/bin/sh
# --threads N gives what one thread gives, byte for byte: text, JSON, lines in their order, and what a state file holds. Over every
# capture of pcaps/, over generated workloads, and over captures whose time is anything but steady.
set -eu
exec python3 - "${TLSUNSET:-./tlsunset}" "$TOOLS" <<'P'
import glob, os, random, resource, shutil, sqlite3, struct, subprocess, sys, tempfile

BIN, TOOLS = sys.argv[1:]
THREADS = (2, 3)
STUDY = ("--policy", "tls12-minimum", "--top", "0")
DECIDED = (0, 1, 3)  # ready, not ready, not enough seen
work = tempfile.mkdtemp()
bad, compared = [], 0


def run(threads, *args):
    done = subprocess.run([BIN, "read", "--threads", str(threads), *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stdout, done.stderr


def state(threads, *args):
    """What the state holds, but for when it was written."""
    path = os.path.join(work, "state")
    if os.path.exists(path):
        os.unlink(path)
    code, _, error = run(threads, "-q", "--state", path, *args)
    db = sqlite3.connect(path)
    tables = [t for t, in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    rows = []
    for t in tables:
        columns = [c[1] for c in db.execute("PRAGMA table_info(%s)" % t) if c[1] != "read_ns"]
        rows.append((t, db.execute("SELECT %s FROM %s" % (", ".join(columns), t)).fetchall()))
    db.close()
    return code, rows, error


def same(name, how, *args, threads=THREADS, least=1, codes=(0,)):
    global compared
    one = how(1, *args)
    if one[0] not in codes:
        bad.append("%s: exit %d: %s" % (name, one[0], one[2].decode()))
    if len(one[1]) < least:
        bad.append("%s: says nothing" % name)
    for n in threads:
        compared += 1
        many = how(n, *args)
        if many != one:
            bad.append("%s: %d threads give something else than one: %s" % (name, n, many[2].decode()))


def formats(name, *args, **more):
    for f in ("text", "json", "ndjson"):
        same("%s (%s)" % (name, f), run, "-f", f, *args, **more)
    for f in ("text", "json"):
        same("%s (%s, study)" % (name, f), run, "-f", f, *STUDY, *args, codes=DECIDED, **more)


def same_of_state(name, path, f):
    """Saved first and reported then, by several threads: the report of one that reads the packets itself."""
    global compared
    compared += 1
    saved = os.path.join(work, "saved")
    run(2, "-q", "--state", saved, path)
    later = subprocess.run([BIN, "report", "-f", f, *STUDY, saved], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    if later.stdout != run(1, "-q", "-f", f, *STUDY, path)[1]:
        bad.append("%s (%s, study): the report of a state is another: %s" % (name, f, later.stderr.decode()))
    os.unlink(saved)


def without_room(threads):
    """Where there is room for the stacks of a few threads, 1 GiB each: what the run ends with."""
    def limit():
        resource.setrlimit(resource.RLIMIT_STACK, (1 << 30, 1 << 30))
        resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    try:
        return subprocess.run([BIN, "read", "-q", "--no-ndpi", "--threads", str(threads), "pcaps/tls10-openssl3.0.pcap"], timeout=30,
                              preexec_fn=limit, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    except subprocess.TimeoutExpired as e:
        return subprocess.CompletedProcess(e.cmd, None, stderr=b"does not end")


def records(path):
    """(link type, packets) of a little-endian pcap file in microseconds."""
    data = open(path, "rb").read()
    if data[:4] != b"\xd4\xc3\xb2\xa1":
        return None, []
    at, out = 24, []
    while at + 16 <= len(data):
        caplen, length = struct.unpack_from("<II", data, at + 8)
        out.append((length, data[at + 16:at + 16 + caplen]))
        at += 16 + caplen
    return struct.unpack_from("<I", data, 20)[0], out


def write(path, packets, times):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for (length, data), us in zip(packets, times):
            f.write(struct.pack("<IIII", us // 1000000, us % 1000000, len(data), length) + data)


# every capture by itself, and all of them as one run
captures = sorted(glob.glob("pcaps/*.pcap*"))
for c in captures:
    same(c, run, "-q", "-f", "ndjson", c, least=0)
    same(c + " (study)", run, "-q", "-f", "json", *STUDY, c, threads=(2,), codes=DECIDED)
formats("all captures", "-q", *captures, threads=(2, 3, 8))
same("state of all captures", state, *captures, threads=(2, 3, 8))
key = os.path.join(work, "key")
open(key, "wb").write(bytes(range(32)))
formats("anonymized", "-q", "--anonymize=" + key, "--client-prefix", "64", "--scope", "vlan", *captures)
formats("narrowed", "-q", "--no-ndpi", "--server", "0.0.0.0/0:443", "--since", "2026-11-20", *captures)

# one capture under two names: which of them an exemplar names
twin = os.path.join(work, "a-twin.pcap")
shutil.copy("pcaps/tls10-openssl3.0.pcap", twin)
same("twins", state, "--again", "pcaps/tls10-openssl3.0.pcap", twin)

# one that ends in the middle of a packet, and none
cut = os.path.join(work, "cut.pcap")
open(cut, "wb").write(open("pcaps/tls12-client-cert-openssl3.0.pcap", "rb").read()[:-50])
formats("cut", "-q", cut)
none = os.path.join(work, "none.pcap")
write(none, [], [])
formats("none", "-q", none, least=0)

# some threads can be started and others not; sanitizers take more room than there is
if without_room(1).returncode == 0:
    ended = without_room(8)
    if ended.returncode != 2 or b"cannot start 8 threads" not in ended.stderr:
        bad.append("no room for 8 threads: exit %s: %s" % (ended.returncode, ended.stderr.decode()))

# the packets of all captures by turns: in odd times, sessions end by hundreds for want of packets, in any hour
lanes = []
for c in captures:
    link, packets = records(c) if c.endswith(".pcap") else (None, [])
    if link == 1:
        lanes.append(packets)
turns = [p for i in range(max(map(len, lanes))) for p in (lane[i] for lane in lanes if i < len(lane))]
random.seed(7)
start = 1700000000 * 1000000


def walk(step):
    us = start
    for _ in turns:
        us = max(0, us + step())
        yield min(us, 0xFFFFFFFF * 1000000)


second = 1000000
odd = {
    "steady": lambda: 1000,
    "slow": lambda: second * 2,
    "pauses": lambda: second * 400 if random.random() < 0.002 else 20000,
    "back and forth": lambda: int(random.gauss(0, 1) * 30 * second),
    "another age": lambda: random.choice((0, 0, 0, 1000, -100 * 86400, 150 * 86400)) * second if random.random() < 0.01 else 100,
}
for name, step in odd.items():
    path = os.path.join(work, name.replace(" ", "-") + ".pcap")
    write(path, turns, walk(step))
    formats(name, "-q", path, threads=(2, 5), least=1000)
    same(name + " (state)", state, path)

# workloads whose truth check_truth.sh compares with one thread
for name, args in {
    "mix": "mix --size 8M --open 50 --bulk 60000 --faults 60 --noise 20",
    "handshakes": "handshakes --flows 3000",
    "hosts": "hosts --flows 5000 --clients 3000",
    "starttls": "starttls --flows 3000",
    "udpflood": "udpflood --flows 100",
}.items():
    path = os.path.join(work, name + ".pcap")
    subprocess.run([TOOLS + "/gen", *args.split(), "-o", path, "-t", os.path.join(work, "truth")], check=True)
    formats(name, "-q", path, threads=(2,), least=1000)
    same(name + " (state)", state, path, threads=(2,))
    for f in ("text", "json"):
        same_of_state(name, path, f)
    os.unlink(path)

shutil.rmtree(work)
print("\n".join(bad) if bad else "threads: %d results of several threads are those of one" % compared)
sys.exit(1 if bad else 0)
P
