#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""make_certs.py DIR: the certificates of tests/fuzz/corpus/fuzz_cert, which test_cert.c reads. Needs openssl(1).

Keys are fresh in every run; names, sizes, algorithms and dates are not, and only those are tested. What openssl will not
make (unknown algorithms, absurd sizes, malformed names) is written here, DER by hand, with a signature that verifies nothing.
"""
import os
import subprocess
import sys
import tempfile

CONFIG = '''
[req]
distinguished_name = dn
[dn]
[ca]
default_ca = c
[c]
database = {dir}/index
new_certs_dir = {dir}
serial = {dir}/serial
policy = any
unique_subject = no
copy_extensions = copy
email_in_dn = no
[any]
countryName = optional
organizationName = optional
commonName = optional
[leaf]
basicConstraints = CA:FALSE
subjectAltName = DNS:www.example.org, DNS:*.example.org, IP:192.0.2.7, IP:2001:db8::7, email:postmaster@example.org
[authority]
basicConstraints = critical, CA:TRUE
[many]
subjectAltName = {many}
'''

# name: (genpkey arguments, digest, extensions, more arguments of `openssl ca`)
MADE = {
    'rsa2048-sha256': ('RSA -pkeyopt rsa_keygen_bits:2048', 'sha256', 'leaf', ''),
    'rsa1024-sha1': ('RSA -pkeyopt rsa_keygen_bits:1024', 'sha1', 'authority', ''),
    'rsa512-md5': ('RSA -pkeyopt rsa_keygen_bits:512', 'md5', '', ''),
    'rsapss2048-sha384': ('RSA-PSS -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha384 '
                          '-pkeyopt rsa_pss_keygen_mgf1_md:sha384', 'sha384', '', ''),
    'rsa2048-pss-signature': ('RSA -pkeyopt rsa_keygen_bits:2048', 'sha256', '', '-sigopt rsa_padding_mode:pss'),
    'p256-sha256': ('EC -pkeyopt ec_paramgen_curve:P-256', 'sha256', '', ''),
    'p384-sha384': ('EC -pkeyopt ec_paramgen_curve:P-384', 'sha384', '', ''),
    'brainpool256-sha256': ('EC -pkeyopt ec_paramgen_curve:brainpoolP256r1', 'sha256', '', ''),
    'secp224r1-sha224': ('EC -pkeyopt ec_paramgen_curve:secp224r1', 'sha224', '', ''),
    'p256-explicit': ('EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:explicit', 'sha256', '', ''),
    'secp112r1-explicit': ('EC -pkeyopt ec_paramgen_curve:secp112r1 -pkeyopt ec_param_enc:explicit', 'sha256', '', ''),
    'ed25519': ('ED25519', 'null', '', ''),
    'ed448': ('ED448', 'null', '', ''),
    'many-names': ('EC -pkeyopt ec_paramgen_curve:P-256', 'sha256', 'many', ''),
}


def run(command):
    subprocess.run(command, shell=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make(name, tmp, out, key_args, digest, extensions, more):
    key = f'{tmp}/{name}.key'
    if key_args == 'DSA':
        run(f'openssl genpkey -genparam -algorithm DSA -pkeyopt dsa_paramgen_bits:2048 -out {tmp}/dsa.par')
        run(f'openssl genpkey -paramfile {tmp}/dsa.par -out {key}')
    else:
        run(f'openssl genpkey -algorithm {key_args} -out {key}')
    run(f"openssl req -new -config {tmp}/cnf -key {key} -utf8 -subj '/C=DE/O=Zürich, GmbH/CN={name}' -out {tmp}/csr")
    extensions = f'-extensions {extensions}' if extensions else ''
    digest = '-md default' if digest == 'null' else f'-md {digest}'
    run(f'openssl ca -config {tmp}/cnf -batch -notext -selfsign -keyfile {key} -in {tmp}/csr {digest} {extensions} {more} '
        f'-startdate 20240101000000Z -enddate 20501231235959Z -preserveDN -out {tmp}/pem')
    run(f'openssl x509 -in {tmp}/pem -outform DER -out {out}/{name}.der')


def tlv(tag, *parts):
    body = b''.join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    length = len(body).to_bytes((len(body).bit_length() + 7) // 8, 'big')
    return bytes([tag, 0x80 | len(length)]) + length + body


def oid(text):
    a, b, *rest = map(int, text.split('.'))
    out = bytes([40 * a + b])
    for v in rest:
        part = [v & 127]
        while v := v >> 7:
            part.append(v & 127 | 128)
        out += bytes(reversed(part))
    return tlv(6, out)


def integer(value):
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, 'big'))


def common_name(value, tag=0x0c):
    return tlv(0x30, tlv(0x31, tlv(0x30, oid('2.5.4.3'), tlv(tag, value))))


def certificate(subject, spki, algorithm='1.2.840.113549.1.1.11', serial=b'\x00\x8f\x01', extensions=b'',
                times=(b'240101000000Z', b'491231235959Z')):
    alg = tlv(0x30, oid(algorithm), b'\x05\x00')
    validity = tlv(0x30, *(tlv(0x17 if len(t) == 13 else 0x18, t) for t in times))
    tbs = tlv(0x30, tlv(0xa0, integer(2)), tlv(2, serial), alg, subject, validity, subject, spki,
              tlv(0xa3, tlv(0x30, extensions)) if extensions else b'')
    return tlv(0x30, tbs, alg, tlv(3, b'\x00' + b'\x55' * 64))


def spki(algorithm, key, parameters=b'\x05\x00'):
    return tlv(0x30, tlv(0x30, oid(algorithm), parameters), tlv(3, b'\x00', key))


def rsa(bits, exponent=65537):
    return spki('1.2.840.113549.1.1.1', tlv(0x30, integer((1 << bits) - 1), integer(exponent)))


def by_hand():
    san = tlv(0x30, oid('2.5.29.17'), tlv(4, tlv(0x30, tlv(0x82, b'good.example\x00.evil.example'), tlv(0x82, b'a,b\\c\xff'),
                                                 tlv(0x87, b'\x0a\x00\x00\x01\x02'), tlv(0x87, b'\x0a\x00\x00\x01'))))
    yield 'rsa20480', certificate(common_name(b'rsa20480'), rsa(20480))
    yield 'rsa3072-huge-exponent', certificate(common_name(b'rsa3072-huge-exponent'), rsa(3072, (1 << 3071) + 1))
    yield 'nul-in-name', certificate(common_name(b'good.example\x00.evil.example'), rsa(1024), extensions=san)
    yield 'not-utf8', certificate(common_name(b'a\xc3\xa9\xff\xc0\x80\xed\xa0\x80z'), rsa(1024))
    yield 'bmp-name', certificate(common_name('Ωmega'.encode('utf-16-be'), 0x1e), rsa(1024))
    yield 'bad-times', certificate(common_name(b'bad-times'), rsa(1024), times=(b'24X1010000  Z', b'99991231235959Z'))
    yield 'negative-serial', certificate(common_name(b'negative-serial'), rsa(1024), serial=b'\x80')
    yield 'long-serial', certificate(common_name(b'long-serial'), rsa(1024), serial=b'\x11' * 64)
    yield 'long-name', certificate(common_name('é'.encode() * 400), rsa(1024))
    yield 'gost2012-256', certificate(common_name(b'gost2012-256'), spki('1.2.643.7.1.1.1.1', tlv(4, b'\x07' * 64),
                                      tlv(0x30, oid('1.2.643.7.1.2.1.1.1'))), '1.2.643.7.1.1.3.2')
    yield 'mldsa65', certificate(common_name(b'mldsa65'), spki('2.16.840.1.101.3.4.3.18', b'\x07' * 1952, b''),
                                 '2.16.840.1.101.3.4.3.18')
    yield 'unknown-oids', certificate(common_name(b'unknown-oids'), spki('1.3.6.1.4.1.99999.1', b'\x07' * 32),
                                      '1.3.6.1.4.1.99999.2')
    yield 'md2-signature', certificate(common_name(b'md2-signature'), rsa(1024), '1.2.840.113549.1.1.2')


def main():
    out = sys.argv[1]
    with tempfile.TemporaryDirectory() as tmp:
        many = ','.join(f'DNS:host-{i:03}.example.net' for i in range(100))
        open(f'{tmp}/cnf', 'w').write(CONFIG.format(dir=tmp, many=many))
        open(f'{tmp}/index', 'w').close()
        open(f'{tmp}/serial', 'w').write('00A1B2C3\n')
        for name, (key, digest, extensions, more) in {**MADE, 'dsa2048-sha256': ('DSA', 'sha256', '', '')}.items():
            make(name, tmp, out, key, digest, extensions, more)
    for name, der in by_hand():
        open(os.path.join(out, name + '.der'), 'wb').write(der)


main()
