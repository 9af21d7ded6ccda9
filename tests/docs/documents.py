# SPDX-License-Identifier: GPL-2.0-or-later
"""The documents: links lead to files and headings, the commands of ours that they show exist, with options
that these have, and each record of decisions.md has its number, its reason and what was rejected:

    documents.py FOLDER-OF-PROGRAMS DOCUMENT…
"""
import functools
import re
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(sys.argv[1])
# Where the programs' names are those of units or pages.
OTHERS = re.compile(r"systemctl|journalctl|\bman\b|\.service")

failures = 0


def fail(text):
    global failures
    failures += 1
    print(text)


@functools.cache
def options_of(*command):
    """The names of its options, or None where there is no such command."""
    run = subprocess.run([PROGRAMS / command[0], *command[1:], "--help"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, check=False)
    return set(re.findall(r"^  (--[a-z-]+)|, (--version)", run.stdout, re.M)) if run.returncode == 0 else None


def code_in(text):
    """Indented lines, those of fenced blocks, and what stands between backticks; each command for itself."""
    text = text.replace("\\\n", " ")
    for line in re.findall(r"^ {4}.*", text, re.M) + re.findall(r"`([^`\n]+)`", text):
        yield from re.split(r"[;&|()]", line)
    for block in re.findall(r"^```.*?^```", text, re.M | re.S):
        for line in block.splitlines():
            yield from re.split(r"[;&|()]", line)


def check_command(document, words):
    command = words[:1]
    if words[0] == "ipvs-agent" and len(words) > 1 and not words[1].startswith("-"):
        command = words[:2]
    known = options_of(*command)
    if known is None:
        fail(f"{document}: '{' '.join(command)}' is no command")
        return
    known = {name for names in known for name in names}
    for word in words[len(command):]:
        if word == "--":
            break
        option = re.match(r"--[a-z-]+", word)
        if option and option.group() not in known:
            fail(f"{document}: '{' '.join(command)}' has no option {option.group()}")


def headings_of(document):
    """As a link names them."""
    lines = re.findall(r"^#+ (.*)", document.read_text(), re.M)
    return {re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in lines}


def check_records(document, text):
    numbers = set()
    for number, record in re.findall(r"^### (\d+)\. (.*?)(?=^##|\Z)", text, re.M | re.S):
        if number in numbers:
            fail(f"{document}: two records have the number {number}")
        numbers.add(number)
        for part in ("- Why: ", "- Rejected: "):
            if part not in record:
                fail(f"{document}: record {number} has no '{part.strip()}'")
    if len(numbers) != len(re.findall(r"^### ", text, re.M)):
        fail(f"{document}: a record has no number")


def check(document):
    text = document.read_text()
    for link, _, heading in re.findall(r"\]\(([^)#\s]*)(#([^)\s]+))?\)", text):
        target = document.parent / link if link else document
        if "://" in link:
            continue
        if not target.exists():
            fail(f"{document}: {link} is not there")
        elif heading and heading not in headings_of(target):
            fail(f"{document}: {link or 'it'} has no heading #{heading}")
    if document.name == "decisions.md":
        check_records(document, text)
    count = 0
    for code in code_in(text):
        found = re.search(r"(?:^|[\s/])(ipvs-agent [a-z-]+(?=\s|$)|ipvs-preflight(?= -)).*", code)
        if found and not OTHERS.search(code):
            count += 1
            check_command(document, found.group().strip(" \t/").split())
    return count


def main():
    documents = [Path(name) for name in sys.argv[2:]]
    commands = sum(check(document) for document in documents)
    if commands < 30:
        fail(f"only {commands} commands were found")
    print(f"{len(documents)} documents, {commands} commands, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
