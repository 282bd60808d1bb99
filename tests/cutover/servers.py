# SPDX-License-Identifier: Apache-2.0
"""The lab's servers: how each program is started with a Config, and the servers that the lab runs."""
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from rules import OPENSSL_SCHEMES, SUITES, Config

OPENSSL_VERSION = {'SSLv3': 'SSLv3', 'TLSv1.0': 'TLSv1', 'TLSv1.1': 'TLSv1.1', 'TLSv1.2': 'TLSv1.2', 'TLSv1.3': 'TLSv1.3'}
OPENSSL_GROUP = {'x25519': 'X25519', 'x448': 'X448', 'secp256r1': 'P-256', 'secp384r1': 'P-384', 'secp521r1': 'P-521'}
GNUTLS_GROUP = {'x25519': 'X25519', 'x448': 'X448', 'secp256r1': 'SECP256R1', 'secp384r1': 'SECP384R1', 'secp521r1': 'SECP521R1'}
NSS_GROUP = {'x25519': 'x25519', 'secp256r1': 'P256', 'secp384r1': 'P384', 'secp521r1': 'P521'}
GROUP_NUMBER = {'secp256r1': 23, 'secp384r1': 24, 'secp521r1': 25, 'x25519': 29}
TLS_NUMBER = {'TLSv1.0': 0x301, 'TLSv1.1': 0x302, 'TLSv1.2': 0x303, 'TLSv1.3': 0x304}


def suites(*, without=(), only=lambda s: True):
    """Names of the table's suites whose cipher is not in `without`."""
    return tuple(n for n, s in SUITES.items() if not s.tls13 and s.enc not in without and only(s))


def listening(ip, port):
    """Does anybody listen there, or at the port of every address?"""
    at = socket.inet_aton(ip)[::-1].hex().upper()
    want = [ip + ':%04X' % port for ip in (at, '00000000', '0' * 32, '0' * 16 + 'FFFF0000' + at)]
    for name in ('tcp', 'tcp6'):
        with open('/proc/net/' + name, encoding='ascii') as f:
            if any(x.split()[3] == '0A' and x.split()[1] in want for x in f.readlines()[1:]):
                return True
    return False


class Lab:
    """Where things are: the work directory with keys and fetched programs."""

    def __init__(self, work):
        self.work = work

    def path(self, *parts):
        return os.path.join(self.work, *parts)

    def cert(self, kind):
        return self.path('pki', kind + '.pem')

    def key(self, kind):
        return self.path('pki', kind + '.key')


# ---- how a Config is said to each program ----

def openssl_conf(directory, cfg):
    lines = ['openssl_conf = d', '[d]', 'ssl_conf = s', '[s]', 'system_default = sd', '[sd]',
             'MinProtocol = ' + OPENSSL_VERSION[cfg.versions[0]], 'MaxProtocol = ' + OPENSSL_VERSION[cfg.versions[-1]],
             'CipherString = ' + openssl_ciphers(cfg), 'Ciphersuites = ' + ':'.join(cfg.suites13),
             'Groups = ' + openssl_groups(cfg),
             'Options = UnsafeLegacyRenegotiation' + (',ServerPreference' if cfg.own_order else '')]
    lines.append('SignatureAlgorithms = ' + openssl_schemes(cfg))
    path = os.path.join(directory, 'openssl.cnf')
    with open(path, 'w', encoding='ascii') as f:
        f.write('\n'.join(lines) + '\n')
    return path


def openssl_ciphers(cfg):
    return ':'.join(cfg.suites or ('ECDHE-RSA-AES128-GCM-SHA256',)) + ':@SECLEVEL=0'


def openssl_schemes(cfg):
    return ':'.join({'ecdsa_sha1': 'ECDSA+SHA1', 'rsa_pkcs1_sha1': 'RSA+SHA1'}.get(x, x) for x in cfg.schemes or OPENSSL_SCHEMES)


def openssl_groups(cfg):
    return ':'.join(OPENSSL_GROUP.get(g, g) for g in cfg.groups) or 'P-256'


