"""Commands in the indented blocks of a page, and whether what they print has the lines that the page shows. Standard library alone.

    $ winnow version                  a command; it goes on in the next line after a backslash, within quotes, and to the end of <<END
    winnow 0.1.0                      what it prints, or a part of it

A block whose first line does not begin with "$ " is for the reader alone, such as the commands for data of one's own. The lines that a
page shows are an excerpt: they are printed in this order, and others may be printed between them. Words are equal, numbers may differ,
and "..." within a line stands for anything.
"""
import dataclasses
import os
import re
import subprocess

# A number such as 5, 1,567, .98 or 1e-5, or an ID of hexadecimal digits.
NUMBER = re.compile(r"\b(?=[0-9a-f]*[0-9])(?=[0-9a-f]*[a-f])[0-9a-f]{12,64}\b|[-+]?(?:\d[\d,]*)?\.?\d+(?:e[-+]?\d+)?")


@dataclasses.dataclass
class Command:
    text: str
    line: int
    shown: list = dataclasses.field(default_factory=list)


def blocks_of(text):
    """The indented blocks of a page: (number of the first line, lines without the indentation). Fenced blocks are left out."""
    blocks = []
    fenced = inside = False
    for number, line in enumerate(text.splitlines(), 1):
        fenced ^= line.startswith("```")
        if not fenced and line.startswith("    "):
            if not inside:
                blocks.append((number, []))
            inside = True
            blocks[-1][1].append(line[4:])
        elif line.strip() or fenced:
            inside = False
        elif inside:
            blocks[-1][1].append("")
    return blocks


def goes_on(command):
    """Whether the next line belongs to a command, too."""
    if here := re.search(r"<<'?(\w+)'?", command):
        return command.splitlines()[-1] != here[1]
    if command.endswith("\\"):
        return True
    # A quotation may contain a substitution with quotes of its own, so the shell is asked.
    done = subprocess.run(["bash", "-n", "-c", command], capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"}, check=False)
    return "unexpected EOF" in done.stderr or "unexpected end of file" in done.stderr


def commands_of(page):
    """The commands of a page in their order."""
    commands = []
    for first, lines in blocks_of(page.read_text(encoding="utf-8")):
        if not lines[0].startswith("$ "):
            continue
        more = False
        for number, line in enumerate(lines, first):
            if more:
                commands[-1].text += "\n" + line
            elif line.startswith("$ "):
                commands.append(Command(line[2:], number))
            elif line.strip():
                commands[-1].shown.append(line)
                continue
            more = number < first + len(lines) - 1 and goes_on(commands[-1].text)
    return commands


def masked(line):
    """A line without what may differ: its numbers, and how wide its columns are."""
    return " ".join(NUMBER.sub("#", line).split())


def first_missing(shown, printed):
    """The first shown line that is not printed after those before it, or None."""
    lines = [masked(line) for line in re.split(r"[\r\n]", printed)]
    at = 0
    for line in shown:
        wanted = re.compile(".*".join(re.escape(part.strip()) for part in masked(line).split("...")), re.S)
        found = next((i for i in range(at, len(lines)) if wanted.fullmatch(lines[i])), None)
        if found is None:
            return line
        at = found + 1
    return None
