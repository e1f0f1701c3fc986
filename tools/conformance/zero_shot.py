#!/usr/bin/env python3
"""Classifies without training in Hugging Face transformers and in Winnow, and compares the scores.

    tools/conformance/zero_shot.py WINNOW [--venv DIR] [--shared DIR] [--tolerance 1e-4]

Needs torch, transformers and sentencepiece: of this Python, or of a virtual environment that is made in DIR and used again later.
Makes random models for natural language inference of several families, with real tokenizers from the shared directory, and
asks transformers' pipeline("zero-shot-classification") and `winnow classify --zero-shot` about the same texts and labels: one
label out of all and each by itself, models with three labels in either order and with two, texts that are too long, several
hypotheses. Exits 0 when all scores agree, 77 when packages or tokenizers can't be had ("skipped: ..."), else 1.
"""
import argparse
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import packages

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("torch", "transformers", "sentencepiece")
MAX_LENGTH = 64
LABELS = {"three": ["contradiction", "neutral", "entailment"], "turned": ["ENTAILMENT", "NEUTRAL", "CONTRADICTION"],
          "two": ["entailment", "not_entailment"], "two-turned": ["not_entailment", "entailment"]}
CANDIDATES = ["spam", "travel and holidays", "\u4f60\u597d", "politics"]
HYPOTHESES = ["This text is about {label}.", "{label}!"]
TEXTS = [
    "Hello, how are you?",
    "WINNER!! You have won a 1000 pound prize. Call 09061701461 now, claim code KL341.",
    "ok see u at 7 :-)",
    "Caf\u00e9 na\u00efve \u00dcber \u4f60\u597d \U0001f600",
    "   spaces   \t and tabs  ",
    "x",
    "A long text, much of which is cut, about trains and about the sea. " * 20,
]


def models():
    """name, tokenizer's directory, and a function that makes a random model of it for so many tokens."""
    import transformers as t

    small = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 80, "initializer_range": 0.15,
             "max_position_embeddings": 128}

    def maker(config_class, model_class, **more):
        return lambda vocab_size, **labels: model_class(config_class(vocab_size=vocab_size, **{**small, **more}, **labels))

    deberta = {"relative_attention": True, "pos_att_type": ["p2c", "c2p"], "position_buckets": 32, "norm_rel_ebd": "layer_norm",
               "share_att_key": True, "position_biased_input": False, "pooler_hidden_size": 48, "layer_norm_eps": 1e-7}
    roberta = {"max_position_embeddings": 130, "type_vocab_size": 1, "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}
    return [
        ("bert", "bert-base-uncased", maker(t.BertConfig, t.BertForSequenceClassification)),
        ("electra", "bert-base-uncased", maker(t.ElectraConfig, t.ElectraForSequenceClassification, embedding_size=48)),
        ("roberta", "roberta-small", maker(t.RobertaConfig, t.RobertaForSequenceClassification, **roberta)),
        ("xlm-roberta", "xlmr-small", maker(t.XLMRobertaConfig, t.XLMRobertaForSequenceClassification, **roberta)),
        ("deberta-v3", "deberta-v3", maker(t.DebertaV2Config, t.DebertaV2ForSequenceClassification, type_vocab_size=0, **deberta)),
        ("deberta with types", "deberta-v3",
         maker(t.DebertaV2Config, t.DebertaV2ForSequenceClassification, type_vocab_size=2, **deberta)),
        # Two types in the model, which this tokenizer doesn't tell apart.
        ("bert of roberta's tokens", "roberta-small", maker(t.BertConfig, t.BertForSequenceClassification, pad_token_id=1)),
    ]


def randomize(model):
    """Biases and normalisation are fresh too: zeros and ones would hide much."""
    import torch

    torch.manual_seed(5)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() < 2:
                weight.add_(torch.randn_like(weight) * 0.1)
            elif "classifier" in name or "out_proj" in name:
                weight.copy_(torch.randn_like(weight) * 0.4)


def winnow_scores(winnow, bundle, texts, hypothesis, multi_label):
    command = [str(winnow), "classify", str(bundle), "--zero-shot", ",".join(CANDIDATES), "--hypothesis", hypothesis, "--max-length",
               str(MAX_LENGTH), "--json", "--top-k", "0", *(["--multi-label"] if multi_label else []), "--", *texts]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"failed: {bundle.name}: winnow exited with {done.returncode}: {done.stderr.strip()}")
    return [{each["label"]: each["score"] for each in json.loads(line)["scores"]} for line in done.stdout.splitlines()]


