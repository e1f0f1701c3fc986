"""The responses that docs/http.md shows for the model `words` are those of the program, numbers included.

    tests/docs/test_http_page.py WINNOW
"""
import json
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import shell_blocks

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/http.md"
WINNOW = None


def examples():
    """The commands about the model with the responses that are shown, except those that are shortened."""
    for command in shell_blocks.commands_of(PAGE):
        shown = "\n".join(command.shown)
        if '"model": "words"' in command.text and command.text.startswith("curl ") and "..." not in shown:
            yield command, json.loads(shown.split("   # status")[0])


class HttpPageTest(unittest.TestCase):
    def same(self, shown, real, place):
        self.assertEqual(type(shown), type(real), place)
        if isinstance(shown, dict):
            self.assertEqual(list(shown), list(real), place)
            for key in shown:
                if key != "id":
                    self.same(shown[key], real[key], f"{place}.{key}")
        elif isinstance(shown, list):
            self.assertEqual(len(shown), len(real), place)
            for i, (one, other) in enumerate(zip(shown, real)):
                self.same(one, other, f"{place}[{i}]")
        elif isinstance(shown, float):
            self.assertAlmostEqual(shown, real, delta=2e-4, msg=place)
        else:
            self.assertEqual(shown, real, place)

    def test_the_examples_of_the_model_words_are_real(self):
        train = re.search(r"`winnow (train [^`]*--output-dir models/words)`", PAGE.read_text(encoding="utf-8"))[1].split()
        with tempfile.TemporaryDirectory() as directory:
            (Path(directory) / "examples").symlink_to(ROOT / "examples")
            subprocess.run([WINNOW, *train, "--quiet"], cwd=directory, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            server = subprocess.Popen([WINNOW, "serve", "models/words", "--port", "0", "--json"], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            try:
                port = json.loads(server.stdout.readline())["port"]
                tested = 0
                for command, shown in examples():
                    text = command.text.replace("localhost:8080", f"localhost:{port}")
                    done = subprocess.run(["bash", "-c", text], capture_output=True, text=True, timeout=240, check=True)
                    self.same(shown, json.loads(done.stdout), f"line {command.line}")
                    tested += 1
                self.assertGreaterEqual(tested, 3)
            finally:
                server.terminate()
                server.wait(240)
                server.stdout.close()


if __name__ == "__main__":
    WINNOW = str(Path(sys.argv.pop(1)).resolve())
    unittest.main()
