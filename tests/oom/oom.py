# SPDX-License-Identifier: Apache-2.0
"""oom.py quick|own|libraries: the n-th allocation fails, of a whole run.

own: every one of the program's own, and from many n on all of them; quick: fewer and fewer of them. libraries: every
allocation of the process, those of libpcap, libcrypto, SQLite and cJSON too.
Whatever fails, the program ends by itself with 0 (what was lost is in the report) or with 2 and one clear line; the state
file holds the run or does not; and nothing leaks, which only shows under the sanitizers.
"""
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile

PROGRAM = os.environ["TLSUNSET"]
BUILD = os.environ["BUILD"]
WRAPPED, PRELOAD = BUILD + "/oom/tlsunset", os.path.abspath(BUILD + "/oom/fail.so")
CAPTURES = ["pcaps/tls12-client-cert-openssl3.0.pcap", "pcaps/quic-v1-ngtcp2.pcap", "pcaps/smtp-starttls-tls12-exim.pcap",
            "pcaps/dtls12-openssl3.0.pcap", "pcaps/tds-tls12-freetds.pcap", "pcaps/radius-tls-tls13-freeradius.pcap",
            "pcaps/openvpn-udp-tls13.pcap", "pcaps/synth-gre-outer-fragments.pcap", "pcaps/socks4a-tls10.pcap"]
BEFORE = ["pcaps/tls10-openssl3.0.pcap"]

# name, arguments; STATE is a file with the run of BEFORE in it, NEW one that is not there yet, OTHER another state
RUNS = [
    ("text", ["read", "-q", "--no-ndpi", *CAPTURES]),
    ("json", ["read", "-q", "--no-ndpi", "-f", "json", *CAPTURES]),
    ("ndjson", ["read", "-q", "--no-ndpi", "-f", "ndjson", *CAPTURES]),
    ("threads", ["read", "-q", "--no-ndpi", "--threads", "2", "-f", "json", *CAPTURES]),
    ("threads, lines", ["read", "-q", "--no-ndpi", "--threads", "2", "-f", "ndjson", *CAPTURES]),
    ("new state", ["read", "-q", "--no-ndpi", "--state", "NEW", *CAPTURES]),
    ("state", ["read", "-q", "--no-ndpi", "--state", "STATE", *CAPTURES]),
    ("report", ["report", "-q", "-f", "json", "STATE", "OTHER"]),
    ("names", ["report", "-q", "--names", "NAMES", "--servers", "10.0.0.0/8,192.168.0.0/16", "STATE"]),
    ("policy", ["policy", "show", "bsi-tr-02102-2"]),
]