def gnutls_priority(cfg):
    """Ciphers, MACs and key exchanges are listed apart there: a Config that is no product of them is refused."""
    enc = {('AES', 128): 'AES-128-CBC', ('AES', 256): 'AES-256-CBC', ('AESGCM', 128): 'AES-128-GCM',
           ('AESGCM', 256): 'AES-256-GCM', ('CHACHA20/POLY1305', 256): 'CHACHA20-POLY1305', ('3DES', 112): '3DES-CBC',
           ('RC4', 128): 'ARCFOUR-128'}
    chosen = [SUITES[n] for n in cfg.suites] + [SUITES[n] for n in cfg.suites13 if 'TLSv1.3' in cfg.versions]
    words = ['NONE', '+COMP-NULL', '+CTYPE-ALL']
    words += ['+VERS-TLS' + v[4:] for v in reversed(cfg.versions) if v != 'SSLv3']
    words += ['+' + w for w in dict.fromkeys(enc[(s.enc, s.bits)] for s in chosen)]
    words += ['+' + w for w in dict.fromkeys(s.mac for s in chosen)]
    kx = {('RSA', 'RSA'): 'RSA', ('DHE', 'RSA'): 'DHE-RSA', ('ECDHE', 'RSA'): 'ECDHE-RSA', ('ECDHE', 'ECDSA'): 'ECDHE-ECDSA'}
    words += ['+' + w for w in dict.fromkeys(kx[(s.kx, s.au)] for s in chosen if not s.tls13)]
    words += ['+GROUP-' + GNUTLS_GROUP[g] for g in cfg.groups]
    if any(s.kx == 'DHE' for s in chosen):
        words += ['+GROUP-FFDHE2048']
    words += ['+SIGN-ALL', '%COMPAT'] + (['%SERVER_PRECEDENCE'] if cfg.own_order else [])
    if 'TLSv1.0' in cfg.versions or 'TLSv1.1' in cfg.versions:
        words += ['+SIGN-RSA-SHA1', '%VERIFY_ALLOW_SIGN_WITH_SHA1']
    return ':'.join(words)


# ---- starting ----

def spawn(argv, directory, env=None, user=None):
    log = open(os.path.join(directory, 'log'), 'ab')
    if user and os.getuid() == 0:
        argv = ['setpriv', '--reuid=' + user, '--regid=' + user, '--init-groups'] + argv
    return subprocess.Popen(argv, cwd=directory, env=dict(os.environ, **(env or {})), stdin=subprocess.DEVNULL, stdout=log,
                            stderr=log, start_new_session=True)


def s_server(lab, cfg, at, directory, host):
    argv = ['openssl', 's_server', '-accept', '%s:%d' % at, '-www', '-cert', lab.cert(cfg.certs[0]), '-key', lab.key(cfg.certs[0])]
    if len(cfg.certs) > 1:
        argv += ['-dcert', lab.cert(cfg.certs[1]), '-dkey', lab.key(cfg.certs[1])]
    if cfg.dh:
        argv += ['-dhparam', lab.path('pki', 'dh%d.pem' % cfg.dh)]
    if cfg.client_cert:
        argv += ['-Verify', '2', '-CAfile', lab.path('pki', 'ca.pem'), '-verify_return_error']
    return [spawn(argv, directory, {'OPENSSL_CONF': openssl_conf(directory, cfg)})]


def nginx(lab, cfg, at, directory, host):
    certs = ''.join('ssl_certificate %s; ssl_certificate_key %s;\n' % (lab.cert(c), lab.key(c)) for c in cfg.certs)
    dh = 'ssl_dhparam %s;' % lab.path('pki', 'dh%d.pem' % cfg.dh) if cfg.dh else ''
    ask = 'ssl_verify_client on; ssl_client_certificate %s;' % lab.path('pki', 'ca.pem') if cfg.client_cert else ''
    temp = ''.join('%s_temp_path %s/%s;\n' % (x, directory, x) for x in ('client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'))
    text = '''daemon off; master_process off; pid %(d)s/pid; error_log %(d)s/err;
events {}
http { access_log off; %(temp)s
server { listen %(ip)s:%(port)d ssl; %(certs)s ssl_protocols %(versions)s; ssl_ciphers %(ciphers)s; ssl_ecdh_curve %(groups)s;
ssl_prefer_server_ciphers %(order)s; ssl_conf_command Ciphersuites %(s13)s; %(schemes)s %(dh)s %(ask)s
location / { return 200 "hi\\n"; } } }
''' % {'d': directory, 'temp': temp, 'ip': at[0], 'port': at[1], 'certs': certs, 'dh': dh, 'ask': ask,
       'versions': ' '.join(OPENSSL_VERSION[v] for v in cfg.versions), 'ciphers': openssl_ciphers(cfg),
       'groups': openssl_groups(cfg), 'order': 'on' if cfg.own_order else 'off', 's13': ':'.join(cfg.suites13),
       'schemes': 'ssl_conf_command SignatureAlgorithms %s;' % openssl_schemes(cfg)}
    with open(os.path.join(directory, 'nginx.conf'), 'w', encoding='ascii') as f:
        f.write(text)
    return [spawn(['nginx', '-p', directory, '-e', os.path.join(directory, 'err'), '-c', os.path.join(directory, 'nginx.conf')],
                  directory, {'OPENSSL_CONF': openssl_conf(directory, cfg)})]


