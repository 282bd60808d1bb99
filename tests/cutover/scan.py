# SPDX-License-Identifier: Apache-2.0
"""An active scan (sslscan) of the lab's servers held against what the report says that they showed: nothing may be claimed that the
scan denies. How much of what the scan finds was seen passively is the recall."""
import collections
import os
import subprocess
import xml.etree.ElementTree as xml

STARTTLS = {'smtp': ['--starttls-smtp'], 'imap': ['--starttls-imap'], 'postgresql': ['--starttls-psql'],
            'mysql': ['--starttls-mysql'], 'ldap': ['--starttls-ldap'], 'http': []}
GROUPS = {'x25519': '25519', 'x448': '448'}


class Scan:
    """What sslscan found at one server."""

    def __init__(self, text):
        test = xml.fromstring(text).find('ssltest')
        self.versions, self.suites, self.groups, self.fallback = set(), set(), set(), None
        for p in test.findall('protocol'):
            if p.get('enabled') == '1':
                name = {'ssl': 'SSLv', 'tls': 'TLSv'}[p.get('type')]
                self.versions.add(name + p.get('version'))
        for c in test.findall('cipher'):
            self.suites.add((c.get('sslversion'), c.get('id').lower()))
        for g in test.findall('group'):
            self.groups.add((g.get('sslversion'), g.get('name')))
        fallback = test.find('fallback')
        if fallback is not None:
            self.fallback = fallback.get('supported') == '1'


def run(lab, server):
    """Scans from inside, so that it is not recorded. None: sslscan is missing or could not do it."""
    command = ['sslscan', '--no-colour', '--show-cipher-ids', '--xml=-', '--no-heartbleed', '--no-check-certificate',
               '--sni-name=' + server.hosts[0], '--certs=' + lab.cert('client'), '--pk=' + lab.key('client'),
               *STARTTLS[server.proto], '%s:%d' % server.at]
    try:
        env = dict(os.environ, OPENSSL_CONF='/dev/null')
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=60, env=env, check=False)
        return Scan(done.stdout)
    except (FileNotFoundError, subprocess.TimeoutExpired, xml.ParseError, AttributeError):
        return None


def denied(row, scan):
    """Claims of one row of "capabilities" that the scan denies."""
    wrong = []
    chosen = {s['version'] for s in row['suites']}
    wrong += ['%s was chosen' % v for v in sorted(chosen - scan.versions)]
    wrong += ['%s %s was chosen' % (s['version'], s['cipher']) for s in row['suites']
              if (s['version'], s['cipher']) not in scan.suites and s['version'] in scan.versions and s['version'] != 'SSLv3']
    if row['proved'] and not any(v >= row['proved']['version'] for v in scan.versions):
        wrong.append('%s is proved' % row['proved']['version'])
    if row['more_was_offered'] and any(v > row['highest']['version'] for v in scan.versions):
        wrong.append('%s is the highest' % row['highest']['version'])
    if row['fallback_refused']['yes'] and scan.fallback is False:
        wrong.append('a fallback is refused')
    return wrong


def section(scans, capabilities, servers):
    """Lines for the document."""
    if not scans:
        return ['## Against an active scan', '', 'sslscan is not installed.', '']
    by_server = collections.defaultdict(list)
    for row in capabilities:
        by_server[row['server_ip'], row['server_port']].append(row)
    lines = ['## Against an active scan', '', 'What the section on server capability says, held against sslscan of the same servers.', '',
             '| server | versions seen of those found | suites seen of those found | denied by the scan |', '|---|---|---|---|']
    total = [0, 0, 0, 0]
    for s in servers:
        scan, rows = scans.get(s.name), by_server[s.at]
        if not scan or not scan.suites or not rows: # it does not speak every protocol's dialect
            continue
        wrong = sorted({w for r in rows for w in denied(r, scan)})
        suites = {(x['version'], x['cipher']) for r in rows for x in r['suites']}
        versions = {v for v, _ in suites}
        figures = (len(versions & scan.versions), len(scan.versions), len(suites & scan.suites), len(scan.suites))
        total = [a + b for a, b in zip(total, figures)]
        lines.append('| %s | %d of %d | %d of %d | %s |' % (s.name, *figures, '; '.join(wrong) or 'nothing'))
    lines += ['', 'Recall: %d of %d versions (%.0f%%), %d of %d suites at a version (%.0f%%). Only what some client asked for can be seen.' % (
        total[0], total[1], 100 * total[0] / max(1, total[1]), total[2], total[3], 100 * total[2] / max(1, total[3])), '']
    return lines
