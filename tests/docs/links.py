"""Links and anchors of Markdown files, as GitHub shows them."""
import re
from pathlib import Path
from urllib.parse import unquote

LINK = re.compile(r"!?\[(?:[^\]\\]|\\.)*\]\(([^()\s]+(?:\([^()]*\))?)(?:\s+\"[^\"]*\")?\)")
HTML_ANCHOR = re.compile(r"<a (?:name|id)=\"([^\"]+)\"")


def prose(text):
    """The text without code: fenced blocks, blocks that are indented after an empty line, and code spans."""
    lines, fence, was_empty, in_block = [], "", True, False
    for line in text.split("\n"):
        mark = re.match(r"\s*(```+|~~~+)", line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark.group(1)
            lines.append("")
            continue
        in_block = line.startswith("    ") and (was_empty or in_block)
        lines.append("" if fence or in_block else line)
        was_empty = not line.strip()
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", "\n".join(lines))


def links(text):
    """The targets of all links and pictures of a page."""
    return [match.group(1) for match in LINK.finditer(prose(text))]


def slug(heading):
    """The anchor that GitHub gives a heading."""
    words = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", words.strip().lower()).replace(" ", "-")


def anchors(text):
    """All anchors of a page; a heading that occurs again gets a number."""
    found, fence = set(HTML_ANCHOR.findall(text)), False
    for line in text.split("\n"):
        if line.startswith("```"):
            fence = not fence
        heading = re.match(r"#{1,6}\s+(.*?)\s*#*$", line)
        if heading and not fence:
            name, number = slug(heading.group(1)), 0
            while (f"{name}-{number}" if number else name) in found:
                number += 1
            found.add(f"{name}-{number}" if number else name)
    return found


def broken(page, root):
    """What is wrong with the relative links of a page, one line each."""
    wrong = []
    for target in links(page.read_text(encoding="utf-8")):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue  # an address of the network
        name, _, anchor = unquote(target).partition("#")
        path = (page.parent / name).resolve() if name else page.resolve()
        if not path.exists():
            wrong.append(f"{page.relative_to(root)}: {target}: there is no such file")
        elif root.resolve() not in (path, *path.parents):
            wrong.append(f"{page.relative_to(root)}: {target}: leads out of the project")
        elif anchor and path.suffix == ".md" and anchor not in anchors(path.read_text(encoding="utf-8")):
            wrong.append(f"{page.relative_to(root)}: {target}: the page has no such heading")
    return wrong


def pages(root):
    """All Markdown files of the project, without those of builds and of other projects."""
    foreign = {"build", "node_modules", "dist", "third_party"}
    return sorted(path for path in Path(root).rglob("*.md")
                  if not any(part in foreign or part.startswith(".") for part in path.relative_to(root).parts))
