# SPDX-License-Identifier: GPL-2.0-or-later
"""The manual pages against the programs:

    manuals.py FOLDER-OF-PROGRAMS

What --help of a program or command names, with the names of arguments, its page describes, and the
reverse; the synopsis of each command has its options; the exit statuses are there; ipvs-preflight(8) has
the name of every check, ipvs-node-state(5) every field of the schema, and ipvs-agent.conf(5) every option
of the options file.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.argv[1])
# What every command has, and no synopsis repeats.
EVERYWHERE = {"--help", "--version"}

failures = 0


def expect_same(what, wanted, found, wanted_by, found_by):
    global failures
    for item in sorted(set(wanted) - set(found)):
        failures += 1
        print(f"{what}: {item} is in {wanted_by}, not in {found_by}")
    for item in sorted(set(found) - set(wanted)):
        failures += 1
        print(f"{what}: {item} is in {found_by}, not in {wanted_by}")


def help_of(program, *command):
    run = subprocess.run([PROGRAMS / program, *command, "--help"], stdout=subprocess.PIPE, text=True, check=True)
    return run.stdout


def options_of(text):
    """Of a help: "--state=PATH", "--wait[=TIME]", "--check", however a line parts name and argument."""
    argument = r"[A-Z]+(?:\[,[A-Z]+\]…)?|[a-z]+(?:\|[a-z]+)+"
    options = set()
    for line in re.findall(r"^  (--\S.*)", text, re.M):
        for part in re.split(r", (?=--)", line):
            name, optional, given = re.match(rf"(--[a-z-]+)(?:(\[=|=| )({argument})(?=\W|$))?", part).groups()
            options.add(name + ("" if not given else f"[={given}]" if optional == "[=" else f"={given}"))
    return options


def plain(text):
    """scdoc's text without its marks, and with the points of a help."""
    return re.sub(r"(?<!\\)[*_]|\\", "", text).replace("...", "…")


class Page:
    def __init__(self, name):
        self.name = name
        text = (TOP / f"packaging/man/{name}.scd").read_text()
        parts = re.split(r"^# (.*)\n", text, flags=re.M)
        if len(set(parts[1::2])) < len(parts[1::2]):
            sys.exit(f"{name}: a section stands twice")
        self.sections = dict(zip(parts[1::2], parts[2::2]))

    def entries(self, section):
        """The words that stand above an indented paragraph."""
        lines = re.findall(r"^([*_].*)\n\t", self.sections[section], re.M)
        return [plain(entry) for line in lines for entry in line.split(", ")]

    def options(self):
        return {entry for entry in self.entries("OPTIONS") if entry.startswith("--")}


def synopsis_options(text):
    """The options of a piece of a synopsis: [--adopt=WHICH], [--check], --link=NAME or …"""
    return {re.match(r"--[a-z-]+", word).group() for word in re.findall(r"--[a-z-]+", text)}


def check_agent():
    page = Page("ipvs-agent.8")
    paragraphs = re.split(r"\n\n+", plain(page.sections["SYNOPSIS"]))
    synopsis = "\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)
    groups = dict(re.findall(r"^([A-Z]+) is (.*)", synopsis, re.M))
    common = synopsis_options(re.search(r"^Each with (.*)", synopsis, re.M).group(1))
    lines = dict(re.findall(r"^ipvs-agent (\w+)(.*)", synopsis, re.M))

    summary = help_of("ipvs-agent")
    commands = re.findall(r"^  ([a-z]+) ", summary.split("Commands:")[1], re.M)
    expect_same("commands", commands, page.entries("COMMANDS"), "--help", page.name)
    expect_same("commands", commands, lines, "--help", "the synopsis")

    options = options_of(summary)
    for command in commands:
        text = help_of("ipvs-agent", command)
        options |= options_of(text)
        names = {re.match(r"--[a-z-]+", option).group() for option in options_of(text)}
        line = lines.get(command, "")
        mentioned = synopsis_options(line) | common | EVERYWHERE
        for group in re.findall(r"\[([A-Z]+)\]", line):
            mentioned |= synopsis_options(groups.get(group, ""))
        expect_same(command, names, mentioned, "--help", "the synopsis")
        operands = ["PATH"] * ("[PATH]" in text.splitlines()[0])
        expect_same(command, operands, ["PATH"] * ("[PATH]" in line), "the usage", "the synopsis")
    expect_same("options", options, page.options(), "--help", page.name)

    statuses = re.search(r"enum exit_status \{(.*?)\}", (TOP / "agent/cli/commands.h").read_text(), re.S).group(1)
    expect_same("exit status", re.findall(r"= (\d)", statuses), page.entries("EXIT STATUS"), "commands.h", page.name)


