# SPDX-License-Identifier: Apache-2.0
"""Draws the figures of docs/performance.md: python3 tests/bench/performance.py FIGURES..., where each FIGURES
is what `BENCH_OUT=FIGURES make bench` left. Measures growth and memory itself, counts the profile with callgrind, reads the sizes of
structures from the debugging information. Each table goes between its two marks in the document; the text around them stays."""
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.environ.get('TLSUNSET', './tlsunset')
TOOLS = os.environ.get('TOOLS', 'build/tools')
DOCUMENT = 'docs/performance.md'


def text_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def table(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|---' * len(head) + '|']
    return '\n'.join(lines + ['| ' + ' | '.join(str(c) for c in row) + ' |' for row in rows])


def machine():
    cpu = re.search(r'model name\s*: (.*)', open('/proc/cpuinfo').read())
    memory = int(re.search(r'MemTotal:\s*(\d+)', open('/proc/meminfo').read()).group(1))
    kernel, compiler = text_of('uname', '-sr').strip(), text_of('gcc', '--version').split('\n')[0]
    return ('%s, %d cores, %d GiB, %s, %s. Load average when the figures were drawn: %s. `%s`.'
            % (cpu.group(1) if cpu else '?', os.cpu_count(), round(memory / 2**20), kernel, compiler,
               open('/proc/loadavg').read().split()[0], text_of(PROGRAM, '--version').strip()))


def bench(paths):
    """Of each line: workload, program, packets, handshakes, then what pair prints. A program twice: the first counts."""
    loads = {}
    for line in (line for path in paths for line in open(path)):
        f = line.rstrip('\n').split('\t')
        load, program, packets, hellos = f[0], f[1], int(f[2]), int(f[3])
        cpu, ratio, low, high, rss = float(f[4]), float(f[6]), f[7], f[8], float(f[11])
        rows = loads.setdefault((load, packets, hellos), {})
        spread = '' if low == high else '%s to %s' % (low, high)
        if program == 'floor':
            program, ratio, spread = 'empty loop', 1, ''
        rows.setdefault(program, ('%.2f' % cpu, '%.2f' % ratio, spread, '%.0f' % (rss / 1024), '%.2f' % (packets / cpu / 1e6)))
    out = []
    for (load, packets, hellos), rows in loads.items():
        head = load, '%.1f M' % (packets / 1e6), '{:,}'.format(hellos)
        for program, row in rows.items():
            out.append((*head, program, *row))
            head = '', '', ''
    return table(('workload', 'packets', 'handshakes', 'program', 'CPU s', 'x empty loop', 'range', 'peak MiB', 'M packets/s'), out)


def measure(tmp, mode, *options):
    """CPU seconds (the least of three runs) and peak KiB of tlsunset on a workload."""
    capture = tmp + '/load.pcap'
    subprocess.run([TOOLS + '/gen', mode, *options, '-o', capture, '-t', tmp + '/truth'], check=True)
    costs = []
    for _ in range(3):
        p = subprocess.Popen([PROGRAM, 'read', '-q', capture], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(p.pid, 0)
        p.returncode = status
        if status:
            sys.exit('performance: tlsunset failed on ' + mode)
        costs.append((used.ru_utime + used.ru_stime, used.ru_maxrss))
    os.remove(capture)
    return min(costs)


STEPS = (('read', 'reading'), ('decode', 'decoding'), ('flows', 'finding the connection'), ('dissect', 'dissecting what is not decided'))


def steps(tmp):
    """What each step adds on the mix, in units of the empty loop."""
    capture = tmp + '/load.pcap'
    subprocess.run([TOOLS + '/gen', 'mix', '--size', '2048M', '--open', '20000', '-o', capture, '-t', tmp + '/truth'], check=True)
    rows, before, floor = [], 0.0, 'exec %s/floor %s' % (TOOLS, capture)
    for step, what in STEPS + (('', 'tally, nDPI, starting, the text report'),):
        command = 'exec %s/steps %s %s' % (TOOLS, step, capture) if step else 'exec %s read -q %s' % (PROGRAM, capture)
        ratio = float(text_of(TOOLS + '/pair', '5', '600', command, floor).split('\t')[2])
        rows.append((what, '%.2f' % (ratio - before), '%.2f' % ratio))
        before = ratio
    os.remove(capture)
    return table(('step', 'adds', 'sum'), rows)


AIMS = (  # workload, how it is made, the ratio that is aimed at
    ('mix', ('--size', '2048M', '--open', '20000'), 1.25),
    ('handshakes', ('--flows', '500000'), 2.2),
    ('manyflows', ('--flows', '1000000', '--clients', '1000003'), 2.0),
)


def least(tmp):
    """What cannot be left out, what is aimed at, and what is: the difference is a handshake's parsing, tally and report."""
    rows = []
    for mode, options, aim in AIMS:
        capture = tmp + '/load.pcap'
        subprocess.run([TOOLS + '/gen', mode, *options, '-o', capture, '-t', tmp + '/truth'], check=True)
        hellos = sum(int(line.split()[3]) for line in open(tmp + '/truth') if line.split()[0] == 'tls')
        ratio, floor = {}, 'exec %s/floor %s' % (TOOLS, capture)
        for what, command in (('read', TOOLS + '/steps read'), ('least', TOOLS + '/least'), ('all', PROGRAM + ' read -q')):
            f = text_of(TOOLS + '/pair', '5', '600', 'exec %s %s' % (command, capture), floor).split('\t')
            ratio[what], unit = float(f[2]), float(f[1])
        os.remove(capture)
        rows.append((mode, '%.2f' % ratio['read'], '%.2f' % ratio['least'], '%.2f' % aim, '%.2f' % ratio['all'],
                     *('%.0f' % ((x - ratio['least']) * unit / hellos * 1e9) for x in (aim, ratio['all']))))
    return table(('workload', 'reading', 'least', 'aim', 'tlsunset', 'ns a handshake has by the aim', 'ns it takes'), rows)


def threads(tmp):
    """Two threads beside one: seconds that pass, of what takes longest beside reading."""
    rows = []
    for mode, options in (('handshakes', ('--flows', '500000')), ('hosts', ('--flows', '1000000', '--clients', '1000000', '--servers', '20000'))):
        capture = tmp + '/load.pcap'
        subprocess.run([TOOLS + '/gen', mode, *options, '-o', capture, '-t', tmp + '/truth'], check=True)
        two, one = ('exec %s read -q --threads %d %s' % (PROGRAM, n, capture) for n in (2, 1))
        f = text_of(TOOLS + '/pair', '7', '600', two, one).split('\t')
        rows.append((mode, f[6], f[5], '%.2f' % (float(f[6]) / float(f[5])), f[1], f[0], '%.0f' % (float(f[7]) / 1024)))
        os.remove(capture)
    return table(('workload', 'one thread, s', 'two threads, s', 'times as fast', 'CPU s of one', 'of two', 'peak MiB of two'), rows)


GROWTH = (  # what grows, mode, how it is asked for, sizes
    ('open connections', 'manyflows', lambda n: ('--flows', n, '--clients', str(int(n) + 3)), (50000, 100000, 200000)),
    ('short connections', 'handshakes', lambda n: ('--flows', n), (50000, 100000, 200000)),
    ('client addresses', 'hosts', lambda n: ('--flows', n, '--clients', n), (50000, 100000, 200000, 400000)),
    ('distinct offers', 'handshakes', lambda n: ('--flows', n, '--offers', n), (15000, 30000, 60000)),
    ('distinct names', 'handshakes', lambda n: ('--flows', n, '--names', '1000000000'), (50000, 100000)),
    ('distinct certificates', 'handshakes', lambda n: ('--flows', n, '--certs', '1000000000'), (15000, 30000)),
)


def growth(tmp):
    rows = []
    for what, mode, options, sizes in GROWTH:
        before = None
        for n in sizes:
            cpu, rss = measure(tmp, mode, *options(str(n)))
            more = ('', '') if before is None else ('%.2f' % ((cpu - before[0]) / (n - before[2]) * 1e6),
                                                    '%.0f' % ((rss - before[1]) * 1024 / (n - before[2])))
            rows.append(('%s (`%s`)' % (what, mode) if before is None else '', '{:,}'.format(n), '%.2f' % cpu, '%.0f' % (rss / 1024), *more))
            before = cpu, rss, n
    return table(('what grows', 'number', 'CPU s', 'peak MiB', 'µs for one more', 'bytes for one more'), rows)


SIZES = (  # structure, the object that has it, what there is one of it for
    ('slot', 'capture/flow.o', 'connection without payload so far, or of an unknown protocol; beside 12 bytes of the flow table for any'),
    ('conn', 'capture/flow.o', 'connection whose handshake may still come or is under way, without buffers'),
    ('session', 'dissect/session.o', 'of these, what is known of its beginning'),
    ('opening', 'dissect/session.o', 'and where it did not plainly begin with TLS'),
    ('tls', 'dissect/tls.o', 'and of its handshake, beside what is kept of the hellos (about 250 bytes of the client\'s)'),
    ('cube_row', 'report/cube_row.o', 'row of the cube: its key and values'),
    ('profile', 'report/cube.o', 'distinct ClientHello offer, beside its canonical bytes'),
    ('cert_facts', 'report/cube.o', 'distinct certificate'),
    ('hour', 'report/cube.o', 'hour of the window'),
)


def sizes():
    rows = []
    for name, where, what in SIZES:
        info = text_of('readelf', '--debug-dump=info', 'build/' + where)
        m = re.search(r'DW_TAG_structure_type\)\s+<[0-9a-f]+>\s+DW_AT_name\s+:[^\n]*?\b%s\n\s+<[0-9a-f]+>\s+DW_AT_byte_size\s+: (\d+)' % name, info)
        if not m:
            sys.exit('performance: no structure %s in %s' % (name, where))
        rows.append(('`struct %s`' % name, m.group(1), what))
    return table(('structure', 'bytes', 'one for each'), rows)


def object_of(where):
    """Function and object of a line of callgrind_annotate, which names the object only where it knows no file of ours."""
    source, _, thing = where.partition(' [')
    name = source.rpartition(':')[2]
    if thing:
        return name, os.path.basename(thing.rstrip(']')).split('.so')[0]
    return name, 'tlsunset' if source.startswith(os.getcwd()) else 'ld-linux-x86-64' if source.startswith('./elf') else 'libc'


def profile(tmp):
    """Of all instructions: our functions by name, the libraries as wholes."""
    out = []
    for mode, options in (('manyflows', ('--flows', '2000', '--rounds', '150')), ('handshakes', ('--flows', '8000', '--servers', '50'))):
        capture, cost = tmp + '/load.pcap', tmp + '/callgrind'
        subprocess.run([TOOLS + '/gen', mode, *options, '-o', capture, '-t', tmp + '/truth'], check=True)
        subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=' + cost, PROGRAM, 'read', '-q', '--seed', '1', '-o',
                        tmp + '/report', capture], capture_output=True, check=True)
        share = collections.Counter()
        for percent, where in re.findall(r'^\s*[\d,]+ \(\s*([\d.]+)%\)\s+(\S+:.*)$', text_of('callgrind_annotate', '--threshold=99', cost), re.M):
            name, thing = object_of(where)
            share['`%s`' % name.partition("'")[0] if thing == 'tlsunset' else 'all of ' + thing] += float(percent)
        rows = [(name, '%.1f' % percent) for name, percent in share.most_common(16)]
        out.append('`%s %s`:\n\n' % (mode, ' '.join(options)) + table(('function', '% of instructions'), rows))
    return '\n\n'.join(out)


