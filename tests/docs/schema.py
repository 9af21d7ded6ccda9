# SPDX-License-Identifier: GPL-2.0-or-later
"""The schema of the state against the reader:

    schema.py AGENT CASES FILE…

Its fields are those that the reader's sources name. Every FILE that is no object of Kubernetes, and every
block marked ```json of a FILE that is a document, is valid by both. Of the states in CASES, and of
each with one thing in it changed, both say the same, but for what CASES tells as beyond a schema: by the
reader's own messages, each of which must occur.
"""
import copy
import json
import re
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

warnings.simplefilter("ignore", DeprecationWarning)
import jsonschema  # noqa: E402

TOP = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((TOP / "packaging/schema/state.schema.json").read_text())

# The reader's lists of names, by file and array, and where in the schema their fields are.
NAMES = {
    ("native.c", "names"): [],
    ("native_service.c", "names"): ["service"],
    ("native_service.c", "persistence_names"): ["service", "persistence"],
    ("native_exposure.c", "names"): ["service"],
    ("native_exposure.c", "target_names"): ["service", "fromInside"],
    ("native_destination.c", "names"): ["destination"],
    ("native_destination.c", "tunnel_names"): ["destination", "tunnel"],
    ("native_globals.c", "timeout_names"): ["timeouts"],
    ("native_globals.c", "daemon_names"): ["syncDaemon"],
}
# What replaces each value of a state.
VALUES = [None, True, False, -1, 0, 1, 1.5, "", "x", "none", "sip", "10.0.0.1",
          "fd00::1", "224.0.0.1", "255.0.255.0", "direct", "tunnel", "gue", "gre", "udp", "ipv4", "backup", [], ["x"], {}, {"x": 1}]

failures = []


def nodes(value, path=()):
    yield path, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from nodes(inner, path + (key,))


def at_bounds(*keywords):
    """The values that the schema has for these keywords, and those beside them."""
    bounds = {value for _, node in nodes(SCHEMA) if isinstance(node, dict)
              for keyword, value in node.items() if keyword in keywords and isinstance(value, int)}
    return sorted({value + step for value in bounds for step in (-1, 0, 1)})


def fail(text):
    failures.append(text)
    print(text)


def schema_at(path):
    """The schema of an object: by a definition's name or a field's, then fields."""
    node = SCHEMA
    for name in path:
        node = node.get("definitions", {}).get(name) or node["properties"][name]
    return node


def check_names():
    wanted = {}
    found = re.compile(r"static const char \*const (\w+)\[\w+_COUNT\] = \{(.*?)\};", re.S)
    for file in sorted((TOP / "agent/state").glob("native*.c")):
        for name, body in found.findall(file.read_text()):
            key = (file.name, name)
            if key not in NAMES:
                fail(f"{file.name}: the names in {name} are not looked for in the schema")
                continue
            path = tuple(NAMES[key])
            wanted.setdefault(path, set()).update(re.findall(r'"(\w+)"', body))
    for path in {tuple(p) for p in NAMES.values()}:
        place = ".".join(path) or "the top level"
        has = set(schema_at(path)["properties"])
        for name in sorted(wanted.get(path, set()) - has):
            fail(f"{place}: the reader knows '{name}', the schema does not")
        for name in sorted(has - wanted.get(path, set())):
            fail(f"{place}: the schema has '{name}', the reader does not")


def changed(state, path, change):
    """A copy of the state in which change(container, key) was done at path."""
    other = copy.deepcopy(state)
    node = other
    for key in path[:-1]:
        node = node[key]
    change(node, path[-1])
    return other


def replacements(value):
    yield from VALUES
    if isinstance(value, int):
        yield from at_bounds("minimum", "maximum")
    if isinstance(value, str):
        yield from ("1" * length for length in at_bounds("maxLength"))


def mutants(state):
    for path, value in nodes(state):
        if isinstance(value, dict):
            other = changed([state], (0,) + path, lambda c, k: c[k].update({"unknown": 1}))
            yield other[0]
        if not path:
            continue
        if not isinstance(path[-1], int):
            yield changed(state, path, lambda c, k: c.pop(k))
        for replacement in replacements(value):
            yield changed(state, path, lambda c, k, v=replacement: c.__setitem__(k, copy.deepcopy(v)))


def verdicts(agent, texts):
    """Whether the reader takes each text, and its problems."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for i, text in enumerate(texts):
            paths.append(Path(folder) / f"{i}.json")
            paths[-1].write_text(text)
        for start in range(0, len(paths), 500):
            run = subprocess.run([agent, "check", "--output=json", *paths[start:start + 500]],
                                 stdout=subprocess.PIPE, text=True, check=False)
            decoder, at, out = json.JSONDecoder(), 0, run.stdout.strip()
            while at < len(out):
                report, at = decoder.raw_decode(out, at)
                yield report["valid"], report["problems"]
                while at < len(out) and out[at].isspace():
                    at += 1


def compare(agent, validator, texts, beyond):
    seen = set()
    count = 0
    for text, (valid, problems) in zip(texts, verdicts(agent, texts)):
        count += 1
        error = next(validator.iter_errors(json.loads(text)), None)
        if error and valid:
            fail(f"only the schema refuses: {'/'.join(map(str, error.path))}: {error.message[:200]}\n  {text}")
        if error or valid:
            continue
        for problem in problems:
            reasons = [b for b in beyond if re.search(b, problem)]
            seen.update(reasons)
            if not reasons:
                fail(f"only the reader refuses: {problem}\n  {text}")
    if count != len(texts):
        fail(f"the reader told of {count} states, not of {len(texts)}")
    for pattern in beyond:
        if pattern not in seen:
            fail(f"beyond a schema, but nothing has it: {pattern}")


def states_in(path):
    text = path.read_text()
    if path.suffix == ".json":
        return [(path.name, text)]
    blocks = re.findall(r"^[ \t]*```json[ \t]*\n(.*?)^[ \t]*```", text, re.S | re.M)
    return [(f"{path.name}, block {i}", block) for i, block in enumerate(blocks, 1)]


def main():
    agent, cases, *files = sys.argv[1:]
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft7Validator(SCHEMA, format_checker=jsonschema.FormatChecker(["ipv4", "ipv6"]))
    check_names()

    native = 0
    for file in files:
        for name, text in states_in(Path(file)):
            state = json.loads(text)
            if "kind" in state:
                continue
            native += 1
            for error in validator.iter_errors(state):
                fail(f"{name}: {'/'.join(map(str, error.path))}: {error.message[:200]}")
    if native == 0:
        fail("no file was looked at")

    cases = json.loads(Path(cases).read_text())
    for state in cases["valid"]:
        for error in validator.iter_errors(state):
            fail(f"{json.dumps(state)}: {error.message[:200]}")
    for valid, problems in verdicts(agent, [json.dumps(state) for state in cases["valid"]]):
        if not valid:
            fail(f"the reader: {problems}")
    texts = [state if isinstance(state, str) else json.dumps(state) for state in cases["others"]]
    texts += sorted({json.dumps(mutant) for state in cases["valid"] for mutant in mutants(state)})
    compare(agent, validator, texts, cases["beyond"])
    print(f"{native} states of files and documents, {len(texts)} others, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