def check_options_file():
    """ipvs-agent.conf(5) has the names that the shipped file has, which a unit test holds to the table."""
    page = Page("ipvs-agent.conf.5")
    shipped = re.findall(r"^#([a-z-]+)(?: = .*)?$", (TOP / "packaging/agent.conf").read_text(), re.M)
    text = page.sections["OPTIONS"]
    lists = re.findall(r"^Of (?:the agent|the preflight|both): (.*?)\.$", text, re.M | re.S)
    described = [name for part in lists for name in re.findall(r"\*([a-z-]+)\*", part)]
    expect_same("options", shipped, described, "packaging/agent.conf", page.name)
    repeated = re.search(r"^(\*[^:]*?) may be repeated", text, re.M | re.S).group(1)
    several = [
        name
        for help_text, name in re.findall(r"^((?:# .*\n)+)#([a-z-]+)", (TOP / "packaging/agent.conf").read_text(), re.M)
        if "several times" in " ".join(help_text.replace("#", " ").split())
    ]
    expect_same("repeated options", several, re.findall(r"\*([a-z-]+)\*", repeated), "packaging/agent.conf", page.name)


def check_preflight():
    page = Page("ipvs-preflight.8")
    text = help_of("ipvs-preflight")
    options = options_of(text)
    expect_same("options", options, page.options(), "--help", page.name)
    names = {re.match(r"--[a-z-]+", option).group() for option in options} - EVERYWHERE
    expect_same("options", names, synopsis_options(plain(page.sections["SYNOPSIS"])), "--help", "the synopsis")
    statuses = re.findall(r"(?:: |, )(\d) ", re.search(r"^Exit status.*", text, re.M).group())
    expect_same("exit status", statuses, page.entries("EXIT STATUS"), "--help", page.name)
    checks = re.findall(r'"([A-Z][A-Za-z]+-?)"', (TOP / "preflight/checks.c").read_text())
    described = [re.sub(r"-MODULE$", "-", entry) for entry in page.entries("CHECKS")]
    expect_same("checks", checks, described, "checks.c", page.name)


def fields_of(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "properties":
                yield from value
            yield from fields_of(value)
    elif isinstance(node, list):
        for value in node:
            yield from fields_of(value)


def check_state():
    page = Page("ipvs-node-state.5")
    schema = json.loads((TOP / "packaging/schema/state.schema.json").read_text())
    fields = set(fields_of(schema))
    described = set()
    for section in ("THE TOP LEVEL", "SERVICES", "DESTINATIONS", "GLOBAL VALUES"):
        lines = re.findall(r"^(\t*)((?:\*\w+\*(?:, )?)+)\n\1\t", page.sections[section], re.M)
        described |= {field for _, line in lines for field in re.findall(r"\w+", line)}
    # Those of timeouts are described in its own paragraph.
    described |= fields & set(re.findall(r"\*(tcp\w*|udp)\*", page.sections["GLOBAL VALUES"]))
    expect_same("fields", fields, described, "the schema", page.name)


check_agent()
check_options_file()
check_preflight()
check_state()
print(f"{failures} failures")
sys.exit(1 if failures else 0)
