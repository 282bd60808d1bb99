# SPDX-License-Identifier: Apache-2.0
"""What a policy leaves of a server's configuration: the lab's own reading of report/policies/*.json, so that the program under
test is not asked what its policies mean. A configuration is written in OpenSSL's names for suites and IANA's for the rest."""
import dataclasses
import datetime
import json

SUITE_TABLE = """
    1302 TLS_AES_256_GCM_SHA384 TLS_AES_256_GCM_SHA384 - - AESGCM(256) AEAD
    1301 TLS_AES_128_GCM_SHA256 TLS_AES_128_GCM_SHA256 - - AESGCM(128) AEAD
    1303 TLS_CHACHA20_POLY1305_SHA256 TLS_CHACHA20_POLY1305_SHA256 - - CHACHA20/POLY1305(256) AEAD
    c02c ECDHE-ECDSA-AES256-GCM-SHA384 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384 ECDHE ECDSA AESGCM(256) AEAD
    c030 ECDHE-RSA-AES256-GCM-SHA384 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 ECDHE RSA AESGCM(256) AEAD
    009f DHE-RSA-AES256-GCM-SHA384 TLS_DHE_RSA_WITH_AES_256_GCM_SHA384 DHE RSA AESGCM(256) AEAD
    c02b ECDHE-ECDSA-AES128-GCM-SHA256 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 ECDHE ECDSA AESGCM(128) AEAD
    c02f ECDHE-RSA-AES128-GCM-SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 ECDHE RSA AESGCM(128) AEAD
    009e DHE-RSA-AES128-GCM-SHA256 TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 DHE RSA AESGCM(128) AEAD
    009d AES256-GCM-SHA384 TLS_RSA_WITH_AES_256_GCM_SHA384 RSA RSA AESGCM(256) AEAD
    009c AES128-GCM-SHA256 TLS_RSA_WITH_AES_128_GCM_SHA256 RSA RSA AESGCM(128) AEAD
    cca9 ECDHE-ECDSA-CHACHA20-POLY1305 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 ECDHE ECDSA CHACHA20/POLY1305(256) AEAD
    cca8 ECDHE-RSA-CHACHA20-POLY1305 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256 ECDHE RSA CHACHA20/POLY1305(256) AEAD
    ccaa DHE-RSA-CHACHA20-POLY1305 TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256 DHE RSA CHACHA20/POLY1305(256) AEAD
    c024 ECDHE-ECDSA-AES256-SHA384 TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384 ECDHE ECDSA AES(256) SHA384
    c028 ECDHE-RSA-AES256-SHA384 TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384 ECDHE RSA AES(256) SHA384
    006b DHE-RSA-AES256-SHA256 TLS_DHE_RSA_WITH_AES_256_CBC_SHA256 DHE RSA AES(256) SHA256
    c023 ECDHE-ECDSA-AES128-SHA256 TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256 ECDHE ECDSA AES(128) SHA256
    c027 ECDHE-RSA-AES128-SHA256 TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256 ECDHE RSA AES(128) SHA256
    0067 DHE-RSA-AES128-SHA256 TLS_DHE_RSA_WITH_AES_128_CBC_SHA256 DHE RSA AES(128) SHA256
    c00a ECDHE-ECDSA-AES256-SHA TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA ECDHE ECDSA AES(256) SHA1
    c014 ECDHE-RSA-AES256-SHA TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA ECDHE RSA AES(256) SHA1
    0039 DHE-RSA-AES256-SHA TLS_DHE_RSA_WITH_AES_256_CBC_SHA DHE RSA AES(256) SHA1
    c009 ECDHE-ECDSA-AES128-SHA TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA ECDHE ECDSA AES(128) SHA1
    c013 ECDHE-RSA-AES128-SHA TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA ECDHE RSA AES(128) SHA1
    0033 DHE-RSA-AES128-SHA TLS_DHE_RSA_WITH_AES_128_CBC_SHA DHE RSA AES(128) SHA1
    003d AES256-SHA256 TLS_RSA_WITH_AES_256_CBC_SHA256 RSA RSA AES(256) SHA256
    003c AES128-SHA256 TLS_RSA_WITH_AES_128_CBC_SHA256 RSA RSA AES(128) SHA256
    0035 AES256-SHA TLS_RSA_WITH_AES_256_CBC_SHA RSA RSA AES(256) SHA1
    002f AES128-SHA TLS_RSA_WITH_AES_128_CBC_SHA RSA RSA AES(128) SHA1
    0016 EDH-RSA-DES-CBC3-SHA TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA DHE RSA 3DES(112) SHA1
    c012 ECDHE-RSA-DES-CBC3-SHA TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA ECDHE RSA 3DES(112) SHA1
    000a DES-CBC3-SHA TLS_RSA_WITH_3DES_EDE_CBC_SHA RSA RSA 3DES(112) SHA1
    c011 ECDHE-RSA-RC4-SHA TLS_ECDHE_RSA_WITH_RC4_128_SHA ECDHE RSA RC4(128) SHA1
    0005 RC4-SHA TLS_RSA_WITH_RC4_128_SHA RSA RSA RC4(128) SHA1
    0004 RC4-MD5 TLS_RSA_WITH_RC4_128_MD5 RSA RSA RC4(128) MD5
"""

