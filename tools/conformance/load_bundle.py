#!/usr/bin/env python3
"""Loads a bundle in Hugging Face transformers and compares its answers with Winnow's own.

    tools/conformance/load_bundle.py BUNDLE [--winnow build/release/winnow] [--input TEXTS] [--tolerance 1e-3]

Checks that AutoModelForSequenceClassification and AutoTokenizer read the directory as it is, that no weight is missing,
unexpected or of another shape, that labels.json agrees with config.json, and that `winnow classify --json` gives the same
label and probabilities. Exits 0 when all agree, or when transformers is not installed ("skipped: ..."); else 1.
"""
import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

TEXTS = [
    "Hello, how are you?",
    "WINNER!! You have won a 1000 pound prize. Call 09061701461 now, claim code KL341.",
    "ok see u at 7 :-)",
    "Caf\u00e9 na\u00efve \u00dcber \u4f60\u597d \U0001f600",
    "[CLS] letters of a special token [SEP] in a text",
    "   spaces   \t and\nlines  ",
    "x",
    "long " * 700,
]


def winnow_answers(winnow, bundle, texts):
    """One answer a text, each by its own process argument, so that a text may hold line breaks."""
    command = [str(winnow), "classify", "--json", "--top-k", "1000", str(bundle), "--", *texts]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"failed: {' '.join(command[:4])} ... exited with {done.returncode}:\n{done.stderr.strip()}")
    answers = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    if len(answers) != len(texts):
        sys.exit(f"failed: winnow gave {len(answers)} answers to {len(texts)} texts")
    return [{each["label"]: each["score"] for each in answer["scores"]} for answer in answers]


def labels_of(path):
    """The names in labels.json, in either of its forms."""
    content = json.loads(path.read_text(encoding="utf-8"))
    return content if isinstance(content, list) else content["classes"]


def hugging_face_answers(bundle, texts, manifest, problems):
    """Probabilities by label for each text, computed by transformers; appends to `problems` what is wrong with the files."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    model, info = AutoModelForSequenceClassification.from_pretrained(bundle, output_loading_info=True)
    for kind in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        if info.get(kind):
            problems.append(f"{kind}: {sorted(map(str, info[kind]))}")
    model = model.eval().float()
    labels = [model.config.id2label[i] for i in range(model.config.num_labels)]
    if (bundle / "labels.json").exists() and labels_of(bundle / "labels.json") != labels:
        problems.append(f"labels.json names {labels_of(bundle / 'labels.json')}, config.json {labels}")

    tokenizer = AutoTokenizer.from_pretrained(bundle)
    # Special tokens in a text are plain letters to Winnow; the fast tokenizers of some versions can't be told so, and
    # there such a text is left out of the comparison by the caller.
    # Winnow's own bundles state their maximum length, as a user of transformers expects.
    limit = {} if manifest else {"max_length": model.config.max_position_embeddings}
    calibration = manifest.get("calibration", {})
    if calibration.get("method") == "isotonic":
        problems.append("winnow.json calibrates by curves, which are not compared here: winnow calibrate --calibration temperature")
    scale = torch.tensor(calibration.get("scale") or [1.0], dtype=torch.double)
    bias = torch.tensor(calibration.get("bias") or [0.0], dtype=torch.double)
    temperature = torch.tensor(calibration.get("temperatures") or [manifest.get("temperature", 1.0)], dtype=torch.double)
    independent = model.config.problem_type == "multi_label_classification" or len(labels) == 1
    answers = []
    for text in texts:
        encoded = tokenizer(text, truncation=True, **limit, return_tensors="pt", split_special_tokens=True)
        with torch.no_grad():
            logits = model(**encoded).logits[0].double() * scale / temperature + bias
        probabilities = torch.sigmoid(logits) if independent else torch.softmax(logits, dim=-1)
        answers.append(dict(zip(labels, probabilities.tolist())))
    return answers


def reads_special_tokens(bundle, text):
    """Whether the tokenizer makes special tokens of a text's letters although it was asked not to."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(bundle)
    ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True).input_ids
    return any(i in tokenizer.all_special_ids and i != tokenizer.unk_token_id for i in ids)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--winnow", type=Path, default=Path(__file__).resolve().parents[2] / "build/release/winnow")
    parser.add_argument("--input", type=Path, help="a file of texts, one a line, instead of the built-in ones")
    parser.add_argument("--tolerance", type=float, default=1e-3, help="largest difference of a probability")
    parser.add_argument("--files-only", action="store_true", help="don't run winnow: only load the files")
    arguments = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    try:
        import torch
        import transformers
    except ImportError as error:
        print(f"skipped: {error.name} is not installed (pip install torch transformers)")
        return 0

    bundle = arguments.bundle
    texts = arguments.input.read_text(encoding="utf-8").splitlines() if arguments.input else TEXTS
    manifest_path = bundle / "winnow.json"
    manifest = json.loads(manifest_path.read_text(encoding="utf-8")) if manifest_path.exists() else {}
    problems = []
    theirs = hugging_face_answers(bundle, texts, manifest, problems)
    worst = 0.0
    compared = 0
    if not arguments.files_only:
        for text, own, other in zip(texts, winnow_answers(arguments.winnow, bundle, texts), theirs):
            if reads_special_tokens(bundle, text):
                continue
            compared += 1
            if own.keys() != other.keys():
                problems.append(f"{text[:40]!r}: winnow names {sorted(own)}, transformers {sorted(other)}")
                continue
            difference = max(abs(own[label] - other[label]) for label in own)
            worst = max(worst, difference)
            if not difference <= arguments.tolerance:  # also where it is not a number
                problems.append(f"{text[:40]!r}: probabilities differ by {difference:.2g}: winnow {own}, transformers {other}")
    for problem in problems:
        print(f"failed: {problem}", file=sys.stderr)
    if problems:
        return 1
    print(f"ok: {bundle} loads in transformers {transformers.__version__} (torch {torch.__version__}); "
          f"{compared} of {len(texts)} texts compared, largest difference of a probability {worst:.2g}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
