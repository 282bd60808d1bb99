# SPDX-License-Identifier: Apache-2.0
"""The lab's clients: each is one program with one setting, and works when its exchange with the server succeeds (a request and its
answer, not only a handshake)."""
import dataclasses
import json
import os
import re
import select
import signal
import subprocess
import threading
import time

from servers import here

GET = b'GET / HTTP/1.0\r\n\r\n'
HTTP_OK = rb'(?m)^HTTP/1\.\d 200|^OK'


@dataclasses.dataclass
class Target:
    ip: str
    port: int
    host: str
    proto: str = 'http'
    client_cert: bool = False          # show one


@dataclasses.dataclass
class Client:
    name: str
    stack: str                         # which program and library it is
    argv: object                       # function of (lab, target)
    needs: tuple
    protos: tuple = ('http',)
    stdin: bytes = b''
    success: bytes = HTTP_OK
    clear: bytes = None                # it succeeded, but in clear text
    env: object = None                 # function of (lab, target): a dict
    steps: int = 1                     # argv gives that many commands, which all have to succeed
    either: bool = False               # one of them: they are tried in turn
    shares: str = ''                   # the client whose address it uses: a NAT
    servers: tuple = ()                # only these; () all of its protocol
    timeout: float = 5
    number: int = 0

    @property
    def address(self):
        return '10.9.1.%d' % (10 + self.number)

    def netns(self):
        return 'c%d' % self.number

    def attempt(self, lab, target):
        """One try: works, plaintext or fails."""
        commands = self.argv(lab, target)
        results = []
        for command in commands if self.steps > 1 or self.either else [commands]:
            results.append(self._run(lab, target, command))
            if (results[-1] != 'fails') == self.either:
                break
        if self.either:
            return results[-1]
        return 'fails' if 'fails' in results else results[-1]

    def _run(self, lab, target, command):
        env = dict(os.environ, **(self.env(lab, target) if self.env else {}))
        process = subprocess.Popen(['nsenter', '--net=/run/netns/' + self.netns()] + command, env=env, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True, bufsize=0)
        try:
            os.write(process.stdin.fileno(), self.stdin)
        except BrokenPipeError:
            pass
        text = _read(process.stdout, re.compile(self.success), self.timeout)
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        process.stdin.close()
        process.stdout.close()
        if text is None:
            return 'fails'
        return 'plaintext' if self.clear and re.search(self.clear, text) else 'works'


def _read(stream, pattern, timeout):
    """Reads until the pattern shows, the stream ends, or it takes too long: some clients stay on after the server has gone. None: it did
    not show."""
    text, until = b'', time.monotonic() + timeout
    while not pattern.search(text):
        ready, _, _ = select.select([stream], [], [], max(0, until - time.monotonic()))
        data = os.read(stream.fileno(), 65536) if ready else b''
        if not data:
            return None
        text += data
    return text


# ---- OpenSSL ----

def s_client(*options, host=True):
    def argv(lab, t):
        a = ['openssl', 's_client', '-quiet', '-connect', '%s:%d' % (t.ip, t.port)]
        a += ['-servername', t.host] if host else ['-noservername']
        if t.client_cert:
            a += ['-cert', lab.cert('client'), '-key', lab.key('client')]
        return a + list(options)
    return argv


def openssl_client(name, *options, **kw):
    return Client(name, 'OpenSSL 3.0', s_client(*options), ('openssl',), stdin=GET, **kw)


def resuming(lab, t):
    """A full handshake whose session is kept, then one that resumes it."""
    kept = lab.path('run', 'session-%s-%d' % (t.host, t.port))
    first = s_client('-tls1_2', '-sess_out', kept)(lab, t)
    return [first, s_client('-tls1_2', '-sess_in', kept)(lab, t)]


def dancer(low):
    """A high hello, and when it fails a lower one."""
    suites = 'ECDHE-RSA-AES128-SHA:AES128-SHA:AES256-SHA'
    return lambda lab, t: [s_client('-tls1_2', '-cipher', suites + ':ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0')(lab, t),
                           s_client('-tls1', '-cipher', suites + ':@SECLEVEL=0', *low)(lab, t)]


ALL0 = ('-cipher', 'ALL:@SECLEVEL=0')


# ---- others ----

def node(version, **options):
    def argv(lab, t):
        o = dict(options, servername=t.host)
        if t.client_cert:
            o.update(cert=lab.cert('client'), key=lab.path('pki', 'client.trad.key'))
        flags = o.pop('flags', [])
        return [lab.path('bin', 'node-' + version)] + flags + [os.path.join(here(), 'programs/client.js'), t.ip, str(t.port), json.dumps(o)]
    return argv


def node_client(name, version, library, **options):
    return Client(name, 'node %s (%s)' % (version, library), node(version, **options), ('node-' + version,))


