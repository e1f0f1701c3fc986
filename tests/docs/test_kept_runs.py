#!/usr/bin/env python3
"""Kept runs: a program runs again when a file that it may read has changed, and only then."""
import sys
import tempfile
import unittest
from pathlib import Path

from kept_runs import KeptRuns

PROGRAM = """
import pathlib
pathlib.Path("out").mkdir(exist_ok=True)
text = pathlib.Path("in.txt").read_text()
pathlib.Path("out/copy.txt").write_text(text)
with open(pathlib.Path(__file__).parent.parent / "runs.txt", "a") as log:
    log.write(text)
print("copied", text)
"""


class Kept(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_in(self, name, contents, versions="1.0", programs=(PROGRAM,)):
        """Runs programs in a new directory with in.txt; returns what they print."""
        work = self.folder / name
        work.mkdir()
        (work / "in.txt").write_text(contents, encoding="utf-8")
        (work / "winnow.json").write_text(f"made in {name}", encoding="utf-8")  # has a date, and nobody reads it
        kept = KeptRuns(self.folder / "cache", versions)
        printed = []
        for number, program in enumerate(programs):
            (work / f"program{number}.py").write_text(program, encoding="utf-8")
            done = kept.run([sys.executable, f"program{number}.py"], cwd=work, env={}, capture_output=True, text=True, check=False)
            printed.append((done.returncode, done.stdout))
        return printed

    def runs(self):
        return (self.folder / "runs.txt").read_text(encoding="utf-8") if (self.folder / "runs.txt").exists() else ""

    def test_an_equal_run_is_not_repeated(self):
        self.assertEqual(self.run_in("first", "a"), [(0, "copied a\n")])
        self.assertEqual(self.run_in("second", "a"), [(0, "copied a\n")])
        self.assertEqual((self.folder / "second" / "out" / "copy.txt").read_text(encoding="utf-8"), "a")
        self.assertEqual(self.runs(), "a")

    def test_another_file_version_or_program_before_it_is_another_run(self):
        self.run_in("first", "a")
        self.run_in("second", "b")
        self.run_in("third", "a", versions="1.1")
        self.assertEqual(self.runs(), "aba")
        self.run_in("fourth", "a", programs=("print('before')", PROGRAM))
        self.assertEqual(self.runs(), "abaa")
        self.run_in("fifth", "a", programs=("print('BEFORE')", PROGRAM))
        self.assertEqual(self.runs(), "abaaa")
        self.run_in("sixth", "a", programs=(PROGRAM + "#",))
        self.assertEqual(self.runs(), "abaaaa")

    def test_a_failure_is_not_kept(self):
        for name in ("first", "second"):
            self.assertEqual(self.run_in(name, "a", programs=(PROGRAM + "raise SystemExit(3)",)), [(3, "copied a\n")])
        self.assertEqual(self.runs(), "aa")


if __name__ == "__main__":
    unittest.main()
