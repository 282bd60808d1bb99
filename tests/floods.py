# SPDX-License-Identifier: Apache-2.0
"""floods.py quick|full: floods against the whole program, each with one real handshake in it.

Of every flood: the memory stays under its bound, the real handshake is counted, what was forgotten is in the report.
quick: under --memory-limit 64M, for every test run. full: millions, at the limits of base/limits.h, with a table of figures.
Under a sanitizer memory is not the program's own, and only the counts are looked at.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

PROGRAM, TOOLS = os.environ["TLSUNSET"], os.environ["TOOLS"]
# One handshake that completes: of TLS 1.2, and of QUIC, whose hello is put together in a buffer.
TCP, QUIC = ("pcaps/tls12-default-node8.17.0.pcap", "TLSv1.2"), ("pcaps/quic-v1-chromium-caddy.pcap", "TLSv1.3")
SANITIZED = "-san" in PROGRAM

# kind, units when quick, units when full, what the report must say was lost (any of them; none: nothing is lost). The real
# handshake is of TCP, where the kind is in QUIC_TOO of each.
FLOODS = [
    ("syn", 50000, 3000000, ()),
    ("syn-ack", 300000, 6000000, ()),
    ("hello", 15000, 600000, ("conn_evicted",)),
    ("sizes", 72000, 1600000, ("conn_evicted", "memory_refused")),
    ("big-hello", 10000, 100000, ("conn_evicted", "memory_refused")),
    ("half-hello", 20000, 400000, ("conn_evicted", "memory_refused")),
    ("offer", 20000, 600000, ("conn_evicted",)),
    ("sni", 70000, 1500000, ("folded",)),
    ("rows", 70000, 1000000, ("folded",)),
    ("cert", 6000, 140000, ("conn_evicted", "cert_skipped")),
    ("client-cert", 5000, 150000, ("conn_evicted",)),
    ("fragment", 5000, 200000, ("frag_evicted",)),
    ("out-of-order", 6000, 150000, ("stream_overflow",)),
    ("udp", 50000, 3000000, ()),
    ("quic", 6000, 200000, ("quic_undecryptable",)),
    ("dtls", 10000, 300000, ("conn_evicted", "memory_refused")),
    ("dialogue", 6000, 300000, ("memory_refused",)),
    ("radius", 70000, 300000, ("conn_evicted",)),
    ("radius-servers", 40000, 600000, ("conn_evicted",)),
    ("part-hello", 8000, 100000, ("memory_refused",)),
    ("openvpn", 6000, 200000, ("memory_refused",)),
]
QUIC_TOO = ("part-hello", "half-hello", "out-of-order", "dtls", "dialogue")  # where other buffers than its own are full


def run(kind, units, real, options):
    """The report of a flood, the peak of the program's memory in MiB, and the seconds it took."""
    flood = subprocess.Popen([TOOLS + "/flood", kind, str(units), real], stdout=subprocess.PIPE)
    began = time.monotonic()
    program = subprocess.Popen([PROGRAM, "read", "-q", "--no-ndpi", "-f", "json", *options, "-"], stdin=flood.stdout,
                               stdout=subprocess.PIPE)
    flood.stdout.close()
    # Read by another process: memory of this one would count as the next child's.
    text = subprocess.run([sys.executable, __file__, "digest"], stdin=program.stdout, stdout=subprocess.PIPE, check=True).stdout
    _, status, usage = os.wait4(program.pid, 0)
    program.returncode = os.waitstatus_to_exitcode(status)
    flood.wait()
    if program.returncode or flood.returncode:
        sys.exit(f"floods: {kind}: the program exited {program.returncode}, the generator {flood.returncode}")
    return json.loads(text), usage.ru_maxrss / 1024, time.monotonic() - began


def digest():
    report = json.load(sys.stdin)
    json.dump({part: report[part] for part in ("readiness", "versions", "not_seen", "noted")}, sys.stdout)


def check(kind, version, report, mib, bound, expected):
    lost = {row["reason"]: row["count"] for row in report["not_seen"] + report["noted"]}
    wrong = []
    if report["readiness"]["completed"] != 1:
        wrong.append("the real handshake is not counted as completed")
    if [v["version"] for v in report["versions"] if v["handshakes"] and v["version"] != version]:
        wrong.append("versions nobody negotiated")
    if expected and not any(lost.get(reason) for reason in expected):
        wrong.append(f"nothing of {expected} in the report: {lost}")
    if not SANITIZED and mib > bound:
        wrong.append(f"{mib:.0f} MiB, more than {bound}")
    return [f"{kind}: {w}" for w in wrong]


def together(divide, limit):
    """All of them in one run, one after the other from pipes: what is kept of each must not add up to more than the limit, and
    32 MiB for the program, nDPI and the report."""
    with tempfile.TemporaryDirectory() as folder:
        names, floods = [], []
        for i, (kind, quick, _, _) in enumerate(FLOODS):
            names.append(f"{folder}/{i:02d}-{kind}")
            os.mkfifo(names[-1])
            floods.append(subprocess.Popen(["sh", "-c", 'exec "$1" "$2" "$3" "$4" >"$5"', "flood", TOOLS + "/flood", kind,
                                            str(quick // divide), TCP[0], names[-1]]))
        with open(folder + "/report", "w+") as out:
            program = subprocess.Popen([PROGRAM, "read", "-q", "-f", "json", "--memory-limit", f"{limit}M", *names], stdout=out)
            _, status, usage = os.wait4(program.pid, 0)
            program.returncode = os.waitstatus_to_exitcode(status)
            for flood in floods:
                flood.wait()
            out.seek(0)
            lost = {row["reason"] for row in json.load(out)["not_seen"]} if program.returncode == 0 else set()
    mib = usage.ru_maxrss / 1024
    wrong = [] if program.returncode == 0 else [f"exit {program.returncode}"]
    if not SANITIZED and mib > limit + 32:
        wrong.append(f"{mib:.0f} MiB with a limit of {limit}")
    if not SANITIZED and not {"conn_evicted", "memory_refused", "folded", "frag_evicted"} <= lost:
        wrong.append(f"only {sorted(lost)} are reported as lost")
    return [f"all together, {limit}M: {w}" for w in wrong]


def main():
    if sys.argv[1:] == ["digest"]:
        return digest()
    full = sys.argv[1:] == ["full"]
    options, bound = ([], 1024) if full else (["--memory-limit", "64M"], 64 + 32)
    wrong = []
    for kind, quick, many, expected in FLOODS:
        units = many if full else quick
        for real, version in (TCP, QUIC) if kind in QUIC_TOO else (TCP,):
            report, mib, seconds = run(kind, units, real, options)
            wrong += check(kind, version, report, mib, bound, () if SANITIZED else expected)
        if full:
            lost = ", ".join(f"{r['reason']} {r['count']}" for r in report["not_seen"] + report["noted"])
            print(f"{kind:<14}{units:>9} units {seconds:7.1f} s {mib:7.0f} MiB  {lost}", flush=True)
    wrong += together(1, 64) + together(1, 128) if full else together(4 if SANITIZED else 2, 64)
    for w in wrong:
        print("floods:", w, file=sys.stderr)
    if wrong:
        return 1
    print(f"floods: {len(FLOODS)} floods passed")
    return 0


sys.exit(main())