def costs_by_part(costs):
    """Instructions of a run by folder of our sources, wherever they were inlined to, and by library."""
    names, called, sums = {}, False, collections.Counter()
    path = thing = ''
    for line in open(costs, encoding='utf-8', errors='replace'):
        head = re.match(r'(c?)(fl|fi|fe|ob)=(\(\d+\))(?: (.*))?$', line)
        if head: # a name is written once, then its number; with c it is that of what is called
            key = head[2] == 'ob', head[3]
            if head[4] is not None:
                names[key] = head[4]
            if not head[1] and key[0]:
                thing = os.path.basename(names[key]).split('.so')[0]
            elif not head[1]:
                path = os.path.relpath(names[key], os.getcwd())
            continue
        if line.startswith('calls='):
            called = True
        elif re.match(r'[0-9+*-]', line):
            if not called:
                part = path.split('/')[0] if thing == os.path.basename(PROGRAM) else thing
                sums[part if part not in ('..', '???') else 'others'] += int(line.split()[1])
            called = False
    return sums


PARTS = (('capture', 'reading, decoding, finding the connection, putting its bytes in order'),
         ('dissect', 'records, hellos, certificates, the event'), ('report', 'the tally; adding it up, the text'),
         ('base', 'the bounds-checked reader, tables'), ('cli', 'the loop over packets'), ('libc', 'copying, comparing, sorting, printing'))


