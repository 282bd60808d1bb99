#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a bad mirror port does to verdicts: packets are dropped from a recording, or one direction of it, and it is judged again. A
verdict may become unknown, or one that the rest still proves; never safe, ready or breaks where the whole recording says otherwise,
nor where enforcement did.

    loss.py TLSUNSET CAPTURE WORK [SEEDS]     prints what changed; exit 1 when a wrong one appears

WORK/../result.json, where it is there, says what enforcement did."""
import collections
import os
import random
import struct
import subprocess
import json
import sys

HARD = ('safe', 'ready', 'breaks')
POLICIES = ('tls12-minimum', 'tls13-only', 'rfc10015', 'no-cbc')


def packets(path):
    """Header and the list of (record, bytes) of a pcap file of ours."""
    with open(path, 'rb') as f:
        data = f.read()
    at, out = 24, []
    while at + 16 <= len(data):
        size = struct.unpack_from('<I', data, at + 8)[0]
        out.append(data[at:at + 16 + size])
        at += 16 + size
    return data[:24], out


def from_server(packet):
    """Ethernet, IPv4: is the sender one of the lab's servers (10.9.0.x)?"""
    return packet[16 + 14 + 12:16 + 14 + 15] == b'\x0a\x09\x00'


def damaged(header, recorded, how, seed):
    rng = random.Random(seed)
    if how == 'servers only':
        kept = [p for p in recorded if from_server(p)]
    elif how == 'clients only':
        kept = [p for p in recorded if not from_server(p)]
    else:
        kept = [p for p in recorded if rng.random() >= how]
    return header + b''.join(kept)


def judge(tlsunset, capture, work):
    """Verdict by policy, client, stack, server, name and upgrade; and the sum of stacks of a client there."""
    found = {}
    out = subprocess.run([tlsunset, 'read', '-q', '-f', 'json', '--policy', ','.join(POLICIES), '-o', os.path.join(work, 'loss.json'), capture],
                         check=False)
    if out.returncode == 2:
        raise SystemExit('loss: tlsunset failed')
    with open(os.path.join(work, 'loss.json'), encoding='utf-8') as f:
        document = json.load(f)
    for r in document['verdicts'] + document['stale_verdicts']:
        found[r['policy'], r['client'], r['stack'], r['server_ip'], r['server_port'], r['name'], r['upgrade']] = r
    return found


def wrong(whole, after):
    """Hard verdicts that the whole recording contradicts. safe and ready both say that it works."""
    # An offer that holds nothing allowed breaks; that it fails already, or falls, takes more than the hello to know.
    same = {'safe': ('safe', 'ready'), 'ready': ('safe', 'ready'), 'breaks': ('breaks', 'plaintext', 'failing')}
    without_name = collections.defaultdict(set) # the upgrade to TLS, and with it what it is called, may be lost
    for key, r in whole.items():
        without_name[key[:5]].add(r['verdict'])
    for key, r in after.items():
        if r['verdict'] not in HARD or key[2] is None:
            continue
        before = {whole[key]['verdict']} if key in whole else without_name[key[:5]]
        if not before.intersection(same[r['verdict']]):
            yield key, '/'.join(before) or None, r


def enforced(path):
    """By key as in judge(): whether it worked in B1."""
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as f:
        rows = json.load(f)['rows']
    return {(r['lab_policy'], r['client'], r['stack'], r['server_ip'], r['server_port'], r['name'], r['upgrade']): r['B1'] for r in rows}


def refuted(outcome, after):
    """Hard verdicts that enforcement contradicts."""
    for key, r in after.items():
        b1 = outcome.get(key)
        if b1 and r['verdict'] in HARD and (r['verdict'] == 'breaks') == (b1 == 'works'):
            yield key, 'B1: ' + b1, r


def main():
    tlsunset, capture, work = sys.argv[1:4]
    seeds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
    header, recorded = packets(capture)
    whole = judge(tlsunset, capture, work)
    outcome = enforced(os.path.join(work, '..', 'result.json'))
    bad = 0
    lines = ['| what is missing | verdicts | as before | now unknown | other | wrong | refuted in B1 |', '|---|---|---|---|---|---|---|']
    details = collections.Counter()
    for how in (0.05, 0.2, 'servers only', 'clients only'):
        count = collections.Counter()
        for seed in range(seeds if isinstance(how, float) else 1):
            path = os.path.join(work, 'loss.pcap')
            with open(path, 'wb') as f:
                f.write(damaged(header, recorded, how, seed))
            after = judge(tlsunset, path, work)
            for key, r in after.items():
                before = whole.get(key)
                count['all'] += 1
                count['same' if before and before['verdict'] == r['verdict'] else 'unknown' if r['verdict'] == 'unknown' else 'other'] += 1
            misses = [('wrong', *x) for x in wrong(whole, after)] + [('refuted', *x) for x in refuted(outcome, after)]
            for kind, key, before, r in misses:
                count[kind] += 1
                details['%s instead of %s: %s at %s:%d (%s) under %s, %s, seed %d: %s' % (
                    r['verdict'], before, key[1], key[3], key[4], key[5], key[0], how, seed, '; '.join(r['reasons'][:2]))] += 1
        bad += count['wrong'] + count['refuted']
        name = '%d%% of the packets' % (100 * how) if isinstance(how, float) else {'servers only': 'what clients send', 'clients only': 'what servers send'}[how]
        kinds = ('all', 'same', 'unknown', 'other', 'wrong', 'refuted')
        lines.append('| %s | %s |' % (name, ' | '.join(str(count[k]) for k in kinds)))
    print('\n'.join(lines))
    for line in list(details)[:40]:
        print(line, file=sys.stderr)
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
