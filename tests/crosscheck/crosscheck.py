# SPDX-License-Identifier: Apache-2.0
"""crosscheck.py FOLDER...: ServerHellos seen by tlsunset and by tshark, capture by capture.

Prints what only one of them sees, each difference with its reason, and a table of the reasons. Exits 1 when a difference has none.
A ServerHello is known by its suite and its frame. HelloRetryRequests and repeats (the same random) count for neither; SSLv2 is left
out: its server names no suite.
"""
import collections
import json
import os
import subprocess
import sys

PROGRAM = os.environ.get("TLSUNSET", "./tlsunset")
SUFFIXES = (".pcap", ".pcapng", ".cap", ".dmp", ".trace", ".pcap.gz", ".pcapng.gz")
RETRY = "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
FIELDS = ("frame.number", "tls.handshake.random", "tls.handshake.ciphersuite", "dtls.handshake.random",
          "dtls.handshake.ciphersuite", "tcp.stream", "udp.stream", "tls.handshake.type", "dtls.handshake.type")
Hello = collections.namedtuple("Hello", "suite frame facts")


def captures(folders):
    for folder in folders:
        if os.path.isfile(folder):
            yield folder
        for where, _, names in sorted(os.walk(folder)):
            yield from (os.path.join(where, n) for n in sorted(names) if n.endswith(SUFFIXES))


def by_tshark(path):
    """ServerHellos in the order of frames, or None when tshark cannot read the file."""
    command = ["tshark", "-n", "-r", path, "-Y", "tls.handshake.type == 2 || dtls.handshake.type == 2", "-T", "fields"]
    done = subprocess.run(command + [a for f in FIELDS for a in ("-e", f)], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode and not done.stdout:
        return None
    hellos, seen = [], set()
    for line in done.stdout.decode().splitlines():
        value = [v.split(",") if v else [] for v in line.split("\t")]
        frame, stream = int(value[0][0]), (value[5] + value[6] + ["?"])[0]
        for random, suites, types in ((value[1], value[2], value[7]), (value[3], value[4], value[8])):
            if "1" in types or len(random) != len(suites):  # a ClientHello in the same frame has a random too
                random = random[-len(suites):] if suites else []
            for r, suite in zip(random, suites):
                if r != RETRY and (r, stream) not in seen:
                    hellos.append(Hello(int(suite, 16), frame, {"stream": stream, "random": r}))
                seen.add((r, stream))
    return hellos


def by_tlsunset(path):
    done = subprocess.run([PROGRAM, "read", "-q", "-f", "ndjson", path], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode:
        return None, {}
    events = [json.loads(line) for line in done.stdout.decode().splitlines()]
    hellos = []
    for e in events:
        if e["type"] == "tls" and e.get("cipher") and len(e["cipher"]) == 6 and e.get("frames", {}).get("server_hello"):
            hellos.append(Hello(int(e["cipher"], 16), e["frames"]["server_hello"], e))
    report = json.loads(subprocess.run([PROGRAM, "read", "-q", "-f", "json", path], stdout=subprocess.PIPE, check=True).stdout)
    return hellos, {r["reason"]: r["count"] for r in report["not_seen"]}


def unmatched(ours, theirs):
    """What is left on each side: equal suite and frame first, then equal suites, near each other first."""
    left = list(theirs)
    rest = []
    for near in (0, 3, 1 << 62):
        rest, ours = [], ours if near == 0 else rest_of
        for h in ours:
            match = next((t for t in left if t.suite == h.suite and abs(t.frame - h.frame) <= near), None)
            if match:
                left.remove(match)
            else:
                rest.append(h)
        rest_of = rest
    return rest, left


def looks(path, frames):
    """What tshark makes of these frames: its protocols, and whether TCP is out of order there."""
    if not frames:
        return {}
    command = ["tshark", "-n", "-r", path, "-Y", "frame.number in {%s}" % ",".join(map(str, frames)), "-T", "fields",
               "-e", "frame.number", "-e", "frame.protocols", "-e", "tcp.analysis.flags", "-e", "_ws.malformed"]
    lines = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.decode().splitlines()
    return {int(v[0]): v for v in (line.split("\t") for line in lines)}


def why_only_ours(h, look):
    e, protocols, flags = h.facts, look[1] if look else "", look[2] if look else ""
    if e["upgrade"]:
        return f"tshark does not follow {e['upgrade']} into TLS here"
    if e.get("encap") and not any(p in protocols for p in ("tls", "tcp")):
        return "tshark does not open this encapsulation, or not at this port"
    if e["transport"] == "quic":
        return "tshark has no keys for this version of QUIC, or takes connections with the same ids for one"
    if protocols.endswith(":tls") or {"gap", "midstream", "one_sided", "partial"} & set(e.get("flags", ())):
        return "bytes of the message are not in the capture: tshark shows none of it"
    if flags:
        return "tshark gives up at a segment out of order or sent again"
    if protocols.endswith(":tcp") and e["server_port"] not in (443, 8443):
        return "tshark takes the port for another protocol's"
    return None


def why_only_theirs(look, lost):
    if lost.get("hello_malformed") or (look and look[3]):
        return "the hello is malformed, or no hello: tlsunset takes no fact from it"
    if lost.get("flow_midstream") or lost.get("tls_midstream"):
        return "tshark takes bytes amid a connection for a hello"
    return None


def main():
    reasons, unexplained, read, both = collections.Counter(), 0, 0, 0
    for path in captures(sys.argv[1:]):
        ours, lost = by_tlsunset(path)
        theirs = by_tshark(path)
        if ours is None or theirs is None:
            if (ours is None) != (theirs is None):
                reasons[f"only {'tshark' if ours is None else 'tlsunset'} reads the file"] += 1
            continue
        read += 1
        only_ours, only_theirs = unmatched(ours, theirs)
        both += len(ours) - len(only_ours)
        look = looks(path, [h.frame for h in only_ours + only_theirs])
        for who, hellos in (("tlsunset", only_ours), ("tshark", only_theirs)):
            for h in hellos:
                at = look.get(h.frame)
                why = why_only_ours(h, at) if who == "tlsunset" else why_only_theirs(at, lost)
                unexplained += why is None
                reasons[f"only {who}: {why or 'NOT EXPLAINED'}"] += 1
                print(f"{path}: frame {h.frame}, suite {h.suite:#06x}: only {who}: {why or 'NOT EXPLAINED'}")
    print(f"\n{read} captures, {both} ServerHellos seen by both")
    for reason, n in sorted(reasons.items()):
        print(f"{n:6}  {reason}")
    return 1 if unexplained or not read else 0


sys.exit(main())
