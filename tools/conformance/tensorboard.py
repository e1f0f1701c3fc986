#!/usr/bin/env python3
"""Reads the event files of a training with TensorBoard's own package, and compares them with what the training reported.

    tools/conformance/tensorboard.py WINNOW [--venv DIR]

Exits 0 when all is as it should be, 77 when the package can't be had ("skipped: ..."), else 1.
"""
import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import packages

ROOT = Path(__file__).resolve().parents[2]
# This file has the package's name, and would be found in its place.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "tensorboard-venv")
    arguments = parser.parse_args()
    packages.use(("tensorboard", "setuptools"), arguments.venv.absolute())
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    with tempfile.TemporaryDirectory() as work:
        done = subprocess.run([arguments.winnow.absolute(), "train", ROOT / "examples" / "data" / "messages.tsv", "--base-model", "scratch", "--epochs", "3",
                               "--lr", "1e-3", "--metric", "roc_auc", "--report-to", "tensorboard", "--output-dir", "model", "--json"],
                              cwd=work, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr)
        info = json.loads(done.stdout)
        (run,) = (Path(work) / "model" / "runs").iterdir()  # a directory of each training, which TensorBoard shows as a run
        events = EventAccumulator(str(run))
        events.Reload()
        scalars = {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}

    expected = {"train/loss", "train/learning_rate", "train/grad_norm", "eval/loss", "eval/accuracy", "eval/f1_macro", "eval/roc_auc"}
    assert set(scalars) == expected, f"tags are {sorted(scalars)}"
    steps = info["history"][-1]["step"]
    for tag in ("train/loss", "train/learning_rate", "train/grad_norm"):
        assert [step for step, _ in scalars[tag]] == list(range(1, steps + 1)), f"{tag}: steps"
        assert all(math.isfinite(value) for _, value in scalars[tag]), f"{tag}: values"
    assert abs(scalars["train/learning_rate"][0][1] - 1e-3) < 1e-6
    for tag, key in (("eval/loss", "validation_loss"), ("eval/accuracy", "accuracy"), ("eval/f1_macro", "f1_macro")):
        history = [(epoch["step"], epoch[key]) for epoch in info["history"]]
        assert len(scalars[tag]) == len(history) == 3
        for (step, value), (expected_step, expected_value) in zip(scalars[tag], history):
            assert step == expected_step and abs(value - expected_value) < 1e-5, f"{tag}: {value} at {step}, not {expected_value} at {expected_step}"
    print(f"TensorBoard reads {sum(map(len, scalars.values()))} scalars as they were reported")


if __name__ == "__main__":
    main()