def gnutls_cli(priority):
    def argv(lab, t):
        a = ['gnutls-cli', '--insecure', '--no-ca-verification', '--priority', priority, '-p', str(t.port), '--sni-hostname', t.host, t.ip]
        return a + (['--x509certfile', lab.cert('client'), '--x509keyfile', lab.key('client')] if t.client_cert else [])
    return argv


def gnutls_client(name, priority):
    return Client(name, 'GnuTLS 3.7', gnutls_cli(priority), ('gnutls-cli',), stdin=GET)


def nss_client(name, versions, *options):
    def argv(lab, t):
        a = ['tstclnt', '-h', t.ip, '-a', t.host, '-p', str(t.port), '-d', 'sql:' + lab.path('nssdb'), '-o', '-4', '-V', versions]
        return a + (['-n', 'client'] if t.client_cert else []) + list(options)
    return Client(name, 'NSS 3.87', argv, ('tstclnt',), stdin=GET)


def go_client(name, **settings):
    def argv(lab, t):
        return [lab.path('bin', 'labgo'), 'ask', t.ip, str(t.port), t.host] + (
            [lab.cert('client'), lab.key('client')] if t.client_cert else [])
    return Client(name, 'Go 1.19', argv, ('go',), env=lambda lab, t: settings)


def curl(*options):
    def argv(lab, t):
        a = ['curl', '-sik', '-m', '6', '--resolve', '%s:%d:%s' % (t.host, t.port, t.ip), 'https://%s:%d/' % (t.host, t.port)]
        return a + (['--cert', lab.cert('client'), '--key', lab.key('client')] if t.client_cert else []) + list(options)
    return argv


def curl_client(name, *options, **kw):
    return Client(name, 'curl (OpenSSL 3.0)', curl(*options), ('curl',), success=rb'HTTP/[\d.]+ 200', **kw)


def small(program, *options):
    return lambda lab, t: [lab.path('bin', program), t.ip, str(t.port), t.host] + list(options)


def chromium(lab, t):
    return ['chromium', '--headless=new', '--no-sandbox', '--disable-gpu', '--user-data-dir=' + lab.path('run', 'chromium-' + t.host),
            '--ignore-certificate-errors', '--host-resolver-rules=MAP %s %s' % (t.host, t.ip), '--virtual-time-budget=4000',
            '--disable-background-networking', '--disable-component-update', '--no-first-run', '--dump-dom',
            'https://%s:%d/' % (t.host, t.port)]


class JavaClient(Client):
    """A virtual machine takes longer to start than to shake hands: one stays, and is told whom to ask."""
    protocols, suites, options = '-', '-', ()

    def attempt(self, lab, target):
        keystore = lab.path('pki', 'client.p12') if target.client_cert else '-'
        with self.lock:
            vm = self.running.get(keystore)
            if vm is None or vm.poll() is not None:
                argv = ['nsenter', '--net=/run/netns/' + self.netns(), 'java', '-XX:TieredStopAtLevel=1', '-Xmx64m', *self.options, '-cp',
                        lab.path('java'), 'Lab', 'ask', self.protocols, self.suites, keystore]
                vm = self.running[keystore] = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                                               stderr=subprocess.DEVNULL, text=True, bufsize=1)
            vm.stdin.write('%s %d %s\n' % (target.ip, target.port, target.host))
            return 'works' if vm.stdout.readline().startswith('OK') else 'fails'


def java_client(name, protocols='-', suites='-', *options):
    c = JavaClient(name, 'Java 17', None, ('java', 'javac'))
    c.protocols, c.suites, c.options, c.lock, c.running = protocols, suites, options, threading.Lock(), {}
    return c


JAVA_OLD = 'SSL_RSA_WITH_RC4_128_SHA,TLS_RSA_WITH_AES_128_CBC_SHA,TLS_DHE_RSA_WITH_AES_128_CBC_SHA,SSL_RSA_WITH_3DES_EDE_CBC_SHA'
LEGACY = '-Dlab.legacy=true'

