# SPDX-License-Identifier: Apache-2.0
"""Servers and clients whose TLS begins inside another protocol: mail, directories, databases. A Config without versions is a server
with TLS switched off: what opportunistic clients meet on a bad day."""
import os
import shutil
import signal
import subprocess

import clients
import servers
from clients import Client, Target
from servers import Config, Program, Server, OSSL3, V12, V13, openssl_ciphers, openssl_conf, openssl_groups, spawn


def write(directory, name, text):
    path = os.path.join(directory, name)
    with open(path, 'w', encoding='ascii') as f:
        f.write(text)
    return path


# ---- servers ----

def postfix(lab, cfg, at, directory, host):
    queue, data = os.path.join(directory, 'queue'), os.path.join(directory, 'data')
    os.mkdir(queue)
    os.mkdir(data)
    shutil.chown(data, 'postfix')
    tls = 'smtpd_tls_security_level = may\nsmtpd_tls_protocols = nonsense\n' # 454: TLS is not available
    if cfg.versions:
        tls = '''smtpd_tls_security_level = may
smtpd_tls_chain_files = %s
smtpd_tls_protocols = >=%s, <=%s
smtpd_tls_ciphers = medium
tls_medium_cipherlist = %s
tls_eecdh_auto_curves = %s
smtpd_tls_eecdh_grade = auto
tls_preempt_cipherlist = %s
tls_config_file = none
''' % (', '.join('%s, %s' % (lab.key(c), lab.cert(c)) for c in cfg.certs), servers.OPENSSL_VERSION[cfg.versions[0]],
       servers.OPENSSL_VERSION[cfg.versions[-1]], openssl_ciphers(cfg), openssl_groups(cfg).replace(':', ' '),
       'yes' if cfg.own_order else 'no')
    write(directory, 'main.cf', '''compatibility_level = 3.6
queue_directory = %s
data_directory = %s
inet_interfaces = %s
inet_protocols = ipv4
myhostname = mail.example.test
mydestination = example.test
local_transport = discard:
local_recipient_maps =
smtpd_client_restrictions =
smtpd_relay_restrictions = reject_unauth_destination
maillog_file = /dev/stdout
maillog_file_prefixes = /dev
''' % (queue, data, at[0]) + tls)
    services = ''.join('%s unix %s\n' % x for x in (
        ('cleanup', 'n - n - 0 cleanup'), ('tlsmgr', '- - n 1000? 1 tlsmgr'), ('rewrite', '- - n - - trivial-rewrite'),
        ('anvil', '- - n - 1 anvil'), ('proxymap', '- - n - - proxymap'), ('qmgr', 'n - n 300 1 qmgr'), ('discard', '- - n - - discard'),
        ('bounce', '- - n - 0 bounce'), ('defer', '- - n - 0 bounce')))
    write(directory, 'master.cf', '%s:%d inet n - n - - smtpd\n' % at + services)
    subprocess.run(['postfix', '-c', directory, 'check'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return [spawn(['/usr/lib/postfix/sbin/master', '-d', '-c', directory], directory, {'MAIL_CONFIG': directory})]


def dovecot(lab, cfg, at, directory, host):
    run = os.path.join(directory, 'run')
    tls = 'ssl = no\n' if not cfg.versions else '''ssl = yes
ssl_cert = <%s
ssl_key = <%s
ssl_min_protocol = %s
ssl_cipher_list = %s
ssl_curve_list = %s
ssl_prefer_server_ciphers = %s
''' % (lab.cert(cfg.certs[0]), lab.key(cfg.certs[0]), servers.OPENSSL_VERSION[cfg.versions[0]], openssl_ciphers(cfg),
       openssl_groups(cfg), 'yes' if cfg.own_order else 'no')
    conf = write(directory, 'dovecot.conf', '''base_dir = %s
log_path = %s/log
protocols = imap
listen = %s
disable_plaintext_auth = no
mail_location = maildir:%s/mail/%%u
passdb {
 driver = static
 args = password=pass
}
userdb {
 driver = static
 args = uid=mail gid=mail home=%s/mail/%%u
}
service imap-login {
 inet_listener imap {
  port = %d
 }
 inet_listener imaps {
  port = 0
 }
}
first_valid_uid = 1
''' % (run, directory, at[0], directory, directory, at[1]) + tls)
    os.mkdir(os.path.join(directory, 'mail'), 0o777)
    os.chmod(os.path.join(directory, 'mail'), 0o777)
    full = cfg if cfg.versions else servers.WIDE
    return [spawn(['dovecot', '-F', '-c', conf], directory, {'OPENSSL_CONF': openssl_conf(directory, full)})]


def postgres(lab, cfg, at, directory, host):
    data, owner = lab.path('pgdata'), 'postgres' if os.getuid() == 0 else None
    argv = ['postgres', '-D', data, '-c', 'listen_addresses=' + at[0], '-c', 'port=%d' % at[1], '-c', 'unix_socket_directories=']
    env = {}
    if cfg.versions:
        for name in ('pem', 'key'):
            copy = os.path.join(directory, 'pg.' + name)
            shutil.copy(lab.path('pki', cfg.certs[0] + '.' + name), copy)
            os.chmod(copy, 0o600)
            if owner:
                shutil.chown(copy, owner)
        argv += ['-c', 'ssl=on', '-c', 'ssl_cert_file=' + os.path.join(directory, 'pg.pem'),
                 '-c', 'ssl_key_file=' + os.path.join(directory, 'pg.key'), '-c', 'ssl_ecdh_curve=prime256v1',
                 '-c', 'ssl_min_protocol_version=' + servers.OPENSSL_VERSION[cfg.versions[0]],
                 '-c', 'ssl_max_protocol_version=' + servers.OPENSSL_VERSION[cfg.versions[-1]], '-c', 'ssl_ciphers=' + openssl_ciphers(cfg)]
        env = {'OPENSSL_CONF': openssl_conf(directory, cfg)}
    process = spawn(argv, directory, env, owner)
    process.stop_with = signal.SIGINT
    return [process]


def mariadb(lab, cfg, at, directory, host):
    argv = ['mariadbd', '--no-defaults', '--datadir=' + lab.path('mydata'), '--socket=' + os.path.join(directory, 's'),
            '--bind-address=' + at[0], '--port=%d' % at[1], '--skip-grant-tables', '--skip-log-bin', '--innodb-flush-log-at-trx-commit=0',
            '--pid-file=' + os.path.join(directory, 'pid')]
    argv += ['--user=mysql'] if os.getuid() == 0 else []
    env = {}
    if cfg.versions:
        argv += ['--ssl-cert=' + lab.cert(cfg.certs[0]), '--ssl-key=' + lab.key(cfg.certs[0]), '--ssl-cipher=' + openssl_ciphers(cfg),
                 '--tls-version=' + ','.join(cfg.versions)]
        env = {'OPENSSL_CONF': openssl_conf(directory, cfg)}
    os.chmod(directory, 0o777)
    process = spawn(argv, directory, env)
    process.stop_with = signal.SIGKILL
    return [process]


def slapd(lab, cfg, at, directory, host):
    os.mkdir(os.path.join(directory, 'db'))
    tls = '' if not cfg.versions else 'TLSCertificateFile %s\nTLSCertificateKeyFile %s\nTLSCipherSuite %s\nTLSProtocolMin 3.1\n' % (
        lab.cert(cfg.certs[0]), lab.key(cfg.certs[0]), servers.gnutls_priority(cfg))
    conf = write(directory, 'slapd.conf', '''include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile %s/pid
%sdatabase mdb
suffix dc=example,dc=test
directory %s/db
''' % (directory, tls, directory))
    return [spawn(['slapd', '-h', 'ldap://%s:%d/' % at, '-f', conf, '-d', '0'], directory)]


MAIL = Config(V13, OSSL3, dh=0)
PROGRAMS = {
    'postfix': Program('Postfix', postfix, MAIL.replace(certs=('rsa', 'ec')), ('postfix',), ('groups',)),
    'dovecot': Program('Dovecot', dovecot, MAIL, ('dovecot',)),
    'postgres': Program('PostgreSQL', postgres, MAIL.replace(groups=servers.P256), ('postgres', 'initdb'), ('schemes', 'suites13')),
    'mariadb': Program('MariaDB', mariadb, MAIL, ('mariadbd', 'mariadb-install-db')),
    'slapd': Program('OpenLDAP slapd (GnuTLS)', slapd, Config(V13, servers.suites(without=('RC4',), only=lambda s: s.kx != 'DHE'), dh=0),
                     ('slapd',), ('groups', 'suites13')),
}
servers.PROGRAMS.update(PROGRAMS)

SERVERS = [
    Server('postfix', (('postfix', MAIL),), proto='smtp', port=25),
    Server('postfix-old', (('postfix', MAIL.replace(versions=V12[:2])),), proto='smtp', port=25),
    Server('postfix-cbc', (('postfix', MAIL.replace(versions=V12, suites=servers.suites(
        only=lambda s: s.enc == 'AES' and s.kx == 'RSA'), own_order=True)),), proto='smtp', port=25),
    Server('dovecot', (('dovecot', MAIL),), proto='imap', port=143),
    Server('postgres', (('postgres', MAIL.replace(groups=servers.P256)),), proto='postgresql', port=5432),
    Server('mariadb', (('mariadb', MAIL.replace(versions=V12)),), proto='mysql', port=3306),
    Server('slapd', (('slapd', PROGRAMS['slapd'].able),), proto='ldap', port=389),
]


# ---- clients ----

OLD_CONF = 'old-client.cnf'


def prepare(lab):
    """Files that clients and servers share: made once."""
    write(lab.work, OLD_CONF, '''openssl_conf = d
[d]
ssl_conf = s
[s]
system_default = sd
[sd]
MinProtocol = TLSv1
CipherString = ALL:@SECLEVEL=0
''')
    owner = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] if os.getuid() == 0 else []
    data = lab.path('pgdata')
    if shutil.which('initdb') and not os.path.exists(data):
        os.mkdir(data, 0o700)
        if owner:
            shutil.chown(data, 'postgres', 'postgres')
        done = subprocess.run(owner + ['initdb', '-A', 'trust', '-U', 'lab', '-N', '-D', data], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, cwd='/', check=False)
        if done.returncode:
            shutil.rmtree(data)
        else:
            with open(os.path.join(data, 'pg_hba.conf'), 'a', encoding='ascii') as f:
                f.write('host all all 0.0.0.0/0 trust\n')
    data = lab.path('mydata')
    if shutil.which('mariadb-install-db') and not os.path.exists(data):
        subprocess.run(['mariadb-install-db', '--no-defaults', '--datadir=' + data, '--skip-test-db'] +
                       (['--user=mysql'] if os.getuid() == 0 else []), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def old(lab, t):
    return {'OPENSSL_CONF': lab.path(OLD_CONF)}


def starttls(name, proto, *options):
    send = {'smtp': b'NOOP\r\nQUIT\r\n', 'imap': b'a NOOP\r\nb LOGOUT\r\n'}[proto]
    want = {'smtp': rb'250 2.0.0 Ok', 'imap': rb'a OK'}[proto]
    return Client(name, 'OpenSSL 3.0', clients.s_client('-starttls', proto, *options), ('openssl',), (proto,), send, want)


def swaks(name, how, *options):
    def argv(lab, t):
        return ['swaks', '--server', t.ip, '--port', str(t.port), how, '--from', 'a@example.test', '--to', 'b@example.test',
                '--helo', 'lab.test', '--quit-after', 'RCPT', '--timeout', '4', *options]
    return Client(name, 'swaks (Net::SSLeay)', argv, ('swaks',), ('smtp',), success=rb'(?m)^<[-~] +250 2\.1\.5', clear=rb'(?m)^<- +250 2\.1\.5')


def curl_mail(name, proto, *options):
    def argv(lab, t):
        a = ['curl', '-vsk', '-m', '5', '%s://%s:%d/' % (proto, t.ip, t.port), *options]
        return a + (['--mail-from', 'a@example.test', '--mail-rcpt', 'b@example.test', '-T', lab.path('pki', 'ext')] if proto == 'smtp' else
                    ['-u', 'a:pass'])
    return Client(name, 'curl (OpenSSL 3.0)', argv, ('curl',), (proto,), success=rb'250 2\.0\.0 Ok: queued|< A003 OK|OK Logged in',
                  clear=rb'(?s)\A(?!.*(?:SSL connection using))', env=old)


def psql(name, mode, low, high):
    def argv(lab, t):
        return ['psql', 'host=%s port=%d user=lab dbname=postgres sslmode=%s ssl_min_protocol_version=%s ssl_max_protocol_version=%s '
                'gssencmode=disable connect_timeout=4' % (t.ip, t.port, mode, low, high), '-Atc',
                "select 'ssl=' || ssl from pg_stat_ssl where pid = pg_backend_pid()"]
    return Client(name, 'libpq 15', argv, ('psql',), ('postgresql',), success=rb'ssl=(true|false)', clear=rb'ssl=false', env=old)


def mysql(name, *options):
    def argv(lab, t):
        return ['mariadb', '--no-defaults', '-h', t.ip, '-P', str(t.port), '-u', 'root', '-Ns', '-e', "show status like 'Ssl_version'",
                *options]
    return Client(name, 'MariaDB Connector/C', argv, ('mariadb',), ('mysql',), success=rb'Ssl_version', clear=rb'Ssl_version\s*\n', env=old)


def ldap(name, how, priority='NORMAL'):
    def argv(lab, t):
        return ['ldapsearch', '-x', '-H', 'ldap://%s:%d' % (t.ip, t.port), how, '-b', '', '-s', 'base', '-o', 'nettimeout=4']
    return Client(name, 'libldap (GnuTLS)', argv, ('ldapsearch',), ('ldap',), success=rb'(?m)^dn:', clear=rb'ldap_start_tls',
                  env=lambda lab, t: {'LDAPTLS_REQCERT': 'never', 'LDAPTLS_CIPHER_SUITE': priority})


G10 = 'NORMAL:-VERS-ALL:+VERS-TLS1.0:%COMPAT'
G12 = 'NORMAL:-VERS-ALL:+VERS-TLS1.2'
T10 = ('--tls-protocol', 'tlsv1', '--tls-cipher', 'ALL:@SECLEVEL=0')
CLIENTS = [
    starttls('smtp-tls10', 'smtp', '-tls1', *clients.ALL0), starttls('smtp-tls12', 'smtp', '-tls1_2'), starttls('smtp-tls13', 'smtp', '-tls1_3'),
    starttls('smtp-rsakx', 'smtp', '-tls1_2', '-cipher', 'AES128-GCM-SHA256:AES128-SHA:@SECLEVEL=0'),
    swaks('swaks-tls10', '-tls', *T10), swaks('swaks', '-tls', '--tls-cipher', 'ALL:@SECLEVEL=0'),
    swaks('swaks-opt-tls10', '-tlso', *T10),
    swaks('swaks-opt-tls11', '-tlso', '--tls-protocol', 'tlsv1_1', '--tls-cipher', 'ALL:@SECLEVEL=0'),
    swaks('swaks-opt-cbc', '-tlso', '--tls-protocol', 'tlsv1_2', '--tls-cipher', 'AES128-SHA:AES256-SHA:@SECLEVEL=0'),
    curl_mail('curl-smtp', 'smtp', '--ssl-reqd'), curl_mail('curl-smtp-try-tls10', 'smtp', '--ssl', '--tls-max', '1.0'),
    starttls('imap-tls10', 'imap', '-tls1', *clients.ALL0), starttls('imap-tls12', 'imap', '-tls1_2'), starttls('imap', 'imap'),
    curl_mail('curl-imap', 'imap', '--ssl-reqd'), curl_mail('curl-imap-try-tls11', 'imap', '--ssl', '--tls-max', '1.1'),
    psql('psql', 'require', 'TLSv1.2', 'TLSv1.3'), psql('psql-tls12', 'require', 'TLSv1.2', 'TLSv1.2'),
    psql('psql-tls10', 'require', 'TLSv1', 'TLSv1'), psql('psql-prefer-tls10', 'prefer', 'TLSv1', 'TLSv1'),
    psql('psql-prefer-tls11', 'prefer', 'TLSv1', 'TLSv1.1'), psql('psql-prefer-tls12', 'prefer', 'TLSv1.2', 'TLSv1.2'),
    mysql('mysql', '--ssl'), mysql('mysql-tls10', '--ssl', '--tls-version=TLSv1.0'), mysql('mysql-tls12', '--ssl', '--tls-version=TLSv1.2'),
    mysql('mysql-rsakx', '--ssl', '--tls-version=TLSv1.2', '--ssl-cipher=AES128-SHA'),
    ldap('ldap', '-ZZ'), ldap('ldap-tls10', '-ZZ', G10), ldap('ldap-try-tls10', '-Z', G10), ldap('ldap-try-tls12', '-Z', G12),
]
# Those that go on without TLS when they do not get it.
TRYING = [c.name for c in CLIENTS if any(w in c.name for w in ('-opt-', '-try-', '-prefer-'))]
