# SPDX-License-Identifier: Apache-2.0
"""The examples of README.md are what the program prints today, and every command of README.md and docs/tlsunset.1 runs.

readme.py [--set|--strict]: --set puts the examples into README.md; --strict fails where they differ, which is only told otherwise.
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

PROGRAM = os.path.abspath(os.environ["TLSUNSET"])
DEMO = "pcaps/demo-office-morning.pcap.gz"
SMALL = "pcaps/tls12-default-node8.17.0.pcap", "pcaps/tls10-openssl3.0.pcap"

# name: arguments; sections of the report and how many of their lines (0: all)
EXAMPLES = {
    "observed": (["read", "-q", DEMO],
                 [("WHAT COULD NOT BE SEEN", 0), ("READINESS", 0), ("SERVERS", 10), ("CLIENTS", 10)]),
    "study": (["read", "-q", "--policy", "tls12-minimum", DEMO], [("CUTOVER STUDY", 3), ("BY CLIENT", 17)]),
}


def sections(report):
    """Heading: lines."""
    found, lines = {}, []
    for line in report.splitlines():
        heading = re.match(r"[A-Z]{2}[A-Z]* ?[A-Z, ]*?(?=  |$)", line)
        if heading:
            lines = found.setdefault(heading.group().strip(), [])
        lines.append(line)
    return found


def example(name):
    arguments, wanted = EXAMPLES[name]
    report = subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, text=True).stdout
    found, out = sections(report), []
    for heading, count in wanted:
        lines = found[heading]
        while not lines[-1]:
            lines.pop()
        out += lines[:count] + ["..."] if count and count < len(lines) else lines
        out.append("")
    return "\n".join(out).rstrip() + "\n"


def with_examples(text):
    for name in EXAMPLES:
        at = text.index(f"<!-- example: {name} -->\n```\n")
        begin = text.index("```\n", at) + 4
        text = text[:begin] + example(name) + text[text.index("```\n", begin):]
    return text


def commands(path):
    """What a reader would type; what needs root or an interface is left out."""
    with open(path) as f:
        text = f.read()
    if path.endswith(".md"):
        lines = [line.split("#")[0].strip() for line in text.splitlines() if line.startswith("./tlsunset ")]
    else:
        text = text.replace("\\(aq", "'").replace("\\e", "\\")
        lines = re.findall(r"^(?:\.Dl )?\$ (tlsunset .*(?:\n    .*)*)", text, re.MULTILINE)
    return [line for line in lines if " watch " not in line]


def run_commands(folder):
    """The files that they speak of; then each must do something, and say nothing about a mistake."""
    shutil.copy(DEMO, os.path.join(folder, "demo.gz"))
    for name, captures in (("span-port.pcap", [DEMO]), ("office.pcap", [DEMO]), ("monday", SMALL[:1]), ("tuesday", SMALL[1:]),
                           ("captures", SMALL)):
        if "." in name:
            shutil.copy(captures[0], os.path.join(folder, name))
            continue
        os.makedirs(os.path.join(folder, name))
        for capture in captures:
            shutil.copy(capture, os.path.join(folder, name))
    os.makedirs(os.path.join(folder, "captures/2026-01-02"))
    shutil.copy(SMALL[0], os.path.join(folder, "captures/2026-01-02"))
    subprocess.run([PROGRAM, "read", "-q", "--state", "site.db", "demo.gz"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
    os.symlink(PROGRAM, os.path.join(folder, "tlsunset"))
    path = folder + ":" + os.environ["PATH"]
    wrong, ran = [], 0
    for command in commands("README.md") + commands("docs/tlsunset.1"):
        if "jq" in command and not shutil.which("jq"):
            continue
        ran += 1
        done = subprocess.run(["sh", "-c", command.replace(" /captures", " captures")], cwd=folder, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, env={**os.environ, "PATH": path})
        complaints = [line for line in done.stderr.splitlines() if not line.endswith("reads it once more)")]
        if done.returncode not in (0, 1, 3) or not done.stdout or complaints:
            wrong.append(f"{command}: exit {done.returncode}: {done.stderr}")
    if ran < 10:
        wrong.append(f"only {ran} commands were found")
    return wrong, ran


def main():
    with open("README.md") as f:
        text = f.read()
    now = with_examples(text)
    if sys.argv[1:] == ["--set"]:
        with open("README.md", "w") as f:
            f.write(now)
    elif now != text:
        print("readme: an example is not what the program prints now: sh tests/check_readme.sh --set, and read what it says")
        if sys.argv[1:] == ["--strict"]:
            return 1
    with tempfile.TemporaryDirectory() as folder:
        wrong, ran = run_commands(folder)
    for line in wrong:
        print("readme:", line, file=sys.stderr)
    if wrong:
        return 1
    print(f"readme: {ran} commands run")
    return 0


sys.exit(main())
