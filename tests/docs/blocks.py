# SPDX-License-Identifier: GPL-2.0-or-later
"""The code blocks of the documents can be pasted as they are:

    blocks.py FOLDER-OF-PROGRAMS FILE…

A block of a Markdown file is fenced and names its language. scdoc's fences have no room for one: the
blocks of manual pages are distinguished by how they begin.

sh     parsed by bash and by shellcheck; commands are known here, our programs get options that they
       have, scripts are in the repository, targets in the Makefile; no ellipsis, no placeholder in
       angle brackets, and prose only as a comment
json   parsed, without a field twice; a state is valid for `ipvs-agent check`
yaml   parsed
ini    sections with assignments, as in systemd's files
conf   lines of the options file, valid for `ipvs-agent`
text   output of programs

Files of examples are whole blocks: YAML, units and drop-ins. Prose has at most 90 columns.
"""
import functools
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.argv[1])
COLUMNS = 90

# Commands in the documents that are not ours. They need not be installed where this runs.
KNOWN = set("""
apt-get cd chmod cp crun curl dnf echo editor etcdctl find git grep id install ip ip6tables-restore
ip6tables-save ipset iptables iptables-restore iptables-save ipvsadm ipvsadm-save journalctl jq kubeadm
kubectl make mkdir modprobe mv nft read reboot rm sh ssh sysctl systemctl systemd-analyze systemd-sysusers tar
tee uname valgrind xargs cat wg modinfo hostname sed
""".split())
KEYWORDS = {"if", "then", "else", "do", "while", "until", "!", "{", "}", "time"}
# Another command follows these.
PREFIXES = {"sudo", "exec", "command"}
OURS = {"ipvs-agent", "ipvs-preflight"}
# Findings that are right for a block and wrong for a script, such as a variable from an earlier block.
SHELLCHECK_EXCEPT = "SC2034,SC2154,SC2164,SC1091,SC2103"
# How the blocks of manual pages begin.
MANUAL = [("json", r'[{"]'), ("text", r"\[preflight\]|\S+\.(json|conf):\d"), ("conf", r"#|[a-z-]+ = "),
          ("sh", r"[a-z-]+( |$)")]

failures = 0
checked = {}


def fail(place, text):
    global failures
    failures += 1
    print(f"{place}: {text}")


def blocks_of(path):
    """The line, the language and the lines of each block."""
    language = start = None
    lines = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        fence = re.match(r"( *)```(.*)", line)
        if fence and start is None:
            start, language, lines, margin = number, fence.group(2).strip(), [], len(fence.group(1))
        elif fence:
            yield start, language, lines
            start = None
        elif start is not None:
            lines.append(line[margin:] if not line[:margin].strip() else line)
    if start is not None:
        fail(f"{path}:{start}", "the block has no end")


def check_prose(path):
    """Lines that are too long, and blocks that are indented where they should be fenced."""
    fenced, before, inside_list = False, "", False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        place = f"{path}:{number}"
        if line.lstrip().startswith("```"):
            fenced = not fenced
        elif not fenced:
            inside_list = bool(re.match(r" *([-*]|\d+\.) ", line)) or inside_list and (not line or line[0] == " ")
            long = len(line.expandtabs(8)) > COLUMNS
            if long and not line.startswith("|") and not re.match(r"\S+$", line.strip()):
                fail(place, f"more than {COLUMNS} columns")
            if path.suffix == ".md" and not before and re.match(r" {4}\S", line) and not inside_list:
                fail(place, "an indented block: fence it, with its language")
        before = line


def uncommented(lines):
    """The lines of a shell block without comments and here documents; continued lines are joined."""
    text = "\n".join(re.sub(r"(^|\s)#.*", "", line) for line in lines)
    text = re.sub(r"<<-?'?(\w+)'?(.*)\n(?:.*\n)*?\s*\1$", r"\2", text, flags=re.M)
    return re.sub(r"\\\n\s*", " ", text).splitlines()


