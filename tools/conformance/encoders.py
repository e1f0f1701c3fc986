#!/usr/bin/env python3
"""Compares Winnow's answers with transformers' for tiny random models of every family and for variants of their configs.

    tools/conformance/encoders.py WINNOW [--random N] [--seed S]

Every variant is a directory as users have them: config.json, weights in some form and a tokenizer. Each of them must
  - answer with the probabilities that transformers computes, to 1e-5, or
  - be refused by a message that names the key
and none may answer anything else. Models that `train --layers` makes of a ModernBERT are read by transformers as by Winnow. Variants: every key of the config that changes an answer, also N random combinations for each
family; other class names, labels that are numbers; weights in f16 and bf16, with other prefixes, in several files and as
pytorch_model.bin. Exported ONNX files of each family are run if onnxruntime and onnx are there. Needs torch, transformers and safetensors in
this Python (they are too large to be installed by the way). Exits 0 when all is as it should be, 77 without them ("skipped: ..."), else 1.
"""
import argparse
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import packages

# Beside this file lies one with the name of the package onnx.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

TOLERANCE = 1e-5
# Values that a key may take; a value that Winnow does not compute must be refused by name.
ANY = {"initializer_range": [0.3], "max_position_embeddings": [64, 100], "num_attention_heads": [2, 6], "num_hidden_layers": [1, 4],
       "problem_type": ["multi_label_classification", "single_label_classification"]}
LIKE_BERT = ANY | {"hidden_act": ["gelu", "gelu_new", "gelu_pytorch_tanh", "relu", "silu"], "layer_norm_eps": [1e-5, 0.1],
                   "intermediate_size": [33], "pad_token_id": [0, 1, 7]}
KEYS = {
    "bert": LIKE_BERT | {"type_vocab_size": [1, 3], "position_embedding_type": ["absolute"], "is_decoder": [True]},
    "distilbert": {"activation": ["gelu", "relu"], "n_layers": [1, 4], "n_heads": [2, 6], "hidden_dim": [33], "pad_token_id": [0, 7],
                   "sinusoidal_pos_embds": [True], "max_position_embeddings": [64], "problem_type": ["multi_label_classification"]},
    "roberta": LIKE_BERT | {"type_vocab_size": [1, 2]},
    "xlm-roberta": LIKE_BERT | {"type_vocab_size": [1]},
    "electra": LIKE_BERT | {"embedding_size": [24, 8, 128], "type_vocab_size": [1]},
    "albert": LIKE_BERT | {"embedding_size": [24, 8], "num_hidden_groups": [1, 2, 3], "inner_group_num": [1, 2]},
    "mpnet": LIKE_BERT | {"relative_attention_num_buckets": [32, 40]},
    "deberta-v2": LIKE_BERT | {"share_att_key": [False, True], "position_buckets": [8, -1], "max_relative_positions": [20, -1],
                               "position_biased_input": [True, False], "pos_att_type": ["c2p|p2c", ["c2p"]], "norm_rel_ebd": ["none"],
                               "conv_kernel_size": [3], "type_vocab_size": [2], "pooler_hidden_act": ["gelu", "relu"]},
    "modernbert": ANY | {"hidden_activation": ["gelu", "gelu_pytorch_tanh", "relu"], "norm_eps": [1e-3], "local_attention": [4, 6, 200],
                         "classifier_pooling": ["cls", "mean"], "classifier_activation": ["gelu", "relu"], "norm_bias": [True],
                         "attention_bias": [True], "mlp_bias": [True], "classifier_bias": [True], "global_attn_every_n_layers": [1, 2],
                         "num_attention_heads": [2, 6], "num_hidden_layers": [1, 6], "global_rope_theta": [1000.0],
                         "local_rope_theta": [500.0],
                         "layer_types": [["sliding_attention", "full_attention", "full_attention"]]},
}


