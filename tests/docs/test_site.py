"""The documentation as a site: it is built without warnings, every link of it leads somewhere, and no page loads anything from
another host. Skipped where mkdocs with its theme is not installed."""
import html.parser
import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
LOADS = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("object", "data")}
NOT_LOADED = {"canonical", "prev", "next", "alternate"}


class Page(html.parser.HTMLParser):
    """Links, loaded files, anchors and the text of the paragraphs of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.loads, self.anchors, self.paragraphs, self.menu = [], [], set(), [], set()
        self.in_paragraph = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.anchors |= {values[name] for name in ("id", "name") if values.get(name)}
        if tag == "a" and values.get("href"):
            self.links.append(values["href"])
            if "md-nav__link" in values.get("class", ""):
                self.menu.add(values["href"])
        for name in ("src", "href", "data"):
            if (tag, name) in LOADS and values.get(name) and values.get("rel") not in NOT_LOADED:
                self.loads.append(values[name])
        if tag == "p":
            self.in_paragraph = True
            self.paragraphs.append("")

    def handle_endtag(self, tag):
        self.in_paragraph = self.in_paragraph and tag != "p"

    def handle_data(self, data):
        if self.in_paragraph:
            self.paragraphs[-1] += data


def foreign(text):
    """What a style sheet, or a page's style, loads from another host."""
    return re.findall(r"(?:url\(\s*[\"']?|@import\s+[\"'])((?:https?:)?//[^\"')]+)", text)


def problems(site):
    """What is wrong with the links of a site and with what it loads, one line each."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    wrong = []
    for path, page in pages.items():
        name = path.relative_to(site)
        for address in page.loads:
            if urlsplit(address).netloc:
                wrong.append(f"{name}: loads {address}")
        wrong += [f"{name}: loads {address}" for address in foreign(path.read_text(encoding="utf-8"))]
        for text in page.paragraphs:
            if re.search(r"\n(?:[-*]|\d+\.) ", text):
                wrong.append(f"{name}: a list is not shown as a list: {text[:60]}")
        for address in {*page.links, *page.loads}:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or name.name == "404.html":
                continue  # an address of the network; 404.html is shown for any address, and is tied to the site's root
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            if not target.is_file():
                wrong.append(f"{name}: {address}: there is no such file")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                wrong.append(f"{name}: {address}: the page has no such heading")
    for path in sorted(site.rglob("*.css")):
        wrong += [f"{path.relative_to(site)}: loads {address}" for address in foreign(path.read_text(encoding="utf-8"))]
    return wrong


class SiteTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.directory.cleanup)
        cls.site = Path(cls.directory.name) / "site"
        source = Path(cls.directory.name) / "source"
        source.mkdir()
        # The configuration of the project with directories of its own, so that a site in build/ is left alone.
        settings = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
        settings = settings.replace("docs_dir: build/site-source", f"docs_dir: {source}")
        settings = settings.replace("site_dir: build/site", f"site_dir: {cls.site}")
        settings = settings.replace("[tools/docs/site.py]", f"[{ROOT / 'tools' / 'docs' / 'site.py'}]")
        file = Path(cls.directory.name) / "mkdocs.yml"
        file.write_text(settings, encoding="utf-8")
        done = subprocess.run(["mkdocs", "build", "--strict", "--config-file", str(file)], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"mkdocs failed:\n{done.stdout}{done.stderr}")

    def test_links_lead_somewhere_and_nothing_is_loaded_from_elsewhere(self):
        self.assertGreater(len(list(self.site.rglob("*.html"))), 100)
        wrong = problems(self.site)
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))

    def test_the_menu_has_all_pages(self):
        menu = {(self.site / unquote(urlsplit(link).path)).resolve() for link in Page((self.site / "index.html").read_text(encoding="utf-8")).menu}
        for page in sorted((ROOT / "docs").rglob("*.md")):
            name = page.relative_to(ROOT).with_suffix(".html")
            target = self.site / (name.with_name("index.html") if page.name == "README.md" else name)
            self.assertIn(target.resolve(), menu, f"{page.name} cannot be reached from the menu")

    def test_the_search_finds_words_of_all_parts(self):
        index = json.loads((self.site / "search" / "search_index.json").read_text(encoding="utf-8"))
        for word, page in (("--max-fpr", "docs/cli.html"), ("McNemar", "docs/retraining.html"), ("spam", "index.html")):
            self.assertTrue(any(entry["location"].startswith(page) and word in entry["text"] for entry in index["docs"]), (word, page))

    def test_mistakes_are_found(self):
        with tempfile.TemporaryDirectory() as directory:
            site = Path(directory)
            (site / "a.html").write_text("<p>List:\n- one</p><a href='b.html#x'></a><a href='c.html'></a><h1 id='y'></h1><a href='#y'></a>"
                                         "<script src='https://cdn.example/x.js'></script><img src='//cdn.example/x.png'>"
                                         "<a href='https://example.com'></a>", encoding="utf-8")
            (site / "b.html").write_text("<h1 id='z'></h1><a href='a.html#y'></a>", encoding="utf-8")
            (site / "s.css").write_text("@font-face { src: url(https://fonts.example/a.woff) } a { background: url(data:x) }", encoding="utf-8")
            found = problems(site)
        self.assertEqual(len(found), 6, found)


if __name__ == "__main__":
    if not shutil.which("mkdocs"):
        print("skipped: mkdocs is not installed (Debian's package mkdocs-material)")
        sys.exit(77)
    unittest.main()
