"""Makes the bundles of a former program for this folder.

    python3 tests/compatibility/make_bundles.py PROGRAM NAME

PROGRAM is the winnow of a former commit (README.md says which); the bundles are written to bundles/NAME-*, with the predictions
of that program in bundles/NAME.json. They are small: 160 messages, few features, and a BERT with one layer of width 16."""
import array
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end"))
import winnow  # noqa: E402

TEXTS = ["Your account will be closed tonight unless you confirm your card", "Shall we meet at seven?", "FREE prize!!! call now",
         "Stra\u00dfe 12, \u00dcbung um drei \U0001F600", ""]
HIDDEN, LAYERS, HEADS, FEED_FORWARD, POSITIONS = 16, 1, 2, 32, 64


def write_base_model(directory, messages):
    """A BERT with random weights, as Hugging Face's tools write one."""
    words = sorted({word for message in messages for word in re.findall(r"\w+|[^\w\s]", message.lower()) if word.isascii()})[:400]
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]
    (directory / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    (directory / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BertTokenizer", "do_lower_case": True}), encoding="utf-8")
    (directory / "config.json").write_text(json.dumps({
        "model_type": "bert", "architectures": ["BertModel"], "hidden_size": HIDDEN, "num_hidden_layers": LAYERS, "num_attention_heads": HEADS,
        "intermediate_size": FEED_FORWARD, "max_position_embeddings": POSITIONS, "type_vocab_size": 2, "vocab_size": len(vocabulary), "hidden_act": "gelu",
        "layer_norm_eps": 1e-12, "pad_token_id": 0}), encoding="utf-8")
    shapes = {"embeddings.word_embeddings.weight": [len(vocabulary), HIDDEN], "embeddings.position_embeddings.weight": [POSITIONS, HIDDEN],
              "embeddings.token_type_embeddings.weight": [2, HIDDEN]}
    linear = {"embeddings.LayerNorm": None}
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            linear[prefix + part] = [HIDDEN, HIDDEN]
        linear[prefix + "attention.output.LayerNorm"] = linear[prefix + "output.LayerNorm"] = None
        linear[prefix + "intermediate.dense"] = [FEED_FORWARD, HIDDEN]
        linear[prefix + "output.dense"] = [HIDDEN, FEED_FORWARD]
    linear["pooler.dense"] = [HIDDEN, HIDDEN]
    generator, tensors = random.Random(1), {}

    def add(name, shape, value):
        count = 1
        for size in shape:
            count *= size
        tensors[name] = ("F32", shape, array.array("f", [value() for _ in range(count)]).tobytes())

    for name, shape in shapes.items():
        add(name, shape, lambda: generator.gauss(0, .1))
    for name, shape in linear.items():
        if shape is None:
            add(name + ".weight", [HIDDEN], lambda: 1.0)
            add(name + ".bias", [HIDDEN], lambda: 0.0)
        else:
            add(name + ".weight", shape, lambda: generator.gauss(0, .1))
            add(name + ".bias", [shape[0]], lambda: 0.0)
    winnow.write_safetensors(directory / "model.safetensors", tensors)


def main():
    program, name = os.path.abspath(sys.argv[1]), sys.argv[2]
    target = HERE / "bundles"
    target.mkdir(exist_ok=True)
    lines = winnow.messages()
    with tempfile.TemporaryDirectory() as work:
        data = pathlib.Path(work, "messages.tsv")
        data.write_text("".join(lines[:161]), encoding="utf-8")
        held_out = pathlib.Path(work, "held-out.tsv")
        held_out.write_text("".join(lines[:1] + lines[161:401]), encoding="utf-8")
        base = pathlib.Path(work, "tiny")
        base.mkdir()
        write_base_model(base, [line.split("\t")[-1] for line in lines[1:161]])

        def run(*arguments):
            done = subprocess.run([program, *map(str, arguments)], cwd=work, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"{arguments} failed:\n{done.stdout}{done.stderr}")
            return done.stdout

        common = ("--output-dir",)
        run("train", data, "--kind", "lr", "--max-features", 300, *common, "lr", "--seed", 1)
        run("train", data, "--kind", "svm", "--max-features", 300, "--fold-disguises", *common, "svm", "--seed", 1)
        run("train", data, "--base-model", base, "--epochs", 6, "--lr", "5e-3", "--max-length", 48, "--long-text", "head+tail", "--precision", "f32",
            *common, "bert", "--seed", 1)
        run("quantize", "bert", "--output", "int8", "--max-drop", "1")
        run("calibrate", "lr", held_out, "--max-fpr", ".1")
        expected = {}
        for kind in ("lr", "svm", "bert", "int8"):
            texts = pathlib.Path(work, "texts.txt")
            texts.write_text("".join(text + "\n" for text in TEXTS if text), encoding="utf-8")
            expected[kind] = [json.loads(line) for line in run("classify", kind, "--input", texts, "--json").splitlines()]
            bundle = target / f"{name}-{kind}"
            shutil.rmtree(bundle, ignore_errors=True)
            shutil.copytree(pathlib.Path(work, kind), bundle, ignore=shutil.ignore_patterns("checkpoint-*"))
        (target / f"{name}.json").write_text(json.dumps({"texts": [text for text in TEXTS if text], "predictions": expected}, ensure_ascii=False, indent=1) + "\n",
                                             encoding="utf-8")


if __name__ == "__main__":
    main()
