#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proof by enforcement: real clients and real servers, recorded while everything is permitted, judged by tlsunset, and then the
policy is really applied and every client tries again.

    cutover.py WORK [--quick] [--out docs/cutover-lab.md] [--only SERVER,...] [--other]

--quick: OpenSSL's own server and client alone, three policies, and one line of figures.
--other: another sample of the pairs of client and server, none of which is in the usual one.

It runs in a network of its own (unshare; no root needed where user namespaces are allowed): a bridge with the servers, and a
network namespace for each client address, so that captures show who is who and nothing outside can interfere."""
import argparse
import collections
import concurrent.futures
import json
import os
import shutil
import subprocess
import sys
import time
import zlib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import clients as lab_clients
import mailers
import record
import rules
import scan
import servers as lab_servers
import writeup

WORKERS = 4
SAMPLE = 30                            # of 100 pairs of client and server
SEEDS = 10                             # of the recording with packets missing


QUICK_SERVERS = ('ossl-wide', 'ossl-tls10', 'ossl-cbc', 'ossl-ecdsa', 'intolerant')
QUICK_CLIENTS = ('ossl-default', 'ossl-tls10', 'ossl-tls12', 'ossl-rsakx', 'ossl-cbc', 'ossl-sha1sig', 'ossl-rsaonly', 'ossl-resume', 'dancer',
                 'dancer-scsv')


def policies(quick=False):
    day = rules.today()
    if quick:
        return [rules.Policy.built_in(n, day) for n in ('tls12-minimum', 'tls13-only', 'no-cbc')]
    names = ('tls12-minimum', 'tls13-only', 'rfc8996', 'rfc9325', 'rfc10015', 'no-cbc', 'pci-dss-4', 'mozilla-6-modern',
             'mozilla-6-intermediate', 'nist-800-52r2-government', 'nist-800-52r2-citizen', 'bsi-tr-02102-2', 'pqc')
    inline = rules.Policy.inline
    return [rules.Policy.built_in(n, day) for n in names] + [
        inline('forbid kx=RSA', forbid=[({'kx': 'RSA'}, 'kx=RSA')]),
        inline('TLSv1.1, forbid 3DES,RC4', 'TLSv1.1', [({'enc': '3DES'}, '3DES'), ({'enc': 'RC4'}, 'RC4')]),
        inline('forbid group=secp256r1', forbid=[({'group': 'secp256r1'}, 'group=secp256r1')]),
    ]


def isolate(argv):
    """Begin again in namespaces of our own; everything started there ends with us."""
    if os.environ.get('CUTOVER_INSIDE'):
        return
    flags = ['-nmp', '--fork', '--kill-child', '--mount-proc'] + ([] if os.getuid() == 0 else ['-r'])
    os.environ['CUTOVER_INSIDE'] = '1'
    os.execvp('unshare', ['unshare'] + flags + [sys.executable] + argv)


def network(servers, clients):
    """A bridge that has the servers' addresses, and a namespace on it for each client address."""
    lines = ['link set lo up', 'link add br0 type bridge', 'link set br0 up']
    lines += ['addr add %s/16 dev br0' % s.at[0] for s in servers]
    subprocess.run(['mount', '-t', 'tmpfs', 'none', '/run'], check=True)
    os.mkdir('/run/netns')
    made = {}
    for c in clients:
        made.setdefault(c.netns(), c.address)
    for n, address in made.items():
        lines += ['netns add ' + n, 'link add v%s type veth peer name e0 netns %s' % (n, n), 'link set v%s master br0 up' % n]
    subprocess.run(['ip', '-batch', '-'], input='\n'.join(lines).encode(), check=True)
    for n, address in made.items():
        inside = 'addr add %s/16 dev e0\nlink set e0 up\nlink set lo up\n' % address
        subprocess.run(['ip', '-n', n, '-batch', '-'], input=inside.encode(), check=True)


def present(lab, need):
    return shutil.which(need) is not None or os.path.exists(lab.path('bin', need))


Cell = collections.namedtuple('Cell', 'client server host')