CLIENTS = [
    openssl_client('ossl-default'),
    openssl_client('ossl-tls10', '-tls1', *ALL0),
    openssl_client('ossl-tls11', '-tls1_1', *ALL0),
    openssl_client('ossl-tls12', '-tls1_2', '-cipher', 'HIGH:!aNULL:@SECLEVEL=0'),
    openssl_client('ossl-tls13', '-tls1_3'),
    openssl_client('ossl-rsakx', '-tls1_2', '-cipher', 'AES128-GCM-SHA256:AES128-SHA256:AES128-SHA:AES256-SHA:@SECLEVEL=0'),
    openssl_client('ossl-cbc', '-tls1_2', '-cipher', 'ECDHE-RSA-AES128-SHA256:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:'
                   'AES128-SHA:@SECLEVEL=0'),
    openssl_client('ossl-dhe', '-tls1_2', '-cipher', 'DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES128-SHA:@SECLEVEL=0'),
    openssl_client('ossl-sha1sig', '-tls1_2', '-sigalgs', 'RSA+SHA1:ECDSA+SHA1', '-cipher', 'ALL:@SECLEVEL=0'),
    openssl_client('ossl-x25519', '-groups', 'X25519'),
    openssl_client('ossl-p384', '-groups', 'P-384'),
    openssl_client('ossl-x448', '-groups', 'X448', '-tls1_2', '-cipher', 'ECDHE:@SECLEVEL=0'),
    openssl_client('ossl-rsaonly', '-tls1_2', '-cipher', 'aRSA:@SECLEVEL=0', '-sigalgs', 'RSA+SHA256:RSA-PSS+SHA256'),
    Client('ossl-nosni', 'OpenSSL 3.0', s_client('-tls1_2', host=False), ('openssl',), stdin=GET, servers=('ossl-wide', 'sni-split')),
    Client('ossl-resume', 'OpenSSL 3.0', resuming, ('openssl',), stdin=GET, steps=2),
    Client('dancer', 'OpenSSL 3.0', dancer(()), ('openssl',), stdin=GET, either=True),
    Client('dancer-scsv', 'OpenSSL 3.0', dancer(('-fallback_scsv',)), ('openssl',), stdin=GET, either=True),
    node_client('node-0.8', '0.8.28', 'OpenSSL 1.0.0m'),
    node_client('node-0.10', '0.10.32', 'OpenSSL 1.0.1i'),
    node_client('node-0.12', '0.12.18', 'OpenSSL 1.0.1u'),
    node_client('node-4', '4.9.1', 'OpenSSL 1.0.2o'),
    node_client('node-4-3des', '4.9.1', 'OpenSSL 1.0.2o', ciphers='DES-CBC3-SHA:ECDHE-RSA-DES-CBC3-SHA'),
    node_client('node-8', '8.17.0', 'OpenSSL 1.0.2s'),
    node_client('node-10', '10.24.1', 'OpenSSL 1.1.1k'),
    node_client('node-12', '12.18.0', 'OpenSSL 1.1.1g'),
    node_client('node-16', '16.20.2', 'OpenSSL 1.1.1v'),
    node_client('node-24', '24.21.0', 'OpenSSL 3.5'),
    gnutls_client('gnutls', 'NORMAL'),
    gnutls_client('gnutls-tls10', 'NORMAL:-VERS-ALL:+VERS-TLS1.0:%COMPAT'),
    gnutls_client('gnutls-tls12', 'NORMAL:-VERS-ALL:+VERS-TLS1.2:-GROUP-ALL:+GROUP-SECP256R1'),
    nss_client('nss', 'tls1.2:tls1.3'),
    nss_client('nss-tls10', 'tls1.0:tls1.0', '-c', ':0005:000a:002f:c013'),
    java_client('java'),
    java_client('java-8', 'TLSv1,TLSv1.1,TLSv1.2', '-', LEGACY),
    java_client('java-6', 'TLSv1', JAVA_OLD, LEGACY),
    java_client('java-v2hello', 'SSLv2Hello,TLSv1', JAVA_OLD, LEGACY),
    Client('mbedtls', 'mbedTLS 2.28', small('mbed', '1', '3'), ('mbed',)),
    Client('mbedtls-tls11', 'mbedTLS 2.28', small('mbed', '1', '2'), ('mbed',)),
    Client('wolfssl', 'wolfSSL 5.5', small('wolf', '4'), ('wolf',)),
    Client('wolfssl-tls12', 'wolfSSL 5.5', small('wolf', '3'), ('wolf',)),
    go_client('go'),
    go_client('go-tls10', LAB_MIN='0x301', LAB_MAX='0x301'),
    go_client('go-rsakx', LAB_MAX='0x303', LAB_SUITES='0x002f,0x0035,0x009c'),
    curl_client('curl'),
    curl_client('curl-tls12', '--tls-max', '1.2'),
    Client('chromium', 'Chromium', chromium, ('chromium',), success=rb'<pre[^>]*>\s*(hi|s_server)', timeout=20,
           servers=('nginx-dual', 'node-24', 'ossl-tls11')),
]

UNSEEN = [dataclasses.replace(c, name='unseen-' + c.name, servers=('ossl-wide', 'nginx-dual'))
          for c in CLIENTS if c.name in ('ossl-default', 'ossl-tls12', 'ossl-cbc')]
NAT = [dataclasses.replace(c, name='nat-' + c.name, shares='nat-ossl-tls10', servers=('ossl-wide', 'nginx-dual', 'node-8', 'ossl-tls10'))
       for c in CLIENTS if c.name in ('ossl-tls10', 'node-10', 'gnutls-tls12', 'curl')]


def numbered(clients):
    by_name = {}
    for i, c in enumerate(clients):
        c.number = by_name[c.shares].number if c.shares in by_name else i
        by_name[c.name] = c
    return clients