def compare(winnow, name, tokenizer_files, make, labels, directory):
    """The largest difference of a score, and the spread of scores, which tells whether a test could fail."""
    import torch
    from transformers import AutoTokenizer, pipeline

    bundle = directory / "model"
    shutil.copytree(tokenizer_files, bundle)
    for file in bundle.iterdir():
        file.chmod(0o644)
    bundle.chmod(0o755)
    tokenizer_class = {"roberta-small": "RobertaTokenizer", "xlmr-small": "XLMRobertaTokenizer", "deberta-v3": "DebertaV2Tokenizer"}
    if not (bundle / "tokenizer_config.json").exists():
        names = {"tokenizer_class": tokenizer_class.get(tokenizer_files.name, "BertTokenizer")}
        (bundle / "tokenizer_config.json").write_text(json.dumps(names), encoding="utf-8")
    tokenizer = AutoTokenizer.from_pretrained(bundle, model_max_length=MAX_LENGTH)
    torch.manual_seed(3)
    model = make(len(tokenizer), id2label=dict(enumerate(labels)), label2id={label: i for i, label in enumerate(labels)}).eval()
    randomize(model)
    model.save_pretrained(bundle)
    oracle = pipeline("zero-shot-classification", model=model, tokenizer=tokenizer, device="cpu")
    worst, scores = 0.0, []
    for hypothesis in HYPOTHESES:
        for multi_label in (False, True):
            own = winnow_scores(winnow, bundle, TEXTS, hypothesis, multi_label)
            theirs = oracle(TEXTS, candidate_labels=CANDIDATES, hypothesis_template=hypothesis.replace("{label}", "{}"), multi_label=multi_label)
            for mine, answer in zip(own, theirs, strict=True):
                for label, score in zip(answer["labels"], answer["scores"], strict=True):
                    difference = abs(mine[label] - score)
                    worst = difference if not difference <= worst else worst  # also where it is not a number
                    scores.append(score)
    return worst, torch.tensor(scores).std().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--venv", type=Path, help="make a virtual environment with the packages here: two gigabytes")
    parser.add_argument("--shared", type=Path, default=os.environ.get("WINNOW_SHARED", ROOT / ".." / "shared"))
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest difference of a score")
    arguments = parser.parse_args()
    tokenizers = Path(arguments.shared).resolve() / "tokenizers"
    if not tokenizers.is_dir():
        packages.skip(f"there are no tokenizers in {arguments.shared}")
    if arguments.venv:
        packages.use(PACKAGES, arguments.venv.absolute())
    elif missing := [name for name in PACKAGES if not importlib.util.find_spec(name)]:
        packages.skip(f"this Python has no {', '.join(missing)}; --venv DIR installs them")
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TRANSFORMERS_VERBOSITY"] = "error"
    import transformers

    transformers.utils.logging.disable_progress_bar()
    compared, failures = 0, 0
    for name, tokenizer, make in models():
        files = tokenizers / tokenizer
        if not files.is_dir():
            print(f"without {name}: no tokenizer {tokenizer}")
            continue
        for kind, labels in LABELS.items():
            if name != "bert" and kind not in ("three", "two"):
                continue
            with tempfile.TemporaryDirectory(prefix="winnow-zero-shot-") as directory:
                worst, spread = compare(arguments.winnow.resolve(), name, files, make, labels, Path(directory))
            compared += 1
            good = worst <= arguments.tolerance and spread > 0.01
            failures += not good
            print(f"{'ok' if good else 'failed'}: {name}, {kind} labels: scores differ by at most {worst:.2g} (their standard deviation "
                  f"{spread:.2g})", flush=True)
    if compared == 0:
        packages.skip("none of the tokenizers is there")
    print(f"{compared - failures} of {compared} models agree with transformers {transformers.__version__}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
