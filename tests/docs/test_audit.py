"""The table of actions in docs/http.md, and the names of actions on the page, have every action that the program writes to the audit log, and
no other."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
FAMILIES = "benchmarks|data|experiment|feedback|jobs|models|must_pass|preferences|registry|review|rules|senders|store"
FILES = "csv|db|html|json|jsonl|md|parquet|pkl|svg|toml|tsv|txt"  # names of files, which look like actions


def actions_of_sources():
    found = set()
    for path in (ROOT / "src").rglob("*.cpp"):
        if not path.name.endswith("_test.cpp"):
            found |= set(re.findall(rf'"((?:{FAMILIES})\.(?!(?:{FILES})")[a-z_]+)"', path.read_text(encoding="utf-8")))
    steps = re.search(r"kNames\[\] = \{([^}]*)\}", (ROOT / "src/experiment/experiment.cpp").read_text(encoding="utf-8")).group(1)
    return found | {"experiment." + step for step in re.findall(r'"([a-z_]+)"', steps)}


class AuditTest(unittest.TestCase):
    def test_the_table_has_every_action(self):
        section = (ROOT / "docs/http.md").read_text(encoding="utf-8").split("\n## GET /v1/audit\n")[1].split("\n## ")[0]
        rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
        listed = re.findall(r"`([a-z_.]+)`", " ".join(rows))
        self.assertEqual(len(listed), len(set(listed)), "an action is listed twice")
        self.assertEqual(set(listed), actions_of_sources())

    def test_the_page_names_every_action(self):
        texts = (ROOT / "web/src/texts/en/operate.ts").read_text(encoding="utf-8")
        self.assertEqual(set(re.findall(r'^ +"([a-z_]+\.[a-z_]+)": ".+",$', texts, re.M)), actions_of_sources())


if __name__ == "__main__":
    unittest.main()
