"""What a person meets at a terminal: progress that does not mix with results, short options, pipes that close, help, files
named by their format, and a program that was copied without its directory."""
import csv
import json
import os
import pty
import shutil
import subprocess

import winnow
from winnow import TestCase


class Usage(TestCase):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr")

    def on_terminal(self, *arguments):
        """What a terminal shows in the end: a line is what is left of it after carriage returns and erasures."""
        master, slave = pty.openpty()
        process = subprocess.Popen([self.program, *arguments], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, cwd=self.directory,
                                   env={**os.environ, "TERM": "xterm", "NO_COLOR": "1"})
        os.close(slave)
        written = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:
                break
            if not part:
                break
            written += part
        os.close(master)
        self.assertEqual(process.wait(), 0)
        lines = []
        for line in written.decode().replace("\r\n", "\n").split("\n"):
            shown = ""
            for part in line.split("\r"):
                shown = part.split("\x1b[K")[-1] if "\x1b[K" in part else part + shown[len(part):]
            lines.append(shown)
        return lines

    def test_a_terminal_shows_predictions_without_the_progress_bar(self):
        lines = self.on_terminal("classify", "model", "You won a prize", "see you at nine")
        self.assertEqual([line.split("%")[1].strip() for line in lines if "%" in line], ["You won a prize", "see you at nine"])
        self.assertEqual(len([line for line in lines if line]), 2, lines)
        lines = self.on_terminal("classify", "model", "You won a prize", "--explain")
        self.assertTrue(lines[0].endswith("You won a prize"), lines)

    def test_a_pipe_that_closes_is_not_an_error(self):
        for arguments in (["train", "--help-all"], ["help", "--markdown"]):
            process = subprocess.Popen([self.program, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"", arguments)
            self.assertEqual(process.wait(), 141)
            process.stderr.close()

    def test_the_help_as_json_has_all_options(self):
        overview = json.loads(self.winnow("help", "--json")[0])["commands"]
        self.assertIn("data split", [command["name"] for command in overview])
        family = json.loads(self.winnow("help", "data", "--json")[0])["commands"]
        self.assertEqual(family, [command for command in overview if command["name"].startswith("data ")])
        train = json.loads(self.winnow("help", "train", "--json")[0])
        self.assertEqual((train["name"], train["summary"]), next((c["name"], c["summary"]) for c in overview if c["name"] == "train"))
        options = {option["name"]: option for option in train["options"]}
        self.assertEqual((options["kind"]["choices"], options["kind"]["default"]), (["transformer", "lr", "svm"], "transformer"))
        self.assertEqual((options["lr"]["aliases"], options["lr"]["flag"]), (["learning-rate"], False))
        self.assertEqual((options["data"]["positional"], options["data"]["repeatable"], options["output-dir"]["repeatable"]), (True, True, False))
        self.assertTrue(options["quantize"]["flag"])
        markdown = self.winnow("help", "--markdown")[0].split("## winnow train\n")[1].split("\n## ")[0]
        for name, option in options.items():
            self.assertIn(name if option["positional"] else f"--{name}", markdown)

    def test_predictions_go_into_a_table_if_the_file_is_named_so(self):
        self.write("in.txt", 'You won, call "now"\nsee you at nine\n')
        self.winnow("classify", "model", "--input", "in.txt", "-o", "answers.csv")
        with open(self.path("answers.csv"), encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        self.assertEqual([(row["row"], row["text"]) for row in rows], [("1", 'You won, call "now"'), ("2", "see you at nine")])
        answers = [json.loads(line) for line in self.winnow("classify", "model", "--input", "in.txt", "--json")[0].splitlines()]
        self.assertEqual([row["label"] for row in rows], [answer["decision"] for answer in answers])
        for row, answer in zip(rows, answers, strict=True):
            self.assertAlmostEqual(float(row["score"]), answer["score"], delta=1e-6)
        self.winnow("classify", "model", "--input", "in.txt", "--output", "answers.jsonl")
        with open(self.path("answers.jsonl"), encoding="utf-8") as file:
            self.assertEqual([json.loads(line) for line in file], answers)
        self.fails("classify", "model", "hi", "--explain", "--output", "x.tsv", code=2, says=["--explain", "jsonl"])

    def test_a_program_that_was_copied_alone_has_its_presets(self):
        os.mkdir(self.path("bin"))
        alone = shutil.copy(self.program, self.path("bin"))
        small = ("--base-model", "scratch", "--epochs", 1)
        _, err = self.winnow("train", winnow.MESSAGES, "--preset", "sms-spam", *small, "-o", "preset", program=alone)
        self.assertIn("synthetic texts", err)
        self.fails("train", winnow.MESSAGES, "--preset", "sms-spm", code=2, says=["unknown preset 'sms-spm'", "sms-spam"], program=alone)
        os.makedirs(self.path("share", "winnow", "presets"))
        self.write(os.path.join("share", "winnow", "presets", "sms-spam.toml"), 'kind = "lr"\nC = -1\n')
        self.fails("train", winnow.MESSAGES, "--preset", "sms-spam", "-o", "preset", code=2, says=["sms-spam.toml, line 2"], program=alone)

    def test_messages_say_what_is_missing(self):
        self.fails("train", winnow.MESSAGES, "--kind", "lr", "--labels", "spam", "-o", "x", says=["--labels spam", "two labels"])
        self.fails("classify", "model", stdin=b"", says=["standard input: is empty", "expected texts: one per line"])
        self.fails("classify", "deberta-small-nli", "hi", says=["deberta-small-nli", "winnow pull deberta-small-nli"],
                   environment={"HF_HOME": self.path("cache"), "HF_HUB_OFFLINE": "1"})
        self.fails("classify", "deberta-small-nli", "hi", "--zero-shot", "a,b", says=["not in the cache", "HF_HUB_OFFLINE"],
                   environment={"HF_HOME": self.path("cache"), "HF_HUB_OFFLINE": "1"})

    def test_options_that_people_guess_are_suggested(self):
        self.fails("classify", "model", "hi", "--n-jobs", 2, code=2, says=["unknown option '--n-jobs'", "did you mean '--threads'?"])
        self.fails("calibrate", "model", "--preset", "sms-spam", code=2, says=["it is an option of 'winnow train'", "'winnow calibrate --help'"])
        self.fails("evaluate", "model", "--data", winnow.MESSAGES, code=2, says=["DATA... is an argument without a name: winnow evaluate BUNDLE DATA..."])
        self.fails("classify", "model", "-5 degrees", code=2, says=["specify it after '--'"])
        self.fails("classify", "model", "--output=", "--json", "hi", code=2, says=["--output: a value is missing"])
        self.assertNotIn("--json", os.listdir(self.directory))
        self.fails("compare", winnow.MESSAGES, ".", code=2, says=["contains models, and is none itself", "--models ."])
        self.fails("train", winnow.MESSAGES, "-o", "x", "--base-model", "deberta-small", says=["no base model is needed for --kind lr"],
                   environment={"HF_HOME": self.path("cache"), "HF_HUB_OFFLINE": "1"})

    def test_a_model_in_the_cache_of_the_hub_is_found_by_its_name(self):
        self.train("--epochs", 1, output="encoder")
        cache = self.path("cache", "hub", "models--somebody--spam")
        snapshot = os.path.join(cache, "snapshots", "0" * 40)
        shutil.copytree(self.path("encoder"), snapshot)
        os.makedirs(os.path.join(cache, "refs"))
        with open(os.path.join(cache, "refs", "main"), "w", encoding="ascii") as file:
            file.write("0" * 40)
        hub = {"HF_HOME": self.path("cache"), "HF_HUB_OFFLINE": "1"}
        expected = self.winnow("classify", "encoder", "You won a prize")[0]
        self.assertEqual(self.winnow("classify", "somebody/spam", "You won a prize", environment=hub)[0], expected)
        self.assertEqual(self.winnow("evaluate", "somebody/spam", winnow.MESSAGES, environment=hub)[0], self.winnow("evaluate", "encoder", winnow.MESSAGES)[0])
        self.winnow("compare", winnow.MESSAGES, "somebody/spam", environment=hub)

    def test_compare_fails_if_a_named_model_could_not_be_evaluated(self):
        out, err = self.winnow("compare", winnow.MESSAGES, "model", "nothing-here", code=1)
        self.assertIn("* model", out)
        self.assertIn("nothing-here could not be evaluated", err)


if __name__ == "__main__":
    winnow.main()
