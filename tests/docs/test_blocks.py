"""Whether a page that shows something else than its code prints is found."""
import tempfile
import unittest
from pathlib import Path

import blocks

PAGE = """# Page

```python today fit.py
print("a")
```

```text
a 0.95
...
z 5e-08
```

```sh
docker run
```

```sh winnow
winnow version
```

Text between.

```text
not its output
```
"""


class BlocksTest(unittest.TestCase):
    def test_blocks_have_their_sides_and_outputs(self):
        with tempfile.TemporaryDirectory() as directory:
            page = Path(directory) / "page.md"
            page.write_text(PAGE, encoding="utf-8")
            first, second = blocks.blocks_of(page)
        self.assertEqual((first.language, first.side, first.file, first.code, first.line), ("python", "today", "fit.py", 'print("a")\n', 3))
        self.assertEqual(first.output, "a 0.95\n...\nz 5e-08\n")
        self.assertEqual((second.side, second.code, second.output), ("winnow", "winnow version\n", ""))

    def test_numbers_may_differ_a_little(self):
        for shown, printed in (("a 0.95", "a  0.93"), ("120 texts", "121 texts"), ("[0.9543, 0.9985]", "[0.9613, 0.9990]"), ("at most 5e-08", "at most 2e-06"),
                               ("at most 5e-08", "at most 0e+00"), ("a\n...\nz", "a\nb\nc\nz\n"), ("a\n...", "a\nb"), ("a\n\nb", "a\nb")):
            self.assertEqual(blocks.differences(shown, printed), "", shown)

    def test_what_differs_is_found(self):
        for shown, printed in (("ham 0.95", "spam 0.95"), ("a 0.95", "a 0.5"), ("120 texts", "100 texts"), ("at most 5e-08", "at most 3e-01"), ("a\nb", "a"),
                               ("a", "a\nb"), ("a\n...\nz", "a\nb"), ("a b", "a"), ("ham 0.95", "ham"), ('{"ids":[2,547]}', '{"ids":[2,647]}')):
            self.assertNotEqual(blocks.differences(shown, printed), "", shown)


if __name__ == "__main__":
    unittest.main()