@functools.cache
def make_targets():
    text = (TOP / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z-]+)(?= |:)[^=\n]*:", text, re.M))
    for line in re.findall(r"^\.PHONY:(.*)", text, re.M):
        targets.update(line.split())
    return targets | {"deb", "rpm", "static", "bundle", "image"} & set(re.findall(r"[a-z]+", text))


@functools.cache
def options_of(*command):
    """The names of its options, or None if there is no such command."""
    run = subprocess.run([PROGRAMS / command[0], *command[1:], "--help"], stdout=subprocess.PIPE,
                         stderr=subprocess.DEVNULL, text=True, check=False)
    return set(re.findall(r"--[a-z-]+", run.stdout)) if run.returncode == 0 else None


def check_ours(place, words):
    command = words[:1]
    if words[0] == "ipvs-agent" and len(words) > 1 and not words[1].startswith("-"):
        command = words[:2]
    known = options_of(*command)
    if known is None:
        fail(place, f"'{' '.join(command)}' is no command")
        return
    for word in words[len(command):]:
        if word == "--":
            return
        option = re.match(r"--[a-z-]+", word)
        if option and option.group() not in known:
            fail(place, f"'{' '.join(command)}' has no option {option.group()}")


@functools.cache
def case_functions():
    """The functions that a case of the guests may call."""
    texts = [path.read_text() for path in (TOP / "tests/vm/guest").glob("*.sh")]
    return {name for text in texts for name in re.findall(r"^(\w+)\(\)", text, re.M)}


def is_script(name):
    folders = [TOP, *(TOP / "examples").glob("*/"), TOP / "examples"]
    return any((folder / name).is_file() for folder in folders)


def check_simple_command(place, words):
    while words and (words[0] in KEYWORDS | PREFIXES or re.match(r"[A-Za-z_]+=", words[0])):
        words = words[1:]
    if not words:
        return
    name = words[0].rsplit("/", 1)[-1]
    if name in OURS:
        check_ours(place, [name, *words[1:]])
    elif words[0].startswith("/"):
        if name not in KNOWN and not is_script(name):
            fail(place, f"{words[0]} is not known, and no file of the repository has that name")
    elif "/" in words[0]:
        if not words[0].startswith("build/") and not is_script(words[0]):
            fail(place, f"{words[0]} is not in the repository")
    elif name == "make":
        for target in (word for word in words[1:] if not re.search(r"[=/]|^-", word)):
            if target not in make_targets():
                fail(place, f"the Makefile has no target {target}")
    elif name not in KNOWN | case_functions():
        fail(place, f"'{name}' is no known command; add a new one to KNOWN in {Path(__file__).name}")


def simple_commands(line):
    """The words of each, without redirections. A command within $() is one of its own."""
    inner = re.findall(r"\$\(([^()]*)\)", line)
    line = re.sub(r"\$\([^()]*\)", "SUBSTITUTED", line)
    line = re.sub(r"^\s*\w+\(\)", "", line)
    for part in [*inner, *re.split(r"&&|\|\||[;|&()]", line)]:
        yield re.sub(r"\d?[<>]+&?\s*\S+", "", part).replace('"', "").split()


def check_sh(place, lines, scripts):
    text = "\n".join(lines) + "\n"
    run = subprocess.run(["bash", "-n"], input=text, text=True, stderr=subprocess.PIPE, check=False)
    if run.returncode:
        fail(place, run.stderr.strip())
        return
    scripts.append((place, text))
    for line in uncommented(lines):
        if re.search(r"…|\.\.\.", line):
            fail(place, f"an ellipsis cannot be pasted: {line.strip()}")
        if re.search(r"<[a-z-]+>", line):
            fail(place, f"a placeholder cannot be pasted: {line.strip()}")
        if re.search(r"\S {3,}\S", line):
            fail(place, f"text that is not part of the command needs a #: {line.strip()}")
        # Quoted text can have any character, and is not a command.
        line = re.sub(r"'[^']*'|\"(?:\\.|[^\"$\\])*\"", "QUOTED", line)
        for command in simple_commands(line):
            check_simple_command(place, command)