def write_tokenizer(directory):
    """The word w12 is the token 12; a text gets 2 in front and 3 behind."""
    vocabulary = {"[PAD]": 0, "w1": 1, "[CLS]": 2, "[SEP]": 3, "[UNK]": 4} | {f"w{i}": i for i in range(5, 60)}
    added = [{"id": vocabulary[name], "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
              "special": True} for name in ("[PAD]", "[CLS]", "[SEP]", "[UNK]")]
    special = {name: {"id": name, "ids": [vocabulary[name]], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    sequence = {"Sequence": {"id": "A", "type_id": 0}}
    template = [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, sequence, {"SpecialToken": {"id": "[SEP]", "type_id": 0}}]
    (directory / "tokenizer.json").write_text(json.dumps({
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": added,
        "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {"type": "TemplateProcessing", "single": template, "pair": template, "special_tokens": special},
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                  "vocab": vocabulary}}))


def winnow_answers(winnow, directory, texts):
    """Probabilities by text, or the message of a refusal."""
    lines = "".join(" ".join(f"w{i}" for i in ids[1:-1]) + "\n" for ids in texts)
    done = subprocess.run([winnow, "classify", directory, "--input", "-", "--json", "--quiet"], input=lines, capture_output=True, text=True)
    if done.returncode != 0:
        return None, done.stderr.strip()
    return [json.loads(line)["scores"] for line in done.stdout.splitlines()], ""


class Variant:
    """A config and the form of its weights."""

    def __init__(self, name, config, keys=(), weights="plain"):
        self.name, self.config, self.keys, self.weights = name, config, list(keys), weights


def variants_of(family, base_config, count, generator):
    base = base_config(family)
    yield Variant("as it is", base)
    for key, values in KEYS[family].items():
        for value in values:
            yield Variant(f"{key}={json.dumps(value)}", base | {key: value}, [key])
    for number in range(count):
        keys = generator.sample(sorted(KEYS[family]), min(4, len(KEYS[family])))
        chosen = {key: generator.choice(KEYS[family][key]) for key in keys}
        yield Variant(f"random {number} {json.dumps(chosen)}", base | chosen, keys)
    yield Variant("a class of the user's own", base | {"architectures": ["MyToxicityModel"]})
    yield Variant("labels that are numbers", base | {"id2label": {"0": 0, "1": 1, "2": 2}, "label2id": {"0": 0, "1": 1, "2": 2}})
    for weights in ("f16", "bf16", "module.", "_orig_mod.", "bare", "shards", "bin"):
        yield Variant(f"weights: {weights}", base, weights=weights)


def make_model(config, weight):
    """transformers' model; None where transformers itself can't make one."""
    import torch
    import transformers

    known = {key: value for key, value in config.items() if key != "model_type"}
    try:
        model = transformers.AutoModelForSequenceClassification.from_config(
            transformers.AutoConfig.for_model(config["model_type"], **known), attn_implementation="eager")
    except Exception:
        return None
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(weight(name, tuple(parameter.shape))))
    return model.eval()


