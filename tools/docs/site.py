"""What mkdocs needs beside mkdocs.yml to build the documentation as a site: ./dev docs --site

The site has the directories of the project, so the links of a page on GitHub and on the site are the same. README.md is its first
page. Files outside docs/ that a page links to are copied; a directory that a page links to becomes a page that lists its files.
The groups of the navigation are in mkdocs.yml; decisions, and pages that no group names, are added here."""
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "docs"))
import links as markdown  # noqa: E402  (the reader of links that the tests use)

FIRST = "README.md"
MARK = ".written-by-site.py"  # files whose names begin with a point are not part of a site


def local(target):
    """The path that a link means, without its anchor, or None for an address of the network or the page itself."""
    name = markdown.unquote(target).partition("#")[0]
    return None if not name or re.match(r"[a-z][a-z0-9+.-]*:", target) else name


def below(directory):
    """The files of a directory that belong to the project, as git sees them or, in an unpacked archive, as they lie there."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z", "."], cwd=directory,
                            capture_output=True, check=False)
    if listed.returncode == 0:
        files = [directory / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    else:
        files = [path for path in directory.rglob("*") if not {"node_modules", "dist", "__pycache__"} & set(path.parts)]
    return sorted(path for path in files if path.is_file())


def heading(page):
    """The first heading of a page, without Markdown's marks."""
    match = re.search(r"^# (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return match.group(1).replace("`", "") if match else page.stem


def with_blank_lines_before_lists(text):
    """GitHub begins a list without an empty line before it, Python's Markdown does not."""
    lines, fence, before = [], False, ""
    for line in text.split("\n"):
        if line.startswith("```"):
            fence = not fence
        item = r"(?:[-*]|\d+\.) "
        if not fence and re.match(item, line) and before.strip() and not re.match(rf"{item}|\s|#", before):
            # The lines below an item belong to it, if they are indented; all others are a paragraph.
            lines.append("")
        lines.append(line)
        before = line
    return "\n".join(lines)


class Source:
    """The directory that mkdocs reads."""

    def __init__(self, directory):
        self.directory = directory
        self.seen = set()
        self.listings = {}

    def add(self, path):
        """Copies a file and what it links to; a directory becomes a list of its files."""
        waiting = [path]
        while waiting:
            path = waiting.pop()
            if path in self.seen:
                continue
            self.seen.add(path)
            waiting += self.list(path) if path.is_dir() else self.copy(path)

    def copy(self, path):
        target = self.directory / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix != ".md":
            shutil.copyfile(path, target)
            return []
        found = []

        def rewritten(match):
            """A link to a directory becomes one to the page of the directory."""
            name = local(match.group(1))
            if name is None:
                return match.group(0)
            linked = (path.parent / name).resolve()
            found.append(linked)
            if not linked.is_dir():
                return match.group(0)
            start = match.start(1) - match.start(0)
            page = name.rstrip("/") + ("/README.md" if (linked / FIRST).is_file() else "/index.md")
            return match.group(0)[:start] + page + match.group(0)[start + len(match.group(1)):]

        text = path.read_text(encoding="utf-8")
        visible = set(markdown.links(text))
        text = markdown.LINK.sub(lambda match: rewritten(match) if match.group(1) in visible else match.group(0), text)
        target.write_text(with_blank_lines_before_lists(text), encoding="utf-8")
        return found

    def list(self, directory):
        """The page of a directory: its README.md, or a list of its files."""
        files = below(directory)
        if not (directory / FIRST).is_file():
            name = directory.relative_to(ROOT)
            if directory == ROOT / "docs" / "adr":
                lines = [f"- [{heading(path)}]({path.name})" for path in files]
                title = "Decisions"
            else:
                lines = [f"- [{path.relative_to(directory)}]({path.relative_to(directory)})" for path in files]
                title = str(name)
            target = self.directory / name / "index.md"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(f"# {title}\n\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return files


def named(navigation):
    """All pages that the navigation names."""
    for entry in navigation:
        for value in entry.values() if isinstance(entry, dict) else [entry]:
            yield from named(value) if isinstance(value, list) else [value]


def on_config(config):
    """mkdocs calls this when it has read mkdocs.yml: collects the pages, and completes the navigation."""
    directory = pathlib.Path(config["docs_dir"])
    present = list(directory.iterdir())
    if present and not (directory / MARK).exists():
        raise SystemExit(f"{directory} has files that this program did not write; docs_dir in mkdocs.yml must be a directory of its own")
    for entry in present:
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    (directory / MARK).touch()
    source = Source(directory)
    pages = sorted((ROOT / "docs").rglob("*.md"))
    for path in (ROOT / FIRST, ROOT / "docs" / "adr", ROOT / "docs" / "site.css", *pages):
        source.add(path)
    # GitHub's anchors, so that links to headings are right on both.
    config["mdx_configs"]["toc"]["slugify"] = lambda heading, separator: markdown.slug(heading)
    decisions = [f"docs/adr/{path.name}" for path in below(ROOT / "docs" / "adr")]
    config["nav"].append({"Decisions": ["docs/adr/index.md", *decisions]})
    known = set(named(config["nav"]))
    others = [str(path.relative_to(ROOT)) for path in pages if str(path.relative_to(ROOT)) not in known]
    if others:
        config["nav"].append({"Other pages": others})
    return config