def losses(report):
    return {r["reason"]: r["count"] for r in report["not_seen"] + report["noted"]}


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.wrong, self.runs, self.refused = [], 0, 0
        for name, captures in (("one.db", BEFORE), ("two.db", CAPTURES)):
            subprocess.run([PROGRAM, "read", "-q", "--no-ndpi", "--state", self.path(name), *captures], check=True,
                           stdout=subprocess.DEVNULL)
        with open(self.path("names"), "w") as f:
            f.write("192.0.2.1 web Some owner\n127.0.0.1 here\n")
        self.both = None

    def path(self, name):
        return os.path.join(self.folder, name)

    def arguments(self, run):
        files = {"NEW": "new.db", "STATE": "state.db", "OTHER": "two.db", "NAMES": "names"}
        return [self.path(files[a]) if a in files else a for a in run]

    def prepare(self):
        for name in ("new.db", "state.db"):
            for tail in ("", "-wal", "-shm", "-journal"):
                if os.path.exists(self.path(name + tail)):
                    os.unlink(self.path(name + tail))
        shutil.copy(self.path("one.db"), self.path("state.db"))

    def run(self, program, run, env):
        self.prepare()
        self.runs += 1
        return subprocess.run([program, *self.arguments(run)], env={**os.environ, **env}, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120)

    def count(self, program, run, env):
        done = self.run(program, run, {**env, "OOM_COUNT": self.path("count")})
        if done.returncode:
            sys.exit(f"oom: {run}: {done.returncode} without any failure: {done.stderr.decode()}")
        with open(self.path("count")) as f:
            return int(f.read()), done.stdout

    def check_state(self, name, what, before, after):
        """The file holds the run or it does not."""
        path = self.path(name)
        if not os.path.exists(path):
            return before == 0 or self.wrong.append(f"{what}: the state is gone")
        try:
            db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
            sound = db.execute("PRAGMA integrity_check").fetchone()[0]
            tables = {r[0] for r in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            rows = db.execute("SELECT coalesce(sum(count), 0) FROM row").fetchone()[0] if "row" in tables else 0
            db.close()
        except sqlite3.Error as e:
            return self.wrong.append(f"{what}: the state cannot be read: {e}")
        if sound != "ok" or rows not in (before, after):
            self.wrong.append(f"{what}: the state is not sound: {sound}, {rows} handshakes, not {before} or {after}")

    def judge(self, what, kind, done, normal):
        error = done.stderr.decode(errors="replace")
        if done.returncode == 2:
            self.refused += 1
            if not re.fullmatch(r"tlsunset: [^\n]*memory[^\n]*\n", error):
                self.wrong.append(f"{what}: not one line about memory: {error!r}")
        elif done.returncode != 0:
            self.wrong.append(f"{what}: ended with {done.returncode}: {error[-1500:]}")
        elif kind in ("json", "report", "threads") and done.stdout:
            report = json.loads(done.stdout)
            before, now = losses(json.loads(normal)), losses(report)
            if done.stdout != normal and not any(n > before.get(reason, 0) for reason, n in now.items()):
                self.wrong.append(f"{what}: another report, and nothing in it says why")
        elif kind in ("ndjson", "threads, lines"):
            for line in done.stdout.splitlines():
                json.loads(line)

    def totals(self):
        if not self.both:
            self.prepare()
            n = [sqlite3.connect(self.path(f)).execute("SELECT sum(count) FROM row").fetchone()[0] for f in ("one.db", "two.db")]
            self.both = n
        return self.both

    def fail_at(self, program, env, kind, run, normal, variable, n):
        done = self.run(program, run, {**env, variable: str(n)})
        what = f"{kind}, {variable}={n}"
        self.judge(what, kind, done, normal)
        one, two = self.totals()
        if done.returncode == 0 and kind in ("new state", "state"):
            return # what was refused memory is counted, and so fewer handshakes may be in it
        if kind == "new state":
            self.check_state("new.db", what, 0, two)
        if kind in ("state", "report", "names"):
            self.check_state("state.db", what, one, one + two)


def some(n):
    """1, 2, 3 ... and then in growing steps."""
    at, out = 1, []
    while at <= n:
        out.append(at)
        at += 1 + at // 8
    return out


def main():
    every = sys.argv[1:] != ["quick"]
    ways = [(WRAPPED, {}, "own")]
    if sys.argv[1:] == ["libraries"]: # which the sanitizers do not go together with
        ways = [(PROGRAM, {"LD_PRELOAD": PRELOAD}, "libraries")]
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as folder:
        bench = Bench(folder)
        for program, env, name in ways:
            for kind, run in RUNS:
                n, normal = bench.count(program, run, env)
                for at in range(1, n + 1) if every else some(n):
                    bench.fail_at(program, env, kind, run, normal, "OOM_AT", at)
                for at in some(n)[:: 1 if every else 4]:
                    bench.fail_at(program, env, kind, run, normal, "OOM_FROM", at)
                if every:
                    print(f"{name:<10} {kind:<10} {n} allocations", flush=True)
        for w in bench.wrong[:400]:
            print("oom:", w, file=sys.stderr)
        if bench.wrong:
            sys.exit(f"oom: {len(bench.wrong)} of {bench.runs} runs went wrong")
        print(f"oom: {bench.runs} runs, {bench.refused} of them refused with a clear line")


main()