NO_VERSION = {'SSLv3': 0x02000000, 'TLSv1.0': 0x04000000, 'TLSv1.1': 0x10000000, 'TLSv1.2': 0x08000000}


def old_node(version):
    """Node with OpenSSL 1.0: versions are switched off one by one, there is one curve."""
    def start(lab, cfg, at, directory, host):
        off = 0x01000000
        for v, bit in NO_VERSION.items():
            off |= 0 if v in cfg.versions else bit
        o = {'cert': lab.cert(cfg.certs[0]), 'key': lab.path('pki', cfg.certs[0] + '.trad.key'), 'secureOptions': off,
             'ciphers': ':'.join(cfg.suites), 'honorCipherOrder': cfg.own_order, 'secureProtocol': 'SSLv23_method'}
        if cfg.dh:
            o['dhparam'] = lab.path('pki', 'dh%d.pem' % cfg.dh)
        flags = ['--enable-ssl3'] if 'SSLv3' in cfg.versions and version in ('0.10.48', '0.12.18') else []
        return [spawn([lab.path('bin', 'node-' + version)] + flags +
                      [os.path.join(here(), 'programs/server.js'), at[0], str(at[1]), json.dumps(o)], directory)]
    return start


def new_node(version):
    def start(lab, cfg, at, directory, host):
        o = {'cert': [lab.cert(c) for c in cfg.certs], 'key': [lab.key(c) for c in cfg.certs],
             'minVersion': OPENSSL_VERSION[cfg.versions[0]], 'maxVersion': OPENSSL_VERSION[cfg.versions[-1]],
             'ciphers': ':'.join(cfg.suites13) + ':' + openssl_ciphers(cfg),
             'ecdhCurve': openssl_groups(cfg), 'honorCipherOrder': cfg.own_order}
        if cfg.schemes:
            o['sigalgs'] = openssl_schemes(cfg)
        if cfg.dh:
            o['dhparam'] = lab.path('pki', 'dh%d.pem' % cfg.dh)
        return [spawn([lab.path('bin', 'node-' + version), os.path.join(here(), 'programs/server.js'), at[0], str(at[1]),
                       json.dumps(o)], directory)]
    return start


def gnutls_serv(lab, cfg, at, directory, host):
    argv = ['gnutls-serv', '--http', '--priority', gnutls_priority(cfg), '-p', str(at[1]), '--quiet']
    for c in cfg.certs:
        argv += ['--x509certfile', lab.cert(c), '--x509keyfile', lab.key(c)]
    if not cfg.client_cert:
        argv += ['--disable-client-cert']
    return [spawn(argv, directory)]


def java(lab, cfg, at, directory, host):
    names = ','.join(SUITES[s].iana.replace('TLS_RSA_WITH_RC4', 'SSL_RSA_WITH_RC4').replace('TLS_RSA_WITH_3DES', 'SSL_RSA_WITH_3DES')
                     .replace('TLS_DHE_RSA_WITH_3DES', 'SSL_DHE_RSA_WITH_3DES') for s in cfg.suites13 + cfg.suites)
    versions = ','.join({'TLSv1.0': 'TLSv1'}.get(v, v) for v in cfg.versions)
    options = ['-Xshare:auto', '-XX:TieredStopAtLevel=1', '-Xmx64m', '-Dlab.legacy=true',
               '-Djdk.tls.namedGroups=' + ','.join(cfg.groups + ('ffdhe2048',))]
    if cfg.schemes:
        options.append('-Djdk.tls.server.SignatureSchemes=' + ','.join(cfg.schemes))
    if cfg.own_order:
        options.append('-Dlab.order=true')
    return [spawn(['java'] + options + ['-cp', lab.path('java'), 'Lab', 'serve', at[0], str(at[1]), versions, names,
                   lab.path('pki', '-'.join(cfg.certs) + '.p12')], directory)]


