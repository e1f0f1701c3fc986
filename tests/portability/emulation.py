"""Programs for other processors, run by qemu's user-mode emulation, and what the tests of them share."""
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[2]
DATA = SOURCE / "examples" / "data"
# The longer form of these tests, minutes instead of seconds: all tests and all models.
LONG = os.environ.get("WINNOW_TEST_PORTABILITY") == "long"
# Tests of kernels that take most of the time, by emulation a minute: left out of the short form.
SLOW_TESTS = ("-Tiles.InstructionsOfAmxGiveExactSums:*FiniteDifferences*:SumOfSquares.IsAccurateOverTenMillionValues"
              ":MatMul.EveryFormEqualsTheReferenceWithOddStrides:Tiles.SumsOfEmulationAreExactForEverySize")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def need(*programs):
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        skip(f"not installed: {' '.join(missing)}")


def check(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")


def attempt(*command, environment=None, **options):
    """The ended process of a command, its output as text."""
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                          env={**os.environ, **(environment or {})}, **options)


def run(*command, environment=None, **options):
    """The standard output of a command, which has to succeed."""
    done = attempt(*command, environment=environment, **options)
    check(done.returncode == 0, f"{shlex.join(map(str, command))} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def make_models(winnow, directory):
    """Small models of each kind of arithmetic: sparse, float and INT8. The directories by name."""
    data = DATA / "messages.tsv"
    models = {name: directory / name for name in ("linear", "float", "int8")}
    run(winnow, "train", data, "--kind", "lr", "--output-dir", models["linear"])
    run(winnow, "train", data, "--base-model", "scratch", "--epochs", "4", "--output-dir", models["float"])
    run(winnow, "quantize", models["float"], "--output", models["int8"], "--max-drop", "1")
    return models


def predictions(command, model, environment=None):
    """(label, probabilities of all labels) of each of some messages."""
    output = run(*command, "classify", model, "--input", DATA / "messages.txt", "--json", environment=environment)
    found = [json.loads(line) for line in output.splitlines()]
    check(len(found) >= 8, f"{len(found)} predictions of {model}")
    return [(each["label"], {score["label"]: score["score"] for score in each["scores"]}) for each in found]


# Sums of floats differ in their last bits; of that, rounding to INT8 can make a step of an activation.
TOLERANCES = {"linear": 1e-6, "float": 1e-4, "int8": 1e-3}


def check_predictions(where, command, models, expected):
    """Labels are equal to the expected ones, and probabilities differ by float arithmetic alone. Prints the largest difference."""
    for name, model in models.items():
        found = predictions(command, model)
        check([label for label, _ in found] == [label for label, _ in expected[name]], f"{where}: other labels from {name}: {found}")
        worst = max(abs(scores[label] - right[label]) for (_, scores), (_, right) in zip(found, expected[name]) for label in right)
        check(worst <= TOLERANCES[name], f"{where}: probabilities of {name} differ by {worst}")
        print(f"{where}: {name}: {len(found)} predictions as without emulation; probabilities differ by at most {worst:.1g}")


def run_unit_tests(where, command, *options):
    """A program of gtest, which may take its time."""
    output = run(*command, "--gtest_brief=1", *options)
    summary = [line.split("]", 1)[1].strip() for line in output.splitlines() if line.startswith(("[  PASSED", "[  SKIPPED"))]
    check(summary and not summary[0].startswith("0 tests"), f"{where}: no tests ran:\n{output[-2000:]}")
    print(f"{where}: {pathlib.Path(command[-1]).name}: passed {' skipped '.join(summary)}")
