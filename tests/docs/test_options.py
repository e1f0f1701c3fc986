"""The commands that pages show exist, and have the options that they are given. docs/cli.md, which is generated, says which there are."""
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z0-9_-]*)")
# Pages that say what a command was called, or is to be called, at another time.
LEFT_OUT = {"docs/cli.md", "docs/http-routes.md"}


def commands(reference):
    """The options of each command, by the tables of docs/cli.md."""
    found = {}
    for part in re.split(r"\n## winnow ", reference)[1:]:
        name, _, body = part.partition("\n")
        cells = [line.split("|")[1] for line in body.splitlines() if line.startswith("| `")]
        options = set(OPTION.findall(" ".join(cells)))
        # A flag that is on by default is listed with its opposite, and any flag may have it.
        found[name.strip()] = options | {f"no-{option}" for option in options} | {option.removeprefix("no-") for option in options}
    return found


def shown(text):
    """The command lines of winnow in a page: (number of the line, command). Quoted words are left out."""
    for number, line in enumerate(re.sub(r"\\\n\s*", " ", text).splitlines(), 1):
        for match in re.finditer(r"(?:^    (?:\$ )?|`|\| |&& |; )(winnow [^`|;&#]*)", line):
            if not re.match(r"winnow [a-z ]+: ", match[1]):  # a message of the program
                yield number, re.sub(r"'[^']*'|\"[^\"]*\"", "QUOTED", match[1])


def wrong_of(text, known):
    """What is wrong with the commands of a page, one line each. Numbers of lines are those after continued lines were joined."""
    wrong = []
    for number, line in shown(text):
        words = line.split()
        name = next((name for name in (" ".join(words[1:3]), " ".join(words[1:2])) if name in known), None)
        if name is None:
            if len(words) > 1 and re.fullmatch("[a-z]+", words[1]) and not any(command.startswith(words[1] + " ") for command in known):
                wrong.append(f"line {number}: there is no command '{words[1]}'")
            continue
        wrong += [f"line {number}: winnow {name} has no option --{option}" for option in OPTION.findall(line) if option.replace("_", "-") not in known[name]]
    return wrong


class OptionsTest(unittest.TestCase):
    def setUp(self):
        self.known = commands((ROOT / "docs" / "cli.md").read_text(encoding="utf-8"))

    def test_wrong_commands_are_found_and_right_ones_are_not(self):
        page = ("    $ winnow train a.csv --output-dir m --num_train_epochs 3 \\\n        --no-such-option\n"
                "`winnow classify m 'a text --with words'`, `winnow data split a.csv --seed 1`, winnow learns; `winnow data ...`\n"
                "    winnow learn a.csv\n    winnow serve: error: --this is a message\n")
        self.assertEqual(wrong_of(page, self.known), ["line 1: winnow train has no option --no-such-option", "line 3: there is no command 'learn'"])

    def test_all_commands_of_the_pages_exist(self):
        self.assertGreater(len(self.known), 50)
        pages = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted(ROOT.glob("packages/*/README.md"))]
        count, wrong = 0, []
        for page in pages:
            name = str(page.relative_to(ROOT))
            if name not in LEFT_OUT:
                text = page.read_text(encoding="utf-8")
                count += len(list(shown(text)))
                wrong += [f"{name}: {line}" for line in wrong_of(text, self.known)]
        self.assertGreater(count, 500)
        self.assertEqual(wrong, [], "\n" + "\n".join(wrong))


if __name__ == "__main__":
    unittest.main()