def selfserv(lab, cfg, at, directory, host):
    spell = {'SSLv3': 'ssl3', 'TLSv1.0': 'tls1.0', 'TLSv1.1': 'tls1.1', 'TLSv1.2': 'tls1.2', 'TLSv1.3': 'tls1.3'}
    argv = ['selfserv', '-p', str(at[1]), '-d', 'sql:' + lab.path('nssdb'), '-V', spell[cfg.versions[0]] + ':' + spell[cfg.versions[-1]],
            '-c', ''.join(':%04x' % SUITES[s].code for s in cfg.suites + cfg.suites13), '-I', ','.join(NSS_GROUP[g] for g in cfg.groups)]
    for c in cfg.certs:
        argv += ['-e' if c == 'ec' else '-n', c]
    if cfg.schemes:
        argv += ['-J', ','.join(cfg.schemes)]
    return [spawn(argv, directory)]


def go(lab, cfg, at, directory, host):
    env = {'LAB_MIN': str(TLS_NUMBER[cfg.versions[0]]), 'LAB_MAX': str(TLS_NUMBER[cfg.versions[-1]]),
           'LAB_SUITES': ','.join(str(SUITES[s].code) for s in cfg.suites),
           'LAB_GROUPS': ','.join(str(GROUP_NUMBER[g]) for g in cfg.groups)}
    argv = [lab.path('bin', 'labgo'), 'serve', at[0], str(at[1])]
    for c in cfg.certs:
        argv += [lab.cert(c), lab.key(c)]
    return [spawn(argv, directory, env)]


def here():
    return os.path.dirname(os.path.abspath(__file__))


# ---- programs ----

@dataclasses.dataclass
class Program:
    label: str
    start: object
    able: Config                       # all that it can
    needs: tuple                       # executables
    knobs: tuple = ('groups', 'schemes', 'suites13')


