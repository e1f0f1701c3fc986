"""Every message that docs/troubleshooting.md quotes is a message of the program: its fixed words occur in src.

The first cell of each row of the page's tables quotes a part of a message as a code span. `...` stands for what differs from
case to case, and matches any value that the program formats into the message.
"""
import re
import unittest
from pathlib import Path

import links

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "troubleshooting.md"
LITERAL = re.compile(r"\"((?:[^\"\\\n]|\\.)*)\"")
ESCAPES = {"\\\"": "\"", "\\\\": "\\", "\\n": "\n", "\\t": "\t"}


def literals(source):
    """The string literals of C++ code; neighbours without code between them are one, and 0 bytes separate the others."""
    parts, end = [], 0
    for match in LITERAL.finditer(source):
        parts.append(("" if not source[end:match.start()].strip() else "\0") + match.group(1))
        end = match.end()
    return re.sub(r"\\[\"\\nt]", lambda escape: ESCAPES[escape.group(0)], "".join(parts))


def program():
    """All texts of the program; a placeholder such as {} or {:.1f} is a 0 byte."""
    files = [path for path in sorted((ROOT / "src").rglob("*")) if path.suffix in (".cpp", ".h") and not path.name.endswith("_test.cpp")]
    return re.sub(r"\{[a-z_0-9]*(?::[^{}]*)?\}", "\0", "\0".join(literals(path.read_text(encoding="utf-8")) for path in files))


def quoted(page):
    """The messages that the rows of a page quote."""
    found = []
    for line in page.split("\n"):
        cells = line.split(" | ")
        if line.startswith("| `") and len(cells) >= 3:
            found.append(re.match(r"\| `([^`]+)`", line).group(1))
    return found


def pieces(message):
    """The fixed words of a message."""
    return [piece.strip(" '") for piece in message.split("...") if len(piece.strip(" '")) > 3]


class TroubleshootingTest(unittest.TestCase):
    def test_pieces_of_literals_are_found_and_others_are_not(self):
        text = literals('Fail(code, std::format("{}: cannot open "\n        "the file", name), "check \\"it\\"")')
        self.assertIn("cannot open the file", text)
        self.assertIn('check "it"', text)
        self.assertNotIn("file check", text)

    def test_the_page_quotes_at_least_sixty_messages_once_each(self):
        messages = quoted(PAGE.read_text(encoding="utf-8"))
        self.assertGreaterEqual(len(messages), 60)
        self.assertEqual(sorted(messages), sorted(set(messages)))
        self.assertEqual([message for message in messages if not pieces(message)], [])

    def test_every_quoted_message_is_one_of_the_program(self):
        texts = program()
        missing = [(message, piece) for message in quoted(PAGE.read_text(encoding="utf-8")) for piece in pieces(message) if piece not in texts]
        self.assertEqual(missing, [], "\n" + "\n".join(f"{message}: nowhere in src: {piece}" for message, piece in missing))

    def test_its_links_resolve(self):
        self.assertEqual(links.broken(PAGE, ROOT), [])


if __name__ == "__main__":
    unittest.main()
