"""Relative links and anchors of all Markdown files resolve. Nothing is asked over the network."""
import tempfile
import unittest
from pathlib import Path

import links

ROOT = Path(__file__).resolve().parents[2]

PAGE = """# One page
## What *is* `read`, and why?
## Twice
## Twice
[right](#what-is-read-and-why) [right](#twice-1) [right](other.md#part) [right](https://example.com/x#y) ![right](other.md)
[wrong](#twice-2) [wrong](missing.md) [wrong](other.md#parts)

    [code](missing.md)

```text
# no heading
[code](missing.md)
```
A span `[code](missing.md)` is no link.
"""


class LinksTest(unittest.TestCase):
    def test_wrong_links_are_found_and_right_ones_are_not(self):
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory)
            (root / "page.md").write_text(PAGE, encoding="utf-8")
            (root / "other.md").write_text("# Other\n## Part\n", encoding="utf-8")
            wrong = [line.split(": ")[1] for line in links.broken(root / "page.md", root)]
        self.assertEqual(wrong, ["#twice-2", "missing.md", "other.md#parts"])

    def test_a_link_out_of_the_project_is_wrong(self):
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory) / "project"
            root.mkdir()
            (root / "page.md").write_text("[out](..)\n", encoding="utf-8")
            self.assertEqual(links.broken(root / "page.md", root), ["page.md: ..: leads out of the project"])

    def test_all_links_of_the_project_resolve(self):
        pages = links.pages(ROOT)
        self.assertGreater(len(pages), 50)
        wrong = [line for page in pages for line in links.broken(page, ROOT)]
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))


if __name__ == "__main__":
    unittest.main()
