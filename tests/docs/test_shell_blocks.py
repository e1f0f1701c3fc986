"""Whether the commands of a page are found, and whether a page that shows something else than they print is."""
import tempfile
import unittest
from pathlib import Path

import shell_blocks

PAGE = """# Page

    $ winnow train sms.tsv \\
        --kind lr
    sms is ready: 420 texts

    $ winnow version

Data of your own:

    winnow train mine.csv

```sh
    $ not indented
```

    $ winnow serve sms &
    listening on port 8080
    $ python3 -c "
    print('two lines')"
    two lines
    $ cat > a.toml <<'END'
    port = 1

    host = "a
    END
    $ cat a.toml
    port = 1
    $ curl "localhost/$(cut -d '"' -f 4 a.json)"
    {"id": 1}
"""


class ShellBlocksTest(unittest.TestCase):
    def test_commands_have_their_lines_and_outputs(self):
        with tempfile.TemporaryDirectory() as directory:
            page = Path(directory) / "page.md"
            page.write_text(PAGE, encoding="utf-8")
            commands = shell_blocks.commands_of(page)
        self.assertEqual([(each.text, each.line, each.shown) for each in commands],
                         [("winnow train sms.tsv \\\n    --kind lr", 3, ["sms is ready: 420 texts"]), ("winnow version", 7, []),
                          ("winnow serve sms &", 17, ["listening on port 8080"]), ("python3 -c \"\nprint('two lines')\"", 19, ["two lines"]),
                          ("cat > a.toml <<'END'\nport = 1\n\nhost = \"a\nEND", 22, []), ("cat a.toml", 27, ["port = 1"]),
                          ("curl \"localhost/$(cut -d '\"' -f 4 a.json)\"", 29, ['{"id": 1}'])])

    def test_numbers_columns_and_lines_between_may_differ(self):
        for shown, printed in ((["accuracy 0.9667"], "x\n  accuracy   .98\ny"), (["1,567 tokens"], "964 tokens"), (["a", "c"], "a\nb\nc"),
                               (['{"id":"5c1f0a2b9d3e4f60", ...}'], '{"id":"6c1f0a2b9d3e4f61", "kind":"train"}'), (["-1.50"], "+2"), (["done"], "bar\rdone\r")):
            self.assertIsNone(shell_blocks.first_missing(shown, printed), shown)

    def test_other_words_and_another_order_are_found(self):
        for shown, printed, missing in ((["spam 0.9"], "ham 0.9", "spam 0.9"), (["a", "b"], "b\na", "b"), (["a", "a"], "a", "a"), (["a"], "a b", "a"),
                                        (['{"label": ...}'], '{"error": "x"}', '{"label": ...}'), (["decade 5"], "facade 5", "decade 5")):
            self.assertEqual(shell_blocks.first_missing(shown, printed), missing, shown)


if __name__ == "__main__":
    unittest.main()
