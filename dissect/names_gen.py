#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""names_gen.py: makes dissect/names_table.h of dissect/names_source.tsv.

    python3 dissect/names_gen.py > dissect/names_table.h
    python3 dissect/names_gen.py --suites    # what was derived, in the columns of `openssl ciphers -V -stdname`

The registry gives a suite a code point and a name. Everything else (key exchange, authentication, cipher, strength, MAC,
versions, OpenSSL's name) follows from the name; the rules are the tables below, first match wins.
"""
import os
import re
import sys

# What stands between the prefix and _WITH_: (pattern, kx, au, OpenSSL's prefix). An anonymous DH or ECDH is ephemeral:
# its ServerKeyExchange carries a fresh share (RFC 5246 section 7.4.3), so it counts as DHE or ECDHE.
KEY_EXCHANGES = [
    (r'NULL$', 'NULL', 'NULL', ''),
    (r'RSA(_EXPORT\d*|_FIPS|_OLDFIPS)?$', 'RSA', 'RSA', ''),
    (r'DH_anon(_EXPORT)?$', 'DHE', 'NONE', 'ADH-'),
    (r'ECDH_anon$', 'ECDHE', 'NONE', 'AECDH-'),
    (r'DHE_RSA(_EXPORT)?$', 'DHE', 'RSA', 'DHE-RSA-'),
    (r'DHE_DSS(_EXPORT\d*)?$', 'DHE', 'DSS', 'DHE-DSS-'),
    (r'DH_RSA(_EXPORT)?$', 'DH', 'DH', 'DH-RSA-'),
    (r'DH_DSS(_EXPORT)?$', 'DH', 'DH', 'DH-DSS-'),
    (r'ECDHE_RSA$', 'ECDHE', 'RSA', 'ECDHE-RSA-'),
    (r'ECDHE_ECDSA$', 'ECDHE', 'ECDSA', 'ECDHE-ECDSA-'),
    (r'ECDH_RSA$', 'ECDH', 'ECDH', 'ECDH-RSA-'),
    (r'ECDH_ECDSA$', 'ECDH', 'ECDH', 'ECDH-ECDSA-'),
    (r'(DHE_PSK|PSK_DHE)$', 'DHE_PSK', 'PSK', 'DHE-PSK-'),
    (r'ECDHE_PSK$', 'ECDHE_PSK', 'PSK', 'ECDHE-PSK-'),
    (r'RSA_PSK$', 'RSA_PSK', 'RSA', 'RSA-PSK-'),
    (r'PSK$', 'PSK', 'PSK', 'PSK-'),
    (r'SRP_SHA$', 'SRP', 'SRP', 'SRP-'),
    (r'SRP_SHA_RSA$', 'SRP', 'RSA', 'SRP-RSA-'),
    (r'SRP_SHA_DSS$', 'SRP', 'DSS', 'SRP-DSS-'),
    (r'KRB5(_EXPORT)?$', 'KRB5', 'KRB5', 'KRB5-'),
    (r'GOST', 'GOST', 'GOST', ''),
    (r'ECCPWD$', 'ECCPWD', 'ECCPWD', ''),
    (r'ECJPAKE$', 'ECJPAKE', 'ECJPAKE', ''),
    (r'FORTEZZA_KEA$', 'FORTEZZA', 'FORTEZZA', ''),
    (r'CECPQ1_RSA$', 'CECPQ1', 'RSA', ''),
    (r'CECPQ1_ECDSA$', 'CECPQ1', 'ECDSA', ''),
    # TLCP (GM/T 0024): SM2 keys, or identity-based ones.
    (r'ECDHE$', 'ECDHE', 'SM2', ''),
    (r'ECC$', 'SM2', 'SM2', ''),
    (r'IBSDH$|IBC$', 'IBC', 'IBC', ''),
    (r'CK$', 'RSA', 'RSA', ''),
]

# What follows _WITH_, without the MAC: (pattern, enc as `openssl ciphers -v` prints it, effective bits, mode, OpenSSL's part).
# \1 is the key size in the name. Effective: 3DES 112 (NIST SP 800-57), DES 56, export as exported.
CIPHERS = [
    (r'NULL$', 'None', 0, 'NULL', 'NULL'),
    (r'RC4_(40)$', r'RC4(\1)', 40, 'STREAM', 'RC4'),
    (r'RC4_(56)$', r'RC4(\1)', 56, 'STREAM', 'RC4'),
    (r'RC4_128_EXPORT40$', 'RC4(40)', 40, 'STREAM', 'RC4'),
    (r'RC4_(64|128)$', r'RC4(\1)', r'\1', 'STREAM', 'RC4'),
    (r'RC2_CBC_(40|56)$', r'RC2(\1)', r'\1', 'CBC', 'RC2-CBC'),
    (r'RC2_128_CBC_EXPORT40$', 'RC2(40)', 40, 'CBC', 'RC2-CBC'),
    (r'RC2_128_CBC$', 'RC2(128)', 128, 'CBC', 'RC2-CBC'),
    (r'IDEA_(128_)?CBC$', 'IDEA(128)', 128, 'CBC', 'IDEA-CBC'),
    (r'DES40_CBC$|DES_CBC_40$', 'DES(40)', 40, 'CBC', 'DES-CBC'),
    (r'DES_(64_)?(CBC|CFB64)$', 'DES(56)', 56, 'CBC', 'DES-CBC'),
    (r'3DES_EDE_CBC$|DES_192_EDE3_CBC$', '3DES(168)', 112, 'CBC', 'DES-CBC3'),
    (r'AES_(128|256)_CBC$', r'AES(\1)', r'\1', 'CBC', r'AES\1'),
    (r'AES_(128|256)_GCM$', r'AESGCM(\1)', r'\1', 'AEAD', r'AES\1-GCM'),
    (r'AES_(128|256)_CCM$', r'AESCCM(\1)', r'\1', 'AEAD', r'AES\1-CCM'),
    (r'AES_(128|256)_CCM_8$', r'AESCCM8(\1)', r'\1', 'AEAD', r'AES\1-CCM8'),
    (r'CAMELLIA_(128|256)_CBC$', r'Camellia(\1)', r'\1', 'CBC', r'CAMELLIA\1'),
    (r'CAMELLIA_(128|256)_GCM$', r'CamelliaGCM(\1)', r'\1', 'AEAD', r'CAMELLIA\1-GCM'),
    (r'ARIA_(128|256)_CBC$', r'ARIA(\1)', r'\1', 'CBC', r'ARIA\1'),
    (r'ARIA_(128|256)_GCM$', r'ARIAGCM(\1)', r'\1', 'AEAD', r'ARIA\1-GCM'),
    (r'SEED_CBC$', 'SEED(128)', 128, 'CBC', 'SEED'),
    (r'CHACHA20_POLY1305$', 'CHACHA20/POLY1305(256)', 256, 'AEAD', 'CHACHA20-POLY1305'),
    (r'(ESTREAM_)?SALSA20$', 'Salsa20(256)', 256, 'STREAM', ''),
    (r'FORTEZZA_CBC$', 'Skipjack(80)', 80, 'CBC', ''),
    (r'28147_CNT$', 'GOST89(256)', 256, 'CNT', ''),
    (r'(MAGMA|KUZNYECHIK)_CTR$', r'\1(256)', 256, 'CNT', ''),
    (r'(MAGMA|KUZNYECHIK)_MGM_[LS]$', r'\1MGM(256)', 256, 'AEAD', ''),
    (r'SM1$', 'SM1(128)', 128, 'CBC', ''),
    (r'SM4_CBC$', 'SM4(128)', 128, 'CBC', ''),
    (r'SM4_(GCM|CCM)$', r'SM4\1(128)', 128, 'AEAD', ''),
    (r'AEGIS_128L$', 'AEGIS128L(128)', 128, 'AEAD', ''),
    (r'AEGIS_256$', 'AEGIS256(256)', 256, 'AEAD', ''),
]

# The last part of the name: MAC as `openssl ciphers -v` prints it (an AEAD has none of its own).
MACS = {'SHA': 'SHA1', 'SHA1': 'SHA1', 'MD5': 'MD5', 'SHA256': 'SHA256', 'SHA384': 'SHA384', 'SHA512': 'SHA512', 'SM3': 'SM3',
        'GOST94': 'GOST94', 'GOST89': 'GOST89', 'GOST89STREAM': 'GOST89', 'IMIT': 'GOST89', 'OMAC': 'OMAC',
        'GOSTR3411': 'GOST94', 'NULL': 'None'}

# Where `openssl ciphers -v` has a word of its own: it shows DHE as DH and ECDHE as ECDH.
OPENSSL_WORDS = {'DHE': 'DH', 'ECDHE': 'ECDH', 'DHE_PSK': 'DHEPSK', 'ECDHE_PSK': 'ECDHEPSK', 'RSA_PSK': 'RSAPSK', 'ANY': 'any',
                 'NONE': 'None', 'SSL2': 'SSLv2', 'SSL3': 'SSLv3', 'TLS10': 'TLSv1', 'TLS12': 'TLSv1.2', 'TLS13': 'TLSv1.3'}

FORWARD_SECRET = {'DHE', 'ECDHE', 'DHE_PSK', 'ECDHE_PSK', 'SRP', 'ECCPWD', 'ECJPAKE', 'CECPQ1', 'ANY'}


def die(text):
    sys.exit('names_gen: ' + text)


class Suite:
    def __init__(self, code, name, openssl):
        self.id, self.iana = code, name
        self.signalling = name.endswith('_SCSV')
        self.export = 'EXPORT' in name
        if self.signalling:
            self.kx, self.au, self.enc, self.bits, self.mode, self.mac, derived = 'NONE', 'NULL', 'None', 0, 'NULL', 'None', ''
        else:
            derived = self.take_apart()
        self.min, self.max = self.versions()
        self.pfs = self.kx in FORWARD_SECRET
        self.openssl = {'-': None, '=': derived}.get(openssl, openssl)
        if self.openssl == '':
            die(f'{name}: no rule for the OpenSSL name')

    def take_apart(self):
        """Set kx, au, enc, bits, mode, mac; return the OpenSSL name that follows."""
        name = re.sub(r'_OLD$', '', self.iana)
        name = re.sub(r'^(TLS|SSL)_', '', name)
        if '_WITH_' in name:
            left, right = name.split('_WITH_', 1)
            if left.startswith('CK_'):  # SSLv2 puts the cipher first and the MAC after _WITH_
                left, right = 'CK', left[3:] + '_' + right.removesuffix('_1')
            self.exchange(left)
        elif self.iana.startswith('SSL_CK_'):
            right = 'NULL_NULL'
            self.exchange('CK')
        elif self.iana.startswith('TLS_'):  # TLS 1.3: the key exchange is not the suite's business
            right, self.kx, self.au, self.prefix = name, 'ANY', 'ANY', ''
            if re.fullmatch(r'SHA(256|384)_SHA(256|384)', name):  # RFC 9150, integrity only
                right = 'NULL_' + name.split('_')[1]
        else:  # TLCP: ECC_SM4_CBC_SM3
            left, right = name.split('_', 1)
            self.exchange(left)
        self.encryption(right)
        return self.openssl_name()

    def exchange(self, text):
        for pattern, self.kx, self.au, self.prefix in KEY_EXCHANGES:
            if re.match(pattern, text):
                return
        die(f'{self.iana}: unknown key exchange {text}')

    def encryption(self, text):
        cipher, _, mac = text.rpartition('_')
        if mac not in MACS and not (mac == '8' or mac in ('CCM', 'L', 'S')):
            die(f'{self.iana}: unknown MAC {mac}')
        if mac not in MACS:  # TLS_RSA_WITH_AES_128_CCM_8: no hash in the name
            cipher, mac = text, 'SHA256'
        for pattern, enc, bits, mode, part in CIPHERS:
            m = re.match(pattern, cipher)
            if m:
                self.enc, self.bits, self.mode = m.expand(enc), int(m.expand(str(bits))), mode
                self.mac = 'AEAD' if mode == 'AEAD' else MACS[mac]
                self.hash, self.part = mac, m.expand(part)
                if self.mac == 'OMAC':
                    self.mac = m[1] + 'OMAC'
                if mac == 'GOSTR3411' and '341112' in self.iana:
                    self.mac = 'GOST2012'
                return
        die(f'{self.iana}: unknown cipher {cipher}')

    def openssl_name(self):
        if self.kx == 'ANY':
            return self.iana
        if not self.part:
            return ''
        prefix, part, tail = self.prefix, self.part, '-' + self.hash
        if part.startswith('ARIA') and prefix in ('ECDHE-RSA-', 'ECDH-RSA-'):
            prefix = prefix[:-4]
        if part == 'DES-CBC3' and ('PSK' in prefix or 'SRP' in prefix):
            part = '3DES-EDE-CBC'
        elif part.startswith('DES-CBC') and prefix.startswith('DHE-'):
            prefix = 'EDH-' + prefix[4:]
        elif re.match(r'AES\d+$', part) and 'PSK' in prefix:
            part += '-CBC'
        elif re.match(r'AES\d+$', part) and 'SRP' in prefix:
            part = f'AES-{part[3:]}-CBC'
        if part.startswith('CHACHA') or 'CCM' in part:
            tail = ''
        export = re.search(r'EXPORT(1024)?', self.iana)
        if export:
            prefix = f'EXP{export[1] or ""}-' + prefix
            prefix = prefix.replace('EXP1024-EDH', 'EXP1024-DHE')
        return prefix + part + tail

    def versions(self):
        """Where it is really negotiated, as in OpenSSL's table. RFC 4346 and RFC 5469 end export and DES suites earlier, but
        servers choose them under TLS 1.2 all the same."""
        if self.iana.startswith('SSL_CK_'):
            return 'SSL2', 'SSL2'
        if self.kx == 'ANY' or 'MGM' in self.enc:
            return 'TLS13', 'TLS13'
        if self.kx == 'FORTEZZA':
            return 'SSL3', 'SSL3'
        if self.mode == 'AEAD' or 'OMAC' in self.mac or self.id == 0xc102:
            return 'TLS12', 'TLS12'
        if 'ARIA' in self.enc or (self.mac in ('SHA256', 'SHA384') and 'PSK' not in self.kx):
            return 'TLS12', 'TLS12'
        if self.mac in ('SHA256', 'SHA384') or 'EC' in self.kx or 'GOST' in self.enc or self.kx == 'GOST':
            return 'TLS10', 'TLS12'
        return 'SSL3', 'TLS12'


def read(path):
    suites, tables, aliases = {}, {k: {} for k in ('group', 'sigscheme', 'alert')}, {'suite': [], 'group': []}
    for number, line in enumerate(open(path, encoding='ascii'), 1):
        if line.startswith('#') or not line.strip():
            continue
        kind, code, name, *rest = line.rstrip('\n').split('\t')
        code = int(code, 0)
        if kind == 'suite':
            if code in suites:
                die(f'{path}:{number}: suite {code:#06x} twice')
            suites[code] = Suite(code, name, rest[0])
        elif kind.startswith('alias_'):
            aliases[kind[6:]].append((name, code))
        elif kind in tables:
            if code in tables[kind]:
                die(f'{path}:{number}: {kind} {code} twice')
            tables[kind][code] = (name, rest)
        else:
            die(f'{path}:{number}: unknown kind {kind}')
    return [suites[k] for k in sorted(suites)], tables, aliases


def c(text):
    return 'NULL' if text is None else f'"{text}"'


def yes(flag):
    return 'true' if flag else 'false'


def by_name(pairs):
    """Sorted by lower-case name; where two suites share an OpenSSL name (SSLv2 has its own RC4-MD5), the TLS one stands."""
    out = {}
    for name, index in pairs:
        out.setdefault(name.lower(), index)
    return sorted(out.items())


def table(suites, tables, aliases):
    print('/* SPDX-License-Identifier: Apache-2.0 */')
    print('/* Generated by names_gen.py from names_source.tsv: edit those, not this. Included by names.c alone. */')
    print('static const struct suite suites[] = {')
    for s in suites:
        print(f'    {{ {s.id:#06x}, {c(s.iana)}, {c(s.openssl)}, KX_{s.kx}, AU_{s.au}, MODE_{s.mode}, {s.bits}, {c(s.enc)}, '
              f'{c(s.mac)}, VER_{s.min}, VER_{s.max}, {yes(s.pfs)}, {yes(s.export)}, {yes(s.signalling)} }},')
    print('};\n')
    index = {s.id: i for i, s in enumerate(suites)}
    pairs = [(s.iana, i) for i, s in enumerate(suites)] + [(s.openssl, i) for i, s in enumerate(suites) if s.openssl]
    pairs += [(name, index[code]) for name, code in aliases['suite']]
    print('/* Lower case, sorted: for suite_by_name. */')
    print('static const struct suite_index suites_by_name[] = {')
    for name, i in by_name(pairs):
        print(f'    {{ {c(name)}, {i} }},')
    print('};\n')
    print('static const struct group groups[] = {')
    for code, (name, rest) in sorted(tables['group'].items()):
        print(f'    {{ {code:#06x}, {rest[0]}, {yes(rest[1:] == ["pq"])}, {c(name)} }},')
    print('};\n')
    print('static const struct code_name group_aliases[] = {')
    for name, code in aliases['group']:
        print(f'    {{ {code:#06x}, {c(name)} }},')
    print('};')
    for kind in ('sigscheme', 'alert'):
        print(f'\nstatic const struct code_name {kind}s[] = {{')
        for code, (name, _) in sorted(tables[kind].items()):
            print(f'    {{ {code:#06x}, {c(name)} }},')
        print('};')


def main():
    suites, tables, aliases = read(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'names_source.tsv'))
    if sys.argv[1:] == ['--suites']:
        for s in suites:
            version, kx, au = (OPENSSL_WORDS.get(word, word) for word in (s.min, s.kx, s.au))
            print(f'0x{s.id >> 8:02X},0x{s.id & 255:02X} - {s.iana} - {s.openssl or "-"} {version} Kx={kx} Au={au} Enc={s.enc} '
                  f'Mac={s.mac}')
    else:
        table(suites, tables, aliases)


main()