VERSIONS = ('SSLv3', 'TLSv1.0', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3')
CURVE_BITS = {'x25519': 253, 'x448': 446, 'secp256r1': 256, 'secp384r1': 384, 'secp521r1': 521}
# Certificates of the lab: kind of key, its bits, bits of the hash that signed it.
CERTS = {'rsa': ('RSA', 2048, 256), 'rsa3072': ('RSA', 3072, 256), 'ec': ('EC', 256, 256)}


class NotEnforceable(Exception):
    """This program has no setting for what the policy asks."""


@dataclasses.dataclass(frozen=True)
class Suite:
    code: int
    name: str
    iana: str
    kx: str
    au: str
    enc: str
    bits: int
    mac: str

    @property
    def tls13(self):
        return self.kx == '-'

    @property
    def mode(self):
        return 'aead' if self.mac == 'AEAD' else {'RC4': 'stream', 'None': 'null'}.get(self.enc, 'cbc')

    def usable_at(self, version):
        if self.tls13:
            return version == 'TLSv1.3'
        newer = self.mac in ('AEAD', 'SHA256', 'SHA384')
        return version == 'TLSv1.2' or (version != 'TLSv1.3' and not newer)


def _suites():
    for line in SUITE_TABLE.strip().splitlines():
        code, name, iana, kx, au, enc, mac = line.split()
        enc, bits = enc.rstrip(')').split('(')
        yield name, Suite(int(code, 16), name, iana, kx, au, enc, int(bits), mac)


SUITES = dict(_suites())


def _selects(selector, s):
    """Does one element of an allow or forbid list mean this suite?"""
    if isinstance(selector, str):
        return selector in (s.name, s.iana)
    enc = '%s(%d)' % (s.enc, s.bits)
    facts = {'kx': s.kx, 'au': s.au, 'mac': s.mac, 'mode': s.mode, 'export': False, 'aead': s.mac == 'AEAD',
             'pfs': s.tls13 or s.kx in ('DHE', 'ECDHE')}
    for key, want in selector.items():
        if key == 'bits_below':
            good = s.bits < want
        elif key == 'enc':
            good = want in (s.enc, enc)
        else:
            good = facts[key] == want
        if not good:
            return False
    return True


class Policy:
    def __init__(self, name, arguments, rules):
        self.name, self.arguments, self.rules = name, arguments, rules

    @classmethod
    def built_in(cls, name, today):
        with open('report/policies/%s.json' % name, encoding='utf-8') as f:
            rules = json.load(f)['rules']
        holds = [r for r in rules if r['severity'] == 'MUST_NOT' and r.get('from', '') <= today <= r.get('until', '9')]
        return cls(name, ['--policy', name], holds)

    @classmethod
    def inline(cls, name, min_version=None, forbid=()):
        """forbid: pairs of what a word means as a selector, and the word."""
        rules, arguments = [], []
        if min_version:
            rules.append({'version': {'tls': {'min': min_version}}})
            arguments += ['--min-version', min_version]
        if forbid:
            for selector, _ in forbid:
                if 'group' in selector:
                    rules.append({'groups': {'forbid': [selector['group']]}})
                elif 'sig' in selector:
                    rules.append({'signature_schemes': {'forbid': [selector['sig']]}})
                else:
                    rules.append({'suites': {'forbid': [selector]}})
            arguments += ['--forbid', ','.join(word for _, word in forbid)]
        return cls(name, arguments, rules)

    def _about(self, what, version=None):
        return [r[what] for r in self.rules if what in r and (version is None or version in r.get('at', VERSIONS))]

    def allows_version(self, version):
        for rule in self._about('version'):
            limits = rule.get('tls', {})
            if VERSIONS.index(version) < VERSIONS.index(limits.get('min', 'SSLv3')):
                return False
            if VERSIONS.index(version) > VERSIONS.index(limits.get('max', 'TLSv1.3')):
                return False
        return True

    def allows_suite(self, suite, version):
        for rule in self._about('suites', version):
            if 'allow' in rule and not any(_selects(x, suite) for x in rule['allow']):
                return False
            if any(_selects(x, suite) for x in rule.get('forbid', ())):
                return False
        return True

    def allows_group(self, group):
        for rule in self._about('groups'):
            if 'allow' in rule and group not in rule['allow']:
                return False
            for x in rule.get('forbid', ()):
                if x == group or (isinstance(x, dict) and CURVE_BITS.get(group, 999) < x['curve_bits_below']):
                    return False
        return True

    def allows_scheme(self, scheme, version):
        for rule in self._about('signature_schemes', version):
            if ('allow' in rule and scheme not in rule['allow']) or scheme in rule.get('forbid', ()):
                return False
        return True

    def allows_dh(self, bits):
        return all(bits >= rule['min'] for rule in self._about('dh_bits'))

    def allows_cert(self, cert):
        key, bits, hash_bits = CERTS[cert]
        for rule in self._about('certificate'):
            least = rule.get('ec_bits_min' if key == 'EC' else 'rsa_bits_min', 0)
            if key not in rule.get('keys', [key]) or bits < least or hash_bits < rule.get('hash_bits_min', 0):
                return False
        return True


@dataclasses.dataclass(frozen=True)
class Config:
    versions: tuple
    suites: tuple            # of TLS 1.2 and older, in the server's order
    suites13: tuple = ('TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256')
    groups: tuple = ('x25519', 'secp256r1', 'secp384r1', 'secp521r1')
    schemes: tuple = None    # None: what the program does by itself
    certs: tuple = ('rsa',)
    dh: int = 2048           # bits of its prime; 0: no DHE
    own_order: bool = False  # the server's order of suites decides
    client_cert: bool = False

    def replace(self, **kw):
        return dataclasses.replace(self, **kw)

    def working(self):
        """Is anything left that could complete a handshake?"""
        old = any(v != 'TLSv1.3' for v in self.versions) and self.suites
        new = 'TLSv1.3' in self.versions and self.suites13 and self.groups
        return bool(self.certs and (old or new))


OPENSSL_SCHEMES = ('ecdsa_secp256r1_sha256', 'ecdsa_secp384r1_sha384', 'ecdsa_secp521r1_sha512', 'rsa_pss_rsae_sha256',
                   'rsa_pss_rsae_sha384', 'rsa_pss_rsae_sha512', 'rsa_pkcs1_sha256', 'rsa_pkcs1_sha384', 'rsa_pkcs1_sha512',
                   'ecdsa_sha1', 'rsa_pkcs1_sha1')


def _allowed_everywhere(policy, suite, versions):
    usable = [v for v in versions if suite.usable_at(v)]
    allowed = [v for v in usable if policy.allows_suite(suite, v)]
    if allowed and allowed != usable:
        raise NotEnforceable('%s is allowed at some versions only' % suite.name)
    return bool(allowed)


def narrow(config, policy, knobs, schemes=OPENSSL_SCHEMES):
    """The configuration without what the policy forbids; it may have nothing left (not working()). knobs: what the program has
    settings for, of groups, schemes, suites13. Raises NotEnforceable."""
    versions = tuple(v for v in config.versions if policy.allows_version(v))
    suites = tuple(s for s in config.suites if _allowed_everywhere(policy, SUITES[s], versions))
    if 'TLSv1.3' in versions:
        suites13 = tuple(s for s in config.suites13 if policy.allows_suite(SUITES[s], 'TLSv1.3'))
    else:
        suites13 = config.suites13
    groups = tuple(g for g in config.groups if policy.allows_group(g))
    if not groups:
        suites = tuple(s for s in suites if SUITES[s].kx != 'ECDHE')
    if not suites13 or not groups:
        versions = tuple(v for v in versions if v != 'TLSv1.3')
    if not suites:
        versions = tuple(v for v in versions if v == 'TLSv1.3')
    if config.dh and not policy.allows_dh(config.dh):
        suites = tuple(s for s in suites if SUITES[s].kx != 'DHE')
    given = config.schemes or schemes
    kept = tuple(x for x in given if all(policy.allows_scheme(x, v) for v in versions if v in ('TLSv1.2', 'TLSv1.3')))
    new = config.replace(versions=versions, suites=suites, suites13=suites13, groups=groups,
                         schemes=kept if kept != given else config.schemes,
                         certs=tuple(c for c in config.certs if policy.allows_cert(c)))
    uses_groups = 'TLSv1.3' in versions or any(SUITES[s].kx == 'ECDHE' for s in suites)
    needs = {'groups': groups != config.groups and uses_groups, 'suites13': suites13 != config.suites13 and 'TLSv1.3' in versions,
             'schemes': new.schemes != config.schemes and ('TLSv1.2' in versions or 'TLSv1.3' in versions)}
    lacking = [k for k, needed in needs.items() if needed and k not in knobs]
    if lacking and new.working():
        raise NotEnforceable('no setting for ' + ', '.join(lacking))
    return new


def widen(config, policy, able, knobs):
    """What the policy needs, enabled besides: everything of `able` (a Config: all that the program can) that is allowed, and a longer
    RSA key or DH prime where that is what the policy is about."""
    if able.dh and not policy.allows_dh(able.dh):
        able = able.replace(dh=3072)
    if not policy.allows_cert('rsa') and policy.allows_cert('rsa3072'):
        able = able.replace(certs=tuple('rsa3072' if c == 'rsa' else c for c in able.certs))
    return narrow(able, policy, knobs).replace(
        own_order=config.own_order, client_cert=config.client_cert)


def today():
    return datetime.date.today().isoformat()