class Run:
    def __init__(self, lab, servers, clients, only=(), all_pairs=False, other=False):
        self.lab, self.all_pairs = lab, all_pairs
        self.sample = range(SAMPLE, 2 * SAMPLE) if other else range(SAMPLE)
        self.missing = collections.Counter()
        self.servers = [s for s in servers if self.usable([n for p in s.programs() for n in p.needs]) and (not only or s.name in only)]
        self.clients = [c for c in clients if self.usable(c.needs)]
        self.cells = [cell for s in self.servers for cell in self.cells_of(s)]
        self.works = {}                # (phase, policy, cell): outcome
        self.skipped = []              # (server, policy, why)
        self.same = {}                 # (server, configs): a policy that was run with these
        self.time = {}
        self.scans = {}                # by name of the server

    def usable(self, needs):
        lacking = [n for n in needs if not present(self.lab, n)]
        self.missing.update(lacking)
        return not lacking

    def cells_of(self, server):
        for c in self.clients:
            if server.proto not in c.protos or (c.servers and server.name not in c.servers):
                continue
            forced = self.all_pairs or c.servers or server.choose or server.proto != 'http' or c.name.startswith('dancer') and server.name == 'intolerant'
            if not forced and zlib.crc32(('%s %s' % (c.name, server.name)).encode()) % 100 not in self.sample:
                continue
            for host in server.hosts[-1:] if c.name == 'ossl-nosni' else server.hosts:
                yield Cell(c.name, server.name, host)

    def client(self, name):
        return next(c for c in self.clients if c.name == name)

    def directory(self, server):
        return self.lab.path('run', server.name)

    def try_cell(self, server, cell, tries, stop=True):
        """'works', 'plaintext' (worked, but in clear text) or 'fails'. Several backends: every try has to work."""
        target = lab_clients.Target(*server.at, cell.host, server.proto, any(cfg.client_cert for _, cfg in server.parts))
        client = self.client(cell.client)
        outcome = 'works'
        for _ in range(tries):
            one = self.patiently(client, target)
            outcome = one if one == 'fails' or outcome == 'works' else outcome
            if one == 'fails' and stop:
                break
        return outcome

    def patiently(self, client, target):
        """One try; one that ran out of time says more about a busy machine than about TLS, and is made again."""
        for _ in range(3):
            begun = time.monotonic()
            outcome = client.attempt(self.lab, target)
            if outcome != 'fails' or time.monotonic() - begun < 0.7 * client.timeout:
                return outcome
        return outcome

    def parallel(self, what, jobs):
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
            for _ in pool.map(what, jobs):
                pass
        self.time[what.__name__] = self.time.get(what.__name__, 0) + time.monotonic() - begun

    # ---- A: as it is ----

    def phase_a(self, server):
        try:
            self.recorded(server)
        except lab_servers.NotStarted as e:
            self.cells = [c for c in self.cells if c.server != server.name]
            self.skipped.append((server.name, 'every policy', str(e)))

    def recorded(self, server):
        with lab_servers.Running(self.lab, server, [cfg for _, cfg in server.parts], self.directory(server)):
            for cell in self.cells:
                if cell.server == server.name:
                    self.works['A', None, cell] = self.try_cell(server, cell, server.tries, stop=False)
            found = scan.run(self.lab, server) if not server.choose and not self.all_pairs else None
            if found:
                self.scans[server.name] = found
        trying = [c for c in self.cells if c.server == server.name and c.client in mailers.TRYING]
        if not trying:
            return
        off = server.parts[0][1].replace(versions=())
        with lab_servers.Running(self.lab, server, [off], self.directory(server)):
            for cell in trying:
                self.try_cell(server, cell, 1)

    # ---- B1: narrowed ----

    def enforced(self, cell):
        """What fails already teaches little about enforcement: a tenth of it is tried again."""
        return self.works['A', None, cell] == 'works' or zlib.crc32(repr(cell).encode()) % 10 == 0

    def phase_b1(self, server):
        for policy in self.policies:
            try:
                self.narrowed(server, policy)
            except (rules.NotEnforceable, lab_servers.NotStarted) as e:
                self.skipped.append((server.name, policy.name, str(e)))

    def narrowed(self, server, policy):
        cells = [c for c in self.cells if c.server == server.name and self.enforced(c)]
        configs = [rules.narrow(cfg, policy, program.knobs) for (_, cfg), program in zip(server.parts, server.programs())]
        configs = tuple(cfg if cfg.working() else None for cfg in configs)
        outcomes = self.outcomes(server, configs, None, cells)
        for cell in cells:
            self.works['B1', policy.name, cell] = outcomes[cell]

    def outcomes(self, server, configs, programs, cells):
        """Of these cells with these configurations; what was run before with the very same is not run again."""
        key = (server.name, configs, programs and programs[0].label)
        known = self.same.setdefault(key, {})
        todo = [c for c in cells if c not in known]
        if all(cfg is None for cfg in configs):
            known.update((c, 'fails') for c in todo)
            todo = []
        if todo:
            tries = server.tries if server.choose else 1
            with lab_servers.Running(self.lab, server, configs, self.directory(server), programs):
                for cell in todo:
                    known[cell] = self.try_cell(server, cell, tries)
        return known

    # ---- B2: what the policy needs is there besides ----

    def phase_b2(self, server):
        for policy in self.policies:
            self.widened(server, policy)

    def widened(self, server, policy):
        todo = [c for c in self.cells if c.server == server.name and self.works.get(('B1', policy.name, c), 'works') != 'works'
                and self.works['A', None, c] == 'works']
        for program in lab_servers.modern(server, policy):
            try:
                cfg = rules.widen(server.parts[0][1], policy, program.able, program.knobs)
            except rules.NotEnforceable:
                continue
            if not cfg.working() or not self.usable(program.needs):
                continue
            plain = lab_servers.Server(server.name, ((None, cfg),), server.hosts, number=server.number, proto=server.proto,
                                       port=server.port)
            try:
                outcomes = self.outcomes(plain, (cfg,), [program], todo)
            except lab_servers.NotStarted as e:
                self.skipped.append((server.name, policy.name + ' (B2)', str(e)))
                continue
            for cell in todo:
                self.works['B2', policy.name, cell] = outcomes[cell]
            todo = [c for c in todo if outcomes[c] != 'works']
            if not todo:
                return


