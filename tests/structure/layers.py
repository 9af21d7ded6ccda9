#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The structure of the sources against the layer table of CONTRIBUTING.md.

Fails where a folder includes one that its row does not allow, where files include each
other in a circle, where two halves of a file share a private header, where two files have
one name, and where two functions have names of the same words in another order.
"""
import collections
import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ("common", "preflight", "agent")
INCLUDE = re.compile(r'^#include "([^"]+)"', re.M)
ROW = re.compile(r"^\| `([a-z/_.]+?)/?` \|.*\| (.*) \|$", re.M)
# A function's name in a header, after its type and before its parameters.
DECLARED = re.compile(r"^[a-z][\w \t*]*?\b([a-z]\w*)\(", re.M)

failures = []


def fail(text):
    failures.append(text)


def sources():
    for program in PROGRAMS:
        for file in sorted((TOP / program).rglob("*.[ch]")):
            yield file.relative_to(TOP)


def rows():
    """What each row's folder may include; a row without such a list is no layer."""
    text = (TOP / "CONTRIBUTING.md").read_text()
    table = {}
    for folder, allowed in ROW.findall(text):
        names = re.findall(r"`([a-z/_.]+?)/?`", allowed)
        if names or allowed == "nothing of ours":
            table[folder] = set(names)
    return table


def layer_of(path, table):
    """The row with the longest folder or file that the path is in."""
    path = str(path)
    found = [row for row in table if path == row or path.startswith(row + "/")]
    return max(found, key=len) if found else None


def check_layers(includes, table):
    for file, names in includes.items():
        layer = layer_of(file, table)
        if not layer:
            fail(f"{file}: no row of CONTRIBUTING.md's table has its folder")
            continue
        for name in names:
            other = layer_of(name, table)
            if other != layer and other not in table[layer]:
                fail(f"{file}: {layer} may not include {name}")


def module_of(path):
    """A file and its header are one."""
    return str(path).rsplit(".", 1)[0]


def circles(edges):
    """Strongly connected modules, by Tarjan's algorithm without recursion."""
    index, low, on_stack, stack, found = {}, {}, set(), [], []
    for root in sorted(edges):
        if root in index:
            continue
        work = [(root, iter(sorted(edges[root])))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, rest = work[-1]
            for other in rest:
                if other not in index:
                    index[other] = low[other] = len(index)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(sorted(edges[other]))))
                    break
                if other in on_stack:
                    low[node] = min(low[node], index[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == index[node]:
                    group = []
                    while not group or group[-1] != node:
                        group.append(stack.pop())
                        on_stack.discard(group[-1])
                    if len(group) > 1:
                        found.append(sorted(group))
    return found


def check_circles(includes):
    edges = collections.defaultdict(set)
    for file, names in includes.items():
        edges[module_of(file)].update(
            module_of(name) for name in names if module_of(name) != module_of(file)
        )
        for name in names:
            edges[module_of(name)]
    for group in circles(edges):
        fail("files in a circle: " + ", ".join(group))


def check_names(files):
    by_name = collections.defaultdict(list)
    for file in files:
        if file.name != "main.c":
            by_name[file.name].append(str(file))
        if file.name.endswith("_parts.h"):
            fail(f"{file}: a private header of two halves; cut by layer")
    for places in by_name.values():
        if len(places) > 1:
            fail("files of one name: " + ", ".join(places))


def check_functions(files):
    by_words = collections.defaultdict(set)
    for file in files:
        if file.suffix == ".h":
            for name in DECLARED.findall((TOP / file).read_text()):
                by_words[tuple(sorted(name.split("_")))].add(name)
    for names in by_words.values():
        if len(names) > 1:
            fail("functions of the same words: " + ", ".join(sorted(names)))


def main():
    files = list(sources())
    includes = {file: INCLUDE.findall((TOP / file).read_text()) for file in files}
    check_layers(includes, rows())
    check_circles(includes)
    check_names(files)
    check_functions(files)
    for text in failures:
        print(text)
    print(f"{len(files)} files, {len(failures)} faults of structure")
    return 1 if failures else 0


sys.exit(main())
