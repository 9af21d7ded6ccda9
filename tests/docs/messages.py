# SPDX-License-Identifier: GPL-2.0-or-later
"""Messages that the documents quote are those of the programs:

    messages.py FILE…

Quotes are the lines of text blocks, spans of code with three words or more in Markdown, and such entries of
a manual page. Each pair of neighbouring words of a quote must be neighbours in a string of the sources, or
meet where one string ends (or has a conversion of printf) and one begins. Numbers, addresses, paths, quoted
values, and names of the documents' examples are whatever a conversion prints.
"""
import re
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
# Names in the examples of messages.
NAMES = {"dns", "kube-dns", "kube-proxy", "nodelocaldns", "b", "TIME", "PATH"}
# Of the C library and of jansson.
FOREIGN = ["No space left on device", "%s expected near %s"]
# Spans that begin like this are commands, settings and code.
NOT_MESSAGES = re.compile(r"""[-+{["$,]|[A-Z]+=|\w+/|(?:ipvs-agent|ipvs-preflight|ipvsadm|ipvsadm-save|systemctl|
    journalctl|etcdctl|kubectl|kubeadm|kube-proxy|make|ip|nft|modprobe|flush|fleet-state\.sh|virtual_server|N)\ """, re.X)
# Their blocks are figures and code.
NO_MESSAGE_BLOCKS = {"performance.md", "testing.md"}

failures = 0


def words(text):
    """Without the punctuation around them, which is the same for most."""
    return [word.strip("`*_,.:;()") for word in text.split()]


def is_variable(word):
    return not word or bool(re.search(r"[0-9/'\"\[\]_]|[a-z]\.[a-z]|=$", word)) or word in NAMES


def literals():
    """The strings of the sources, of the scripts of examples, and those of libraries that are quoted."""
    yield from FOREIGN
    for folder in ("agent", "common", "preflight"):
        for path in sorted((TOP / folder).rglob("*.[ch]")):
            text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
            for run in re.findall(r'"(?:[^"\\\n]|\\.)*"(?:\s*(?:PRI\w+|[A-Z_]+)?\s*"(?:[^"\\\n]|\\.)*")*', text):
                text_of_run = re.sub(r'"\s*(?:PRI\w+|([A-Z_]+))?\s*"', lambda m: "%s" if m.group(1) else "", run)[1:-1]
                yield re.sub(r"\\(.)", r"\1", re.sub(r"\\[nt]", " ", text_of_run))
    for path in sorted((TOP / "examples").rglob("*.sh")):
        for run in re.findall(r'"((?:[^"\\]|\\.)*)"', path.read_text()):
            yield re.sub(r"\$\{[^}]*\}|\$\w+", "%s", run)


class Known:
    """The neighbours within strings, and the words at the ends of strings and of their pieces."""

    def __init__(self):
        self.pairs = set()
        self.string_starts, self.string_ends = set(), set()
        self.piece_starts, self.piece_ends = set(), set()
        for literal in literals():
            pieces = [words(piece) for piece in re.split(r"%[-+ #0-9.*hlzjt]*[a-zA-Z]", literal.replace("%%", "%"))]
            for piece in filter(None, pieces):
                self.pairs.update(zip(piece, piece[1:]))
                self.piece_starts.add(piece[0])
                self.piece_ends.add(piece[-1])
            self.string_starts.update(pieces[0][:1])
            self.string_ends.update(pieces[-1][-1:])

    def has(self, first, second):
        """A string can be printed by the conversion of another, or after it."""
        return (is_variable(first) or is_variable(second) or (first, second) in self.pairs
                or first in self.piece_ends and second in self.string_starts
                or first in self.string_ends and second in self.piece_starts)


def quotes(path):
    text = path.read_text()
    if path.suffix == ".scd":
        for entry in re.findall(r"^(\*[^\n]*)\n\t", text, re.M):
            for part in re.split(r"\*, \*", entry):
                part = re.sub(r"\*|(?<!\w)_|_(?!\w)|\\", "", part)
                if len(words(part)) >= 3 and not part.startswith("--"):
                    yield part
        blocks = re.findall(r"^```\n(?=\[preflight|\S+\.json:\d)(.*?)^```", text, re.M | re.S)
    else:
        blocks = re.findall(r"^ *```text\n(.*?)^ *```", text, re.M | re.S) if path.name not in NO_MESSAGE_BLOCKS else []
        prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)
        for span in re.findall(r"`([^`]+)`", prose):
            span = " ".join(span.split())
            if len(words(span)) >= 3 and not NOT_MESSAGES.match(span):
                yield span
    for block in blocks:
        for message in re.split(r"\n(?=\S+\.json:|\s*\[|Service )", block):
            if not message.startswith("--"):
                yield " ".join(message.split())


def check(path, known):
    global failures
    count = 0
    for quote in quotes(path):
        count += 1
        for fragment in re.split(r"…|\.\.\.", quote):
            found = words(fragment)
            for first, second in zip(found, found[1:]):
                if not known.has(first, second):
                    failures += 1
                    print(f"{path}: \"{quote}\": no message has '{first} {second}'")
    return count


def main():
    known = Known()
    count = sum(check(Path(name), known) for name in sys.argv[1:])
    print(f"{count} quotes, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