def judge(tlsunset, capture, work, policy_list):
    """The verdicts of one capture: rows as in the JSON report, of all policies, with "lab_policy", the lab's name of the policy; and
    the rows of what servers showed that they can do."""
    state = os.path.join(work, 'run', 'judge.db')
    for suffix in ('', '-wal', '-shm'):
        if os.path.exists(state + suffix):
            os.unlink(state + suffix)
    subprocess.run([tlsunset, 'read', '-q', '--state', state, '-o', os.devnull, capture], check=True)
    rows, capabilities = [], []
    for p in policy_list:
        out = subprocess.run([tlsunset, 'report', '-q', '-f', 'json', *p.arguments, state], stdout=subprocess.PIPE, check=False)
        if out.returncode == 2:
            raise RuntimeError('tlsunset report failed under ' + p.name)
        document = json.loads(out.stdout)
        capabilities = document['capabilities']
        rows += [dict(row, lab_policy=p.name) for row in document['verdicts'] + document['stale_verdicts']]
    return rows, capabilities


def lose(tlsunset, capture, lab, seeds):
    """The loss test over what was recorded: its table, and whether nothing wrong appeared."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'loss.py')
    done = subprocess.run([sys.executable, script, tlsunset, capture, lab.path('run'), str(seeds)], stdout=subprocess.PIPE, check=False)
    return done.stdout.decode().splitlines(), done.returncode == 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('work')
    parser.add_argument('--out')
    parser.add_argument('--only', default='')
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--other', action='store_true')
    options = parser.parse_args()
    tlsunset = os.environ.get('TLSUNSET', './tlsunset')
    isolate(sys.argv)
    lab = lab_servers.Lab(os.path.abspath(options.work))
    servers = lab_servers.numbered(lab_servers.SERVERS + mailers.SERVERS)
    clients = lab_clients.numbered(lab_clients.CLIENTS + lab_clients.NAT + lab_clients.UNSEEN + mailers.CLIENTS)
    only = [x for x in options.only.split(',') if x]
    if options.quick:
        only, clients = QUICK_SERVERS, [c for c in clients if c.name in QUICK_CLIENTS]
    network(servers, clients)
    if not options.quick:
        mailers.prepare(lab)
    run = Run(lab, servers, clients, only, options.quick, options.other)
    if not options.quick:
        for need, n in sorted(run.missing.items()):
            print('cutover: %s is missing: %d servers or clients are left out (%s)' % (need, n, writeup.how_to_get(need)))
    capture = lab.path('phase-a.pcap')
    run.policies = policies(options.quick)
    with record.Recorder('br0', capture, [c.address for c in clients if c.name.startswith('unseen-')]):
        run.parallel(run.phase_a, run.servers)
    rows, capabilities = judge(tlsunset, capture, lab.work, run.policies)
    run.parallel(run.phase_b1, run.servers)
    run.parallel(run.phase_b2, run.servers)
    result = writeup.Result(run, rows)
    result.save(lab.path('result.json'))
    lost, loss_is_good = lose(tlsunset, capture, lab, SEEDS)
    if options.quick:
        return quick_end(result, lost, loss_is_good)
    result.extra = scan.section(run.scans, capabilities, run.servers) + [writeup.LOSS] + lost + ['']
    text = result.text()
    if options.out:
        with open(options.out, 'w', encoding='utf-8') as f:
            f.write(text)
    print(text)
    return 0 if result.good() else 1


def quick_end(result, lost, loss_is_good):
    f = result.figures()
    print('cutover: OpenSSL alone: %d combinations, %d wrong, %.0f%% of %d failures predicted, server-first right in %.0f%% of %d' % (
        f['combinations'], f['hard_misses'], f['b1_predicted_percent'], f['b1_failed'], f['server_first_percent'], f['server_first']))
    enough = f['combinations'] > 60 and f['server_first'] >= 8 and f['server_first_percent'] >= 95
    if f['hard_misses'] == 0 and f['b1_predicted_percent'] >= 85 and enough and loss_is_good: # fewer stacks show less
        return 0
    print('\n'.join(result.all_misses() + lost))
    return 1


if __name__ == '__main__':
    sys.exit(main())