def save_weights(model, form, directory, winnow):
    import torch
    from safetensors.torch import save_file

    tensors = {name: parameter.detach().clone() for name, parameter in model.named_parameters()}
    if form in ("f16", "bf16"):
        dtype = torch.float16 if form == "f16" else torch.bfloat16
        tensors = {name: tensor.to(dtype) for name, tensor in tensors.items()}
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                parameter.copy_(tensors[name].float())
    elif form.endswith("."):
        tensors = {form + name: tensor for name, tensor in tensors.items()}
    elif form == "bare":
        prefix = model.base_model_prefix + "."
        tensors = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
    if form == "shards":
        names = sorted(tensors)
        files = [f"model-0000{i}-of-00002.safetensors" for i in (1, 2)]
        parts = [names[: len(names) // 2], names[len(names) // 2 :]]
        for file, part in zip(files, parts):
            save_file({name: tensors[name] for name in part}, directory / file)
        weight_map = {name: file for file, part in zip(files, parts) for name in part}
        (directory / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    elif form == "bin":
        torch.save(tensors, directory / "pytorch_model.bin")
    else:
        save_file(tensors, directory / "model.safetensors")
        return
    subprocess.run([winnow, "pull", directory], check=True, capture_output=True)


def expected_answers(model, texts, multi_label):
    """Probabilities in float64, each text by itself."""
    import torch

    with torch.no_grad():
        logits = torch.cat([model(input_ids=torch.tensor([ids])).logits for ids in texts]).double()
    return logits, (logits.sigmoid() if multi_label else logits.softmax(-1))


def largest_difference(answers, expected, names):
    worst = 0.0
    for scores, row in zip(answers, expected, strict=True):
        given = {entry["label"]: entry["score"] for entry in scores}
        worst = max([worst, *(abs(given[name] - float(value)) for name, value in zip(names, row, strict=True))])
    return worst


def check_export(winnow, directory, texts, logits):
    """The float file's logits for a padded batch, and the INT8 file's roughly."""
    import numpy
    import onnxruntime

    done = subprocess.run([winnow, "export", directory, "--format", "onnx,onnx-int8", "--json", "--quiet"], capture_output=True, text=True)
    if done.returncode != 0:
        return f"export: {done.stderr.strip()}"
    config = json.loads((directory / "config.json").read_text())
    ids = numpy.full((len(texts), max(map(len, texts))), config["pad_token_id"], numpy.int64)
    mask = numpy.zeros_like(ids)
    for row, text in enumerate(texts):
        ids[row, : len(text)] = text
        mask[row, : len(text)] = 1
    for file, bound in (("model.onnx", 1e-4), ("model_quantized.onnx", 0.15 * float(logits.abs().max()))):
        path = str(directory / "onnx" / file)
        inputs = {"input_ids": ids, "attention_mask": mask}
        if config["model_type"] == "albert" and file == "model_quantized.onnx":
            # onnxruntime 1.32 has no products without saturation for weights that several layers share.
            from onnx.reference import ReferenceEvaluator

            given = ReferenceEvaluator(path).run(["logits"], inputs)[0]
        else:
            options = onnxruntime.SessionOptions()
            options.log_severity_level = 3
            options.add_session_config_entry("session.x64quantprecision", "1")
            session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
            given = session.run(["logits"], inputs)[0]
        difference = float(numpy.abs(given - logits.numpy()).max())
        if not difference <= bound:
            return f"{file}: logits differ by {difference:.2g}"
    return ""


def compare(winnow, variant, texts, weight, export):
    """'' where all is right, else what is wrong; and what was found."""
    with tempfile.TemporaryDirectory(prefix="winnow-encoders-") as temporary:
        directory = Path(temporary)
        (directory / "config.json").write_text(json.dumps(variant.config))
        write_tokenizer(directory)
        model = make_model(variant.config, weight)
        if model is None:
            return "", "transformers makes no such model"
        save_weights(model, variant.weights, directory, winnow)
        answers, message = winnow_answers(winnow, directory, texts)
        if answers is None:
            named = any(key in message for key in variant.keys)
            return ("" if named else f"refused without naming a key: {message}"), "refused by name"
        names = [str(name) for name in variant.config["id2label"].values()]
        logits, expected = expected_answers(model, texts, variant.config.get("problem_type") == "multi_label_classification")
        worst = largest_difference(answers, expected, names)
        if not worst <= TOLERANCE:
            return f"probabilities differ by {worst:.2g}", ""
        if export:
            return check_export(winnow, directory, texts, logits), f"within {worst:.1g}, ONNX too"
        return "", f"within {worst:.1g}"


def check_cut(winnow, config, layers, texts, weight):
    """'' if transformers reads a ModernBERT of fewer layers as Winnow does, else what is wrong."""
    import transformers

    with tempfile.TemporaryDirectory(prefix="winnow-encoders-") as temporary:
        base, cut = Path(temporary, "base"), Path(temporary, "cut")
        base.mkdir()
        (base / "config.json").write_text(json.dumps(config))
        write_tokenizer(base)
        save_weights(make_model(config, weight), "plain", base, winnow)
        names = list(config["id2label"].values())
        rows = [f"{names[row % len(names)]}\t{' '.join(f'w{5 + (row * (i + 1) + 3 * i) % 55}' for i in range(9))}\n" for row in range(54)]
        (base / "data.tsv").write_text("label\ttext\n" + "".join(rows))
        done = subprocess.run([winnow, "train", base / "data.tsv", "--base-model", base, "--layers", str(layers), "--max-steps", "2", "--max-length",
                               "64", "--precision", "f32", "--calibration", "none", "--output-dir", cut, "--quiet"], capture_output=True, text=True)
        if done.returncode != 0:
            return f"train: {done.stderr.strip()}"
        answers, message = winnow_answers(winnow, cut, texts)
        if answers is None:
            return message
        model = transformers.AutoModelForSequenceClassification.from_pretrained(cut, attn_implementation="eager").eval()
        names = [model.config.id2label[i] for i in range(len(names))]
        worst = largest_difference(answers, expected_answers(model, texts, False)[1], names)
        return "" if worst <= TOLERANCE else f"probabilities differ by {worst:.2g}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--random", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", action="append", choices=sorted(KEYS))
    arguments = parser.parse_args()
    for name in ("torch", "transformers", "safetensors"):
        if importlib.util.find_spec(name) is None:
            packages.skip(f"this Python has no {name}")
    from encoder_cases import base_config, texts, weight

    import torch

    torch.set_num_threads(1)
    winnow = arguments.winnow.resolve()
    has_runtime = all(importlib.util.find_spec(name) is not None for name in ("onnxruntime", "onnx"))
    generator = random.Random(arguments.seed)
    failures = 0
    for family in arguments.family or KEYS:
        compared = refused = 0
        for variant in variants_of(family, base_config, arguments.random, generator):
            export = has_runtime and (variant.name == "as it is" or variant.keys in (["classifier_pooling"], ["num_hidden_groups"]))
            wrong, found = compare(winnow, variant, texts(family), weight, export)
            compared += found.startswith("within")
            refused += found.startswith("refused")
            if wrong:
                failures += 1
                print(f"failed: {family}: {variant.name}: {wrong}", file=sys.stderr, flush=True)
        for layers in (1, 2, 3, 4, 5, 6) if family == "modernbert" else ():
            config = base_config(family) | {"num_hidden_layers": 7}
            if wrong := check_cut(winnow, config, layers, texts(family), weight):
                failures += 1
                print(f"failed: {family}: --layers {layers} of 7: {wrong}", file=sys.stderr, flush=True)
        print(f"{family}: {compared} variants answer as transformers does, {refused} are refused by name", flush=True)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