V13 = ('TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3')
V12, V10 = V13[:3], V13[:1]
OSSL3 = suites(without=('RC4', '3DES'))
RSA_OLD = ('RC4-SHA', 'RC4-MD5', 'AES256-SHA', 'AES128-SHA', 'DES-CBC3-SHA')
RSA_12 = ('AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'AES128-SHA256', 'AES256-SHA256') + RSA_OLD
EC_12 = ('ECDHE-RSA-AES128-GCM-SHA256', 'ECDHE-RSA-AES256-GCM-SHA384', 'ECDHE-RSA-AES128-SHA256', 'ECDHE-RSA-AES128-SHA',
         'ECDHE-RSA-AES256-SHA')
MODERN = Config(V13, OSSL3, certs=('rsa', 'ec'), groups=('x25519', 'secp256r1', 'secp384r1', 'secp521r1', 'x448'))
P256 = ('secp256r1',)
GO = suites(without=(), only=lambda s: s.kx != 'DHE' and s.mac in ('AEAD', 'SHA1', 'SHA256') and
            s.name not in ('AES256-SHA256', 'RC4-MD5', 'ECDHE-RSA-RC4-SHA'))
JAVA = suites(without=(), only=lambda s: s.kx != 'DHE' or s.enc != 'CHACHA20/POLY1305')
NSS = suites(without=(), only=lambda s: True)

PROGRAMS = {
    's_server': Program('OpenSSL 3.0 s_server', s_server, MODERN, ('openssl',)),
    'nginx': Program('nginx (OpenSSL 3.0)', nginx, MODERN, ('nginx',)),
    'gnutls-serv': Program('GnuTLS gnutls-serv', gnutls_serv, Config(V13, suites(without=('RC4',)), certs=('rsa', 'ec')),
                           ('gnutls-serv',), ('groups', 'suites13')),
    'java': Program('Java 17', java, Config(V13, JAVA, certs=('rsa', 'ec')), ('java', 'javac')),
    'selfserv': Program('NSS selfserv', selfserv, Config(V13, NSS, certs=('rsa', 'ec')), ('selfserv', 'certutil', 'pk12util')),
    'go': Program('Go crypto/tls', go, Config(V13, GO, certs=('rsa', 'ec')), ('go',), ('groups',)),
}
for _v, _label, _versions, _suites in (
        ('0.8.28', '1.0.0m', ('SSLv3',) + V10, RSA_OLD), ('0.10.32', '1.0.1i', ('SSLv3',) + V12, RSA_12),
        ('0.10.48', '1.0.1u', V12, RSA_12), ('0.12.18', '1.0.1u', V12, EC_12 + RSA_12), ('4.9.1', '1.0.2o', V12, EC_12 + RSA_12),
        ('6.17.1', '1.0.2r', V12, EC_12 + RSA_12), ('8.17.0', '1.0.2s', V12, EC_12 + RSA_12)):
    PROGRAMS['node-' + _v] = Program('node %s (OpenSSL %s)' % (_v, _label), old_node(_v), Config(_versions, _suites, groups=P256, dh=0),
                                     ('node-' + _v,), ())
for _v, _label, _versions in (('10.24.1', '1.1.1k', V12), ('12.18.0', '1.1.1g', V13), ('16.20.2', '1.1.1v', V13), ('24.21.0', '3.5', V13)):
    PROGRAMS['node-' + _v] = Program('node %s (OpenSSL %s)' % (_v, _label), new_node(_v), MODERN.replace(
        versions=_versions, groups=MODERN.groups + (('X25519MLKEM768',) if _v.startswith('24') else ())), ('node-' + _v,),
        ('groups', 'schemes', 'suites13') if _v.startswith(('16', '24')) else ('groups', 'suites13'))


# ---- in front of servers ----

class Front(threading.Thread):
    """Takes TCP connections and hands each to one of the backends: `choose` gets the first bytes and a count, and says which, or
    None to hang up."""

    def __init__(self, at, backends, choose):
        super().__init__(daemon=True)
        self.backends, self.choose, self.count = backends, choose, 0
        self.socket = socket.create_server(at, backlog=64)
        self.start()

    def run(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            threading.Thread(target=self._one, args=(client, self.count), daemon=True).start()

    def _one(self, client, count):
        with client:
            client.settimeout(6)
            try:
                first = client.recv(65536)
                which = self.choose(first, count)
                if which is None or not first:
                    return
                with socket.create_connection(self.backends[which], timeout=6) as server:
                    server.sendall(first)
                    back = threading.Thread(target=_pump, args=(server, client), daemon=True)
                    back.start()
                    _pump(client, server)
                    back.join(6)
            except OSError:
                pass

    def stop(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


def _pump(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        _hang_up(source)
        _hang_up(sink)


def _hang_up(s):
    try:
        s.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass


def round_robin(first, count):
    return count % 2


def by_sni(word):
    return lambda first, count: 0 if word in first else 1


def intolerant(first, count):
    """Hangs up on a hello that says more than TLS 1.0."""
    return 0 if first[9:11] <= b'\x03\x01' else None


# ---- the servers of the lab ----

@dataclasses.dataclass
class Server:
    name: str
    parts: tuple                       # pairs of program and Config: one, or the backends of a front
    hosts: tuple = ()
    choose: object = None              # of the front
    proto: str = 'http'
    tries: int = 2
    number: int = 0
    port: int = 0                      # 0: one of the lab's own

    @property
    def at(self):
        return ('10.9.0.%d' % (10 + self.number), self.port or 4400 + self.number)

    def programs(self):
        return [PROGRAMS[p] for p, _ in self.parts]


class NotStarted(Exception):
    """A server that does not listen in time; the end of its log."""


class Running:
    """A started server; leave the with block to stop it."""

    def __init__(self, lab, server, configs, directory, programs=None):
        """configs: one per part, None for a backend that nothing is left of."""
        self.processes, self.front = [], None
        programs = programs or server.programs()
        shutil.rmtree(directory, ignore_errors=True)
        backends = []
        for i, (program, cfg) in enumerate(zip(programs, configs)):
            at = server.at if not server.choose else ('127.0.0.1', 20000 + 10 * server.number + i)
            backends.append(at)
            if cfg is None:
                continue
            sub = os.path.join(directory, str(i))
            os.makedirs(sub)
            self.processes += program.start(lab, cfg, at, sub, server.hosts[0])
            self.wait(at, sub)
        if server.choose:
            self.front = Front(server.at, backends, server.choose)

    def wait(self, at, directory):
        until = time.monotonic() + 40
        while not listening(*at):
            if self.processes[-1].poll() is not None or time.monotonic() > until:
                self.__exit__()
                with open(os.path.join(directory, 'log'), encoding='utf-8', errors='replace') as f:
                    raise NotStarted('did not start: ' + ' '.join(f.read()[-300:].split()))
            time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.front:
            self.front.stop()
        for p in self.processes:
            try:
                os.killpg(p.pid, getattr(p, 'stop_with', signal.SIGTERM))
            except ProcessLookupError:
                pass
        for p in self.processes:
            try:
                p.wait(4)
            except subprocess.TimeoutExpired:
                os.killpg(p.pid, signal.SIGKILL)
                p.wait()


CBC_12 = suites(only=lambda s: s.enc == 'AES' and s.kx != 'RSA')
RSA_KX = ('AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'AES128-SHA256', 'AES128-SHA', 'AES256-SHA')
WIDE = Config(V13, OSSL3)
T12 = V12[2:]

SERVERS = [
    Server('ossl-wide', (('s_server', WIDE),)),
    Server('ossl-tls10', (('s_server', WIDE.replace(versions=V10)),)),
    Server('ossl-tls11', (('s_server', WIDE.replace(versions=V12[:2])),)),
    Server('ossl-cbc', (('s_server', Config(V12, CBC_12, own_order=True)),)),
    Server('ossl-ecdsa', (('s_server', Config(V13[2:], OSSL3, certs=('ec',))),)),
    Server('ossl-sha1sig', (('s_server', Config(V12, OSSL3, schemes=('rsa_pkcs1_sha1', 'ecdsa_sha1'))),)),
    Server('ossl-mtls', (('s_server', WIDE.replace(client_cert=True)),)),
    Server('nginx-dual', (('nginx', Config(V13, OSSL3, certs=('rsa', 'ec'), own_order=True)),)),
    Server('nginx-rsakx', (('nginx', Config(V12, RSA_KX, own_order=True, dh=0)),)),
    Server('nginx-p384', (('nginx', Config(V13[2:], OSSL3, groups=('secp384r1',), certs=('rsa3072',), own_order=True)),)),
    Server('nginx-dhe', (('nginx', Config(V12, suites(without=('RC4', '3DES'), only=lambda s: s.kx == 'DHE'))),)),
    Server('nginx-tls12', (('nginx', Config(T12, suites(only=lambda s: s.mac == 'AEAD' and s.kx == 'ECDHE'), certs=('rsa3072',), own_order=True)),)),
    Server('node-0.8', (('node-0.8.28', PROGRAMS['node-0.8.28'].able),)),
    Server('node-0.10', (('node-0.10.32', PROGRAMS['node-0.10.32'].able),)),
    Server('node-0.12', (('node-0.12.18', PROGRAMS['node-0.12.18'].able.replace(own_order=True)),)),
    Server('node-4', (('node-4.9.1', PROGRAMS['node-4.9.1'].able),)),
    Server('node-8', (('node-8.17.0', PROGRAMS['node-8.17.0'].able.replace(own_order=True)),)),
    Server('node-12', (('node-12.18.0', Config(V13[2:], OSSL3, own_order=True)),)),
    Server('node-24', (('node-24.21.0', PROGRAMS['node-24.21.0'].able.replace(versions=V13[2:], certs=('rsa',))),)),
    Server('gnutls-wide', (('gnutls-serv', Config(V13, suites(without=('RC4',)))),)),
    Server('gnutls-tls11', (('gnutls-serv', Config(V12[:2], suites(without=('RC4',)), own_order=True)),)),
    Server('java-wide', (('java', Config(V13, JAVA, own_order=True)),)),
    Server('java-tls10', (('java', Config(V10, JAVA)),)),
    Server('nss', (('selfserv', Config(('SSLv3',) + V12, NSS, groups=('x25519', 'secp256r1', 'secp384r1', 'secp521r1'))),)),
    Server('go', (('go', Config(V13, GO)),)),
    Server('two-backends', (('s_server', WIDE.replace(versions=V10)), ('nginx', WIDE)), choose=round_robin, tries=4),
    Server('sni-split', (('s_server', WIDE.replace(versions=V10)), ('nginx', WIDE)), ('old.split.test', 'new.split.test'),
           choose=by_sni(b'old.split.test')),
    Server('intolerant', (('s_server', WIDE.replace(versions=V10)),), choose=intolerant),
]


def numbered(servers):
    for i, s in enumerate(servers):
        s.number = i
        s.hosts = s.hosts or (s.name + '.lab.test',)
    return servers


def modern(server, policy):
    """What B2 puts in the place of a server that cannot do what the policy needs, the first that serves a client: its own program
    with everything switched on where that is a protocol of its own."""
    if server.proto != 'http':
        return server.programs()[:1]
    if policy.allows_group('X25519MLKEM768') and not policy.allows_group('secp384r1'):
        return [PROGRAMS['node-24.21.0']]
    old = PROGRAMS['node-8.17.0']
    return [PROGRAMS['s_server'], dataclasses.replace(old, able=old.able.replace(suites=old.able.suites + ('ECDHE-RSA-DES-CBC3-SHA',)))]