def check_with_shellcheck(scripts):
    if not shutil.which("shellcheck"):
        sys.exit("blocks.py: no shellcheck")
    with tempfile.TemporaryDirectory() as folder:
        places = {}
        for i, (place, text) in enumerate(scripts):
            file = Path(folder) / f"{i}.sh"
            file.write_text(text)
            places[str(file)] = place
        run = subprocess.run(["shellcheck", "--shell=bash", "--format=json", "--exclude", SHELLCHECK_EXCEPT,
                              *places], stdout=subprocess.PIPE, text=True, check=False)
        for found in json.loads(run.stdout):
            fail(places[found["file"]], f"shellcheck: {found['message']} (SC{found['code']}, line {found['line']})")


def without_repetition(pairs):
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError(f"a field is there twice in {names}")
    return dict(pairs)


def check_json(place, lines, whole):
    text = "\n".join(lines)
    # A manual page may show a member of an object without the object.
    if not whole and not text.lstrip().startswith("{"):
        text = "{" + text + "}"
    try:
        value = json.loads(text, object_pairs_hook=without_repetition)
    except ValueError as error:
        fail(place, f"not JSON: {error}")
        return
    if "services" in value or "kind" in value:
        with tempfile.NamedTemporaryFile("w", suffix=".json") as state:
            state.write(text)
            state.flush()
            run = subprocess.run([PROGRAMS / "ipvs-agent", "check", state.name], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, check=False)
        if run.returncode:
            fail(place, f"not a state: {run.stdout.strip()}")


def check_yaml(place, lines):
    try:
        list(yaml.safe_load_all("\n".join(lines)))
    except yaml.YAMLError as error:
        fail(place, f"not YAML: {error}")


def check_ini(place, lines):
    section, text = None, "\n".join(lines)
    for line in re.sub(r"\\\n\s*", " ", text).splitlines():
        if not line.strip() or line.startswith(("#", ";")):
            continue
        if re.fullmatch(r"\[[A-Z][A-Za-z]*\]", line):
            section = line
            continue
        found = re.fullmatch(r"([A-Z][A-Za-z]*)=(.*)", line)
        if not found or not section:
            fail(place, f"neither a section nor an assignment in one: {line}")
        elif found.group(1).startswith("Exec") and found.group(2):
            check_simple_command(place, found.group(2).split())


def check_conf(place, lines):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as options:
        options.write("\n".join(lines) + "\n")
        options.flush()
        run = subprocess.run([PROGRAMS / "ipvs-agent", "check", "--config", options.name, TOP / "examples/demo.json"],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if run.returncode:
        fail(place, f"not an options file: {run.stdout.strip()}")


def language_of(place, path, language, lines):
    if path.suffix == ".scd":
        first = next((line.strip() for line in lines if line.strip()), "")
        language = next((name for name, start in MANUAL if re.match(start, first)), "")
    if language not in ("sh", "json", "yaml", "ini", "conf", "text"):
        fail(place, f"the language of the block is '{language}', which is not known" if language
             else "the block has no language")
        return None
    return language


def check(path, scripts):
    whole = {".yaml": check_yaml, ".service": check_ini, ".timer": check_ini, ".conf": check_ini}
    if path.name == "agent.conf":
        check_conf(path, path.read_text().splitlines())
        return
    if path.suffix in whole:
        whole[path.suffix](path, path.read_text().splitlines())
        return
    check_prose(path)
    for number, language, lines in blocks_of(path):
        place = f"{path}:{number}"
        language = language_of(place, path, language, lines)
        if not language:
            continue
        checked[language] = checked.get(language, 0) + 1
        if language == "sh":
            check_sh(place, lines, scripts)
        elif language == "json":
            check_json(place, lines, path.suffix == ".md")
        elif language == "yaml":
            check_yaml(place, lines)
        elif language == "ini":
            check_ini(place, lines)
        elif language == "conf":
            check_conf(place, lines)


def main():
    scripts = []
    for name in sys.argv[2:]:
        check(Path(name), scripts)
    if scripts:
        check_with_shellcheck(scripts)
    print(", ".join(f"{count} {language}" for language, count in sorted(checked.items())), f"and {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
