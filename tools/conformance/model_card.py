#!/usr/bin/env python3
"""Reads model cards with huggingface_hub's own parser, as the hub does.

    tools/conformance/model_card.py WINNOW [--venv DIR]

Trains a linear model and a transformer from scratch on examples/data, and one whose name is hard on YAML, and checks that
ModelCard.load reads each card, that its metadata are those of the model, and that the results of model-index are the
metrics of training_info.json. Exits 0 when all is as it should be, 77 when the package can't be had ("skipped: ..."),
else 1.
"""
import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import packages

ROOT = Path(__file__).resolve().parents[2]
CASES = {
    "linear": (["--kind", "lr"], "winnow"),
    "scratch": (["--base-model", "scratch", "--epochs", "1"], "transformers"),
    "name": (["--kind", "svm", "--name", "a: \"b\" - [c] # 'd' \\ `e`"], "winnow"),
}
HUB_NAMES = {"accuracy": "Accuracy", "f1_macro": "Macro-F1", "recall_macro": "Macro recall", "fpr": "False-positive rate", "ece": "Expected calibration error"}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "card-venv")
    arguments = parser.parse_args()
    packages.use(("huggingface_hub",), arguments.venv.absolute())
    from huggingface_hub import ModelCard

    with tempfile.TemporaryDirectory() as work:
        for case, (options, library) in CASES.items():
            model = Path(work) / case
            done = subprocess.run([arguments.winnow.absolute(), "train", ROOT / "examples" / "data" / "messages.tsv", *options, "--output-dir", model],
                                  capture_output=True, text=True, check=False)
            if done.returncode != 0:
                sys.exit(done.stderr)
            info = json.loads((model / "training_info.json").read_text(encoding="utf-8"))
            name = json.loads((model / "winnow.json").read_text(encoding="utf-8"))["name"]
            card = ModelCard.load(model / "README.md", ignore_metadata_errors=False)
            data = card.data
            assert (data.pipeline_tag, data.library_name, data.license) == ("text-classification", library, "unknown"), f"{case}: {data}"
            assert "winnow" in data.tags and data.model_name == name, f"{case}: {data}"
            found = {result.metric_name: result.metric_value for result in data.eval_results}
            for key, title in HUB_NAMES.items():
                assert abs(found[title] - info["metrics"][key]) < 1e-5, f"{case}: {title} is {found[title]}, and {info['metrics'][key]} in training_info.json"
            assert all((result.task_type, result.dataset_split) == ("text-classification", "test") for result in data.eval_results), case
            assert "accuracy" in data.metrics and "## Licence" in card.text, case
            again = ModelCard(str(card))  # what the parser writes is read again
            assert again.data.to_dict() == data.to_dict(), case
            print(f"{case}: {len(found)} results")


if __name__ == "__main__":
    main()