def parts(tmp):
    """Instructions that a handshake more costs, by part."""
    runs = []
    for flows in (1000, 5000):
        capture, cost = tmp + '/load.pcap', tmp + '/callgrind'
        subprocess.run([TOOLS + '/gen', 'handshakes', '--flows', str(flows), '--servers', '20', '-o', capture, '-t', tmp + '/truth'], check=True)
        subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=' + cost, PROGRAM, 'read', '-q', '--seed', '1', '-o',
                        tmp + '/report', capture], capture_output=True, check=True)
        runs.append(costs_by_part(cost))
    each = {k: (runs[1][k] - runs[0][k]) / 4000 for k in runs[1]}
    rows = [('`%s/`' % k if k != 'libc' else 'C library', '{:,.0f}'.format(each.pop(k)), what) for k, what in PARTS]
    rows.append(('others', '{:,.0f}'.format(sum(each.values())), 'hashing (xxHash), libcrypto, nDPI'))
    return table(('part', 'instructions', 'what it does'), rows)


def put(text, mark, block):
    begin, end = '<!-- %s: drawn by tests/bench/performance.py -->' % mark, '<!-- end -->'
    at = text.index(begin) + len(begin)
    return text[:at] + '\n' + block + '\n' + text[text.index(end, at):]


def main():
    if len(sys.argv) < 2:
        sys.exit('performance.py FIGURES... (BENCH_OUT=FIGURES make bench writes them)')
    tmp = tempfile.mkdtemp(prefix='bench.', dir=os.environ.get('BENCH_DIR'))
    try:
        text = open(DOCUMENT, encoding='utf-8').read()
        budgets = [line.split() for line in open('tests/bench/budgets.txt')]
        for mark, block in (('machine', machine()), ('bench', bench(sys.argv[1:])), ('sizes', sizes()),
                            ('budgets', table(('what', 'instructions'), budgets)), ('steps', steps(tmp)), ('least', least(tmp)), ('threads', threads(tmp)), ('parts', parts(tmp)), ('profile', profile(tmp)), ('growth', growth(tmp))):
            text = put(text, mark, block)
        open(DOCUMENT, 'w', encoding='utf-8').write(text)
    finally:
        shutil.rmtree(tmp)


main()
