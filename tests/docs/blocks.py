"""Code blocks of a page, run in their order, and their printed output compared with what the page shows. Standard library alone.

    ```python today fit.py            a program of the tool that is migrated from, in a file of this name
    ```sh takeover                    commands of Winnow that read what a block "today" has written
    ```js winnow classify.mjs         what else Winnow's side does
    ```sh serve                       a server, which runs until all blocks have
    ```python file compare.py         a file that other blocks use
    ```text                           directly after a block: what it prints on standard output

Blocks of other kinds are for the reader alone.
"""
import dataclasses
import re
import subprocess
import time

SIDES = ("file", "serve", "today", "takeover", "winnow")
FENCE = re.compile(r"^```(\w*)(?: (\w+))?(?: (\S+))?\n(.*?)^```$", re.M | re.S)
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")


@dataclasses.dataclass
class Block:
    language: str
    side: str
    file: str
    code: str
    output: str = ""
    line: int = 0


def blocks_of(page):
    """The blocks of a page that are run, each with the output that the page shows."""
    text = page.read_text(encoding="utf-8")
    blocks = []
    last_end = None
    for match in FENCE.finditer(text):
        language, side, file, code = match.groups()
        if side in SIDES:
            blocks.append(Block(language, side, file or "", code, line=text.count("\n", 0, match.start()) + 1))
            last_end = match.end()
        elif language == "text" and last_end is not None and not text[last_end:match.start()].strip():
            blocks[-1].output = code
            last_end = None
        else:
            last_end = None
    return blocks


def differences(shown, printed):
    """How `printed` differs from what a page shows; empty if it does not. A line of the page that is "..." stands for any lines. Words are
    equal; numbers differ by at most 0.1 or a twentieth, and those with an exponent, which are tiny differences, are at most a hundred times those
    of the page."""
    lines = [line.split() for line in printed.splitlines() if line.strip()]
    at = 0
    skipping = False
    for line in shown.splitlines():
        wanted = line.split()
        if not wanted:
            continue
        if wanted == ["..."]:
            skipping = True
            continue
        candidates = range(at, len(lines)) if skipping else range(at, min(at + 1, len(lines)))
        found = next((i for i in candidates if same_words(wanted, lines[i])), None)
        if found is None:
            return f"the page shows  {line}\n  printed was     {' '.join(lines[at]) if at < len(lines) else '(no more lines)'}"
        at = found + 1
        skipping = False
    return "" if skipping or at == len(lines) else f"the page does not show  {' '.join(lines[at])}"


def same_words(wanted, found):
    return len(wanted) == len(found) and all(same_word(a, b) for a, b in zip(wanted, found))


def same_word(wanted, found):
    if NUMBER.split(wanted) != NUMBER.split(found):
        return False
    for a, b in zip(NUMBER.findall(wanted), NUMBER.findall(found)):
        x, y = float(a), float(b)
        if "e" in a:
            if abs(y) > 100 * abs(x):
                return False
        elif abs(x - y) > max(.1, abs(x) / 20):
            return False
    return True


def run(block, directory, commands, environment, show=False, execute=subprocess.run):
    """Runs a block in a directory. `commands`: the command of each language. Returns what fails or differs from the page. `show`: print what
    the block prints, and compare nothing. `execute`: what runs the command, in place of subprocess.run."""
    suffix = {"python": "py", "js": "mjs", "sh": "sh"}[block.language]
    file = directory / (block.file or f"block-{block.line}.{suffix}")
    file.write_text(block.code, encoding="utf-8")
    began = time.monotonic()
    done = execute([*commands[block.language], file.name], cwd=directory, env=environment, capture_output=True, text=True,
                   timeout=500, check=False)
    print(f"  line {block.line}: {block.side} {file.name}, {time.monotonic() - began:.1f} s", flush=True)
    if done.returncode != 0:
        return f"exit status {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    if show:
        print(done.stdout, end="", flush=True)
        return ""
    return differences(block.output, done.stdout) if block.output else ""
