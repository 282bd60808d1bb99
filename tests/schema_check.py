#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""schema_check.py SCHEMA DOCUMENT... - are these JSON documents what the schema says?

Knows the part of JSON Schema (2020-12) that docs/report.schema.json uses, and refuses a schema that uses more, so that a
rule can never be passed over in silence. Prints what is wrong, with its place; exit 1 then. "-" is standard input.
"""
import json
import re
import sys

ANNOTATIONS = {"$schema", "$id", "$defs", "title", "description"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(v, name):
    if name in ("integer", "number"):
        return isinstance(v, int if name == "integer" else (int, float)) and not isinstance(v, bool)
    return isinstance(v, TYPES[name])


class Checker:
    def __init__(self, schema):
        self.root, self.errors = schema, []

    def wrong(self, path, text):
        self.errors.append("%s: %s" % (path or "/", text))

    def check(self, v, s, path=""):
        for rule, want in s.items():
            if rule in ANNOTATIONS or rule in ("additionalProperties", "properties", "required") and not isinstance(v, dict):
                continue
            getattr(self, "rule_" + rule.strip("$"))(v, want, s, path)

    def rule_ref(self, v, want, s, path):
        assert want.startswith("#/$defs/"), want
        self.check(v, self.root["$defs"][want[len("#/$defs/"):]], path)

    def rule_type(self, v, want, s, path):
        if not any(is_type(v, t) for t in (want if isinstance(want, list) else [want])):
            self.wrong(path, "is %s, not %s" % (json.dumps(v)[:60], want))

    def rule_const(self, v, want, s, path):
        if v != want or isinstance(v, bool) != isinstance(want, bool):
            self.wrong(path, "is %r, not %r" % (v, want))

    def rule_enum(self, v, want, s, path):
        if v not in want:
            self.wrong(path, "%r is none of %s" % (v, want))

    def rule_pattern(self, v, want, s, path):
        if isinstance(v, str) and not re.search(want, v):
            self.wrong(path, "%r does not match %s" % (v, want))

    def rule_minimum(self, v, want, s, path):
        if is_type(v, "integer") and v < want:
            self.wrong(path, "%r is below %r" % (v, want))

    def rule_maximum(self, v, want, s, path):
        if is_type(v, "integer") and v > want:
            self.wrong(path, "%r is above %r" % (v, want))

    def rule_items(self, v, want, s, path):
        for i, e in enumerate(v if isinstance(v, list) else []):
            self.check(e, want, "%s/%d" % (path, i))

    def rule_required(self, v, want, s, path):
        for k in want:
            if k not in v:
                self.wrong(path, "has no %s" % k)

    def rule_properties(self, v, want, s, path):
        for k in want:
            if k in v:
                self.check(v[k], want[k], path + "/" + k)

    def rule_additionalProperties(self, v, want, s, path):
        assert want is False
        for k in v:
            if k not in s["properties"]:
                self.wrong(path, "has %s, which the schema does not know" % k)


def no_twins(pairs):
    d = dict(pairs)
    if len(d) != len(pairs):
        raise ValueError("a key comes twice: %s" % [k for k, _ in pairs])
    return d


def main():
    schema = json.load(open(sys.argv[1]))
    bad = 0
    for name in sys.argv[2:]:
        c = Checker(schema)
        try:
            doc = json.load(sys.stdin if name == "-" else open(name), object_pairs_hook=no_twins)
            c.check(doc, schema)
        except ValueError as e:
            c.wrong("", "is not JSON: %s" % e)
        for e in c.errors[:20]:
            print("%s: %s" % (name, e), file=sys.stderr)
        bad |= bool(c.errors)
    return bad


if __name__ == "__main__":
    sys.exit(main())
