"""Data and models of the tests. WINNOW names the program whose predictions ours are compared with."""

import csv
import json
import os
import subprocess
from pathlib import Path

import pytest

import winnow

ROOT = Path(__file__).resolve().parents[3]
MESSAGES = ROOT / "examples" / "data" / "messages.tsv"


def read_messages():
    with MESSAGES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def real_messages():
    """The SMS Spam Collection, where it lies beside the checkout or in WINNOW_SHARED; else the messages of the examples."""
    shared = Path(os.environ.get("WINNOW_SHARED", ROOT.parent / "shared"))
    file = shared / "data" / "sms_spam" / "SMSSpamCollection"
    if not file.exists():
        return read_messages()
    rows = [line.rstrip("\n").split("\t", 1) for line in file.open(encoding="utf-8")]
    return [text for _, text in rows], [label for label, _ in rows]


@pytest.fixture(scope="session")
def messages():
    return read_messages()


@pytest.fixture(scope="session")
def texts(messages):
    return messages[0]


@pytest.fixture(scope="session")
def linear(tmp_path_factory):
    """A bundle of a linear model."""
    bundle = tmp_path_factory.mktemp("linear") / "spam"
    winnow.train(MESSAGES, bundle, kind="lr", C=10)
    return bundle


@pytest.fixture(scope="session")
def transformer(tmp_path_factory):
    """A bundle of a small transformer, with a temperature."""
    bundle = tmp_path_factory.mktemp("transformer") / "small"
    winnow.train(MESSAGES, bundle, base_model="scratch", max_length=32, threads=2)
    return bundle


@pytest.fixture(scope="session")
def program():
    """The program `winnow`."""
    path = os.environ.get("WINNOW", str(ROOT / "build" / "release" / "winnow"))
    if not os.access(path, os.X_OK):
        pytest.skip("the program winnow is not built; WINNOW names it")

    def run(*arguments, input=None):
        done = subprocess.run([path, *map(str, arguments)], input=input, capture_output=True, text=True, encoding="utf-8")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def classify(bundle, texts, *options):
        lines = "".join(json.dumps({"text": text}) + "\n" for text in texts)
        out = run("classify", bundle, "--input", "-", "--format", "jsonl", "--text-field", "text", "--json", *options, input=lines)
        return [json.loads(line) for line in out.splitlines()]

    run.classify = classify
    return run
