#!/usr/bin/env python3
"""Runs exported ONNX files in onnxruntime and compares their answers with Winnow's own.

    tools/conformance/onnx.py WINNOW [--venv DIR] [--shared DIR] [--texts 500]

Needs onnxruntime, onnx and numpy; where this Python has none, a virtual environment with them is made in DIR, and used
again later. Trains a small model from scratch on examples/data, and where the shared directory is there also fine-tunes
MiniLM; exports each in all forms, and checks that
  - onnx's checker accepts every file, with full checks
  - logits of the float file are within 1e-3 of Winnow's, for real texts, alone and in batches of 32, with and without padding
  - labels of the INT8 file are those of the float file for 99.5 % of the texts
  - the softmax of the logits is Winnow's probabilities within 1e-6, since the temperature is part of the file, unless
    --no-bake-temperature leaves it to metadata; by the tokenizers library with the exported tokenizer.json alone, too
  - --external-data changes no bit, and --with-token-types gives the logits of a model that has the other type folded in
  - onnxruntime has fast kernels for every product of the INT8 graph
  - random models of every family give the logits that transformers gave, where the shared directory has them
Exits 0 when all is as it should be, 77 when the packages can't be had ("skipped: ..."), else 1.
"""
import argparse
import hashlib
import json
import math
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import packages

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "data" / "messages.tsv"
# This file has the package's name, and would be found in its place.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
PACKAGES = ("onnxruntime", "onnx", "numpy", "tokenizers")
TOLERANCE = 1e-3
PROBABILITY_TOLERANCE = 2e-6  # of floats
AGREEMENT = 0.995
BATCH = 32
PADDED = 100  # texts that are padded further than their batch needs, the last ones


class Failed(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failed(message)


def run(*command, stdin=None):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, input=stdin)
    check(done.returncode == 0, f"{' '.join(map(str, command))} exited with {done.returncode}:\n{done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def session(path, optimized=None, exact=False):
    """`exact`: the products of the INT8 graph without saturation. On a CPU that has AVX2 or AVX-512 but no VNNI, onnxruntime adds
    pairs of products in 16 bits by default, which overflow where two large weights meet two large activations."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    if exact:
        options.add_session_config_entry("session.x64quantprecision", "1")
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    if optimized:
        options.optimized_model_filepath = str(optimized)
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def logits_of(runner, texts, batch=1, extra=0, token_type=None):
    """[texts, labels] for lists of token ids; `extra` columns of padding behind the longest text of a batch."""
    import numpy

    answers = []
    for begin in range(0, len(texts), batch):
        part = texts[begin:begin + batch]
        ids = numpy.zeros((len(part), max(map(len, part)) + extra), numpy.int64)
        mask = numpy.zeros_like(ids)
        for row, text in enumerate(part):
            ids[row, :len(text)] = text
            mask[row, :len(text)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask}
        if token_type is not None:
            inputs["token_type_ids"] = numpy.full_like(ids, token_type)
        answers.append(runner.run(["logits"], inputs)[0])
    return numpy.concatenate(answers)


def check_file(path):
    """onnx's own opinion, and ours of what a plain client finds."""
    import onnx

    onnx.checker.check_model(str(path), full_check=True)
    model = onnx.load(str(path), load_external_data=False)
    check(model.ir_version == 8 and [(o.domain, o.version) for o in model.opset_import] == [("", 17)],
          f"{path}: is not IR version 8 with operators of version 17")
    return model


def count_operators(path, directory):
    """Operators by name after onnxruntime's optimizer."""
    import collections

    import onnx

    optimized = directory / "optimized.onnx"
    session(path, optimized)
    return collections.Counter(node.op_type for node in onnx.load(str(optimized)).graph.node)


def difference(ours, theirs):
    import numpy

    check(ours.shape == theirs.shape, f"logits are {theirs.shape}, expected {ours.shape}")
    value = float(numpy.abs(ours.astype(numpy.float64) - theirs).max())
    check(math.isfinite(value), "logits hold NaN or infinite values")
    return value


def centred(logits):
    return logits - logits.mean(axis=1, keepdims=True)


def winnow_probabilities(winnow, bundle, lines):
    import numpy

    labels = json.loads((bundle / "labels.json").read_text(encoding="utf-8"))["classes"]
    rows = []
    for answer in run(winnow, "classify", bundle, "--json", "--quiet", "--weights", "float", "--", *lines):
        scores = {each["label"]: each["score"] for each in answer["scores"]}
        rows.append([scores[label] for label in labels])
    return numpy.array(rows)


def logits_by(probabilities):
    """Logits by their temperature, up to a constant of each text: log p, less its mean, which the softmax takes away."""
    import numpy

    return centred(numpy.log(probabilities))


def softmax(logits):
    import numpy

    powers = numpy.exp(logits.astype(numpy.float64) - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def compare_temperature(winnow, bundle, lines, directory):
    """A model with a clear temperature, read by others as they read any model: no temperature, the tokenizer's own length."""
    import numpy

    manifest = json.loads((bundle / "winnow.json").read_text(encoding="utf-8"))
    copy = directory / "calibrated"
    shutil.copytree(bundle, copy)
    manifest.update(temperature=2.5, max_length=24)
    (copy / "winnow.json").write_text(json.dumps(manifest), encoding="utf-8")
    texts = [*lines[:100], "word and more words " * 100]
    expected = winnow_probabilities(winnow, copy, texts)
    for options, temperature in (([], 1.0), (["--no-bake-temperature"], 2.5)):
        exported = directory / f"exported{len(options)}"
        run(winnow, "export", copy, "--output", exported, "--json", "--quiet", *options)
        metadata = json.loads((exported / "onnx" / "model_metadata.json").read_text(encoding="utf-8"))
        check(metadata["temperature"] == temperature, f"metadata have the temperature {metadata['temperature']}")
        check(metadata.get("baked_temperature") == (None if options else 2.5), f"metadata say {metadata.get('baked_temperature')}")
        ids = encode_by_tokenizers(exported, texts)
        check(max(map(len, ids)) == 24, f"the longest text has {max(map(len, ids))} tokens, expected 24")
        logits = logits_of(session(exported / "onnx" / "model.onnx"), ids) / metadata["temperature"]
        worst = difference(expected, softmax(logits))
        check(worst <= PROBABILITY_TOLERANCE, f"probabilities differ by {worst:.2g} ({options})")
        print(f"ok: temperature {options or 'baked'}: probabilities differ by at most {worst:.2g}", flush=True)
    # Calibrated once more, the files follow.
    run(winnow, "export", copy, "--json", "--quiet")
    run(winnow, "calibrate", copy, EXAMPLES, "--force", "--quiet")
    worst = difference(winnow_probabilities(winnow, copy, texts),
                       softmax(logits_of(session(copy / "onnx" / "model.onnx"), encode_by_tokenizers(exported, texts))))
    check(worst <= PROBABILITY_TOLERANCE, f"after another calibration probabilities differ by {worst:.2g}")
    check(numpy.isfinite(expected).all(), "probabilities are not finite")


def encode_by_tokenizers(directory, texts):
    """As the tokenizers library does it by tokenizer.json, without a word about lengths."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
    return [tokenizer.encode(text).ids for text in texts]


def session_of_export(winnow, bundle, target):
    run(winnow, "export", bundle, "--output", target, "--json", "--quiet")
    return session(target / "onnx" / "model.onnx")


def second_type_first(bundle, target):
    """A copy of a model without its tokenizer in which token type 0 is what type 1 is here."""
    target.mkdir()
    for name in ("config.json", "model.safetensors"):
        shutil.copyfile(bundle / name, target / name)
    data = bytearray((target / "model.safetensors").read_bytes())
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    name = next(name for name in header if name.endswith("token_type_embeddings.weight"))
    begin, end = header[name]["data_offsets"]
    row = (end - begin) // header[name]["shape"][0]
    data[start + begin:start + begin + row] = data[start + begin + row:start + begin + 2 * row]
    (target / "model.safetensors").write_bytes(data)
    return target


def compare_bundle(winnow, bundle, lines, directory):
    """A trained bundle with its tokenizer, and texts, a line each."""
    import numpy

    exported = directory / "exported"
    results = run(winnow, "export", bundle, "--format", "onnx,onnx-int8", "--output", exported, "--json", "--quiet")
    run(winnow, "verify", exported, "--json")
    config = json.loads((exported / "config.json").read_text(encoding="utf-8"))
    metadata = json.loads((exported / "onnx" / "model_metadata.json").read_text(encoding="utf-8"))
    check(set(metadata["sha256"]) == {"model.onnx", "model_quantized.onnx"}, f"metadata names {metadata['sha256']}")
    check(metadata["labels"] == [config["id2label"][str(i)] for i in range(len(metadata["labels"]))], "labels differ")
    check((exported / "tokenizer.json").exists(), "the export has no tokenizer.json")
    sizes = [result["bytes"] for result in results]
    check([os.path.getsize(result["path"]) for result in results] == sizes, f"files have other sizes than {sizes}")
    check(sizes[1] < 0.3 * sizes[0], f"the INT8 file has {sizes[1]} bytes, the float file {sizes[0]}")
    for name in ("model.onnx", "model_quantized.onnx"):
        check_file(exported / "onnx" / name)

    # As Winnow's own tokenizer does it; what is compared here is the model.
    max_length = json.loads((bundle / "winnow.json").read_text(encoding="utf-8"))["max_length"]
    texts = [line["ids"] for line in run(winnow, "tokenize", bundle, "--max-length", max_length, "--", *lines)]
    probabilities = winnow_probabilities(winnow, bundle, lines)
    expected = logits_by(probabilities)
    check(len(texts) == len(lines) == len(expected), f"{len(lines)} texts, {len(texts)} tokenized, {len(expected)} answers")

    plain = session(exported / "onnx" / "model.onnx")
    alone = logits_of(plain, texts)
    by_length = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    in_order = numpy.empty_like(alone)
    in_order[by_length] = logits_of(plain, [texts[i] for i in by_length], BATCH)
    extra = min(7, config["max_position_embeddings"] - max(map(len, texts)))
    padded = min(len(texts), PADDED)
    ways = {"alone": alone, "alone, padded": logits_of(plain, texts[-padded:], 1, extra), f"batches of {BATCH}": logits_of(plain, texts, BATCH),
            f"batches of {BATCH} by length": in_order}
    worst = {way: difference(expected[-len(logits):], centred(logits)) for way, logits in ways.items()}
    for way, value in worst.items():
        check(value <= TOLERANCE, f"float logits ({way}) differ by {value:.2g}")
    exact = difference(probabilities, softmax(alone))
    check(exact <= PROBABILITY_TOLERANCE, f"probabilities differ by {exact:.2g}")

    quantized = session(exported / "onnx" / "model_quantized.onnx")
    agreement, rounded = {}, logits_of(quantized, texts)
    for way, logits in (("alone", rounded), (f"batches of {BATCH}", logits_of(quantized, texts, BATCH))):
        agreement[way] = float((logits.argmax(axis=1) == alone.argmax(axis=1)).mean())
        check(agreement[way] >= AGREEMENT, f"INT8 labels ({way}) agree with {agreement[way]:.2%}")
    int8_difference = difference(alone, rounded)

    external = directory / "external"
    run(winnow, "export", bundle, "--format", "onnx,onnx-int8", "--external-data", "--output", external, "--json", "--quiet")
    for name, inline in (("model.onnx", plain), ("model_quantized.onnx", quantized)):
        check_file(external / "onnx" / name)
        check(numpy.array_equal(logits_of(session(external / "onnx" / name), texts[:50], BATCH), logits_of(inline, texts[:50], BATCH)),
              f"{name}: external data give other logits")

    types = "no token types in a DistilBERT"
    if config["model_type"] == "bert":
        typed = directory / "typed"
        run(winnow, "export", bundle, "--with-token-types", "--output", typed, "--json", "--quiet")
        check_file(typed / "onnx" / "model.onnx")
        runner = session(typed / "onnx" / "model.onnx")
        values = [difference(alone[:50], logits_of(runner, texts[:50], token_type=0))]
        if config.get("type_vocab_size", 2) > 1:
            other = second_type_first(bundle, directory / "other")
            run(winnow, "export", other, "--json", "--quiet")
            folded = logits_of(session(other / "onnx" / "model.onnx"), texts[:50])
            temperature = metadata["baked_temperature"]  # a copy without winnow.json has none
            values.append(difference(folded, temperature * logits_of(runner, texts[:50], token_type=1)))
            check(difference(temperature * alone[:50], folded) > TOLERANCE, "token types make no difference, so they weren't tested")
        check(max(values) <= TOLERANCE, f"token types: logits differ by {max(values):.2g}")
        types = f"{len(values)} token types within {max(values):.2g}"

    operators = count_operators(exported / "onnx" / "model_quantized.onnx", directory)
    layers = config.get("num_hidden_layers", config.get("n_layers"))
    fused = operators["MatMulIntegerToFloat"] + operators["DynamicQuantizeMatMul"]
    check(operators["MatMulInteger"] == 0 and fused == 6 * layers + 1,
          f"onnxruntime fused {fused} of {6 * layers + 1} integer products: {dict(operators)}")
    lengths = numpy.array([len(text) for text in texts])
    print(f"ok: {bundle.name}: {len(texts)} texts, {lengths.mean():.1f} tokens on average, at most {lengths.max()}; float logits differ by at "
          f"most {max(worst.values()):.2g}; INT8 labels agree {min(agreement.values()):.2%}, logits differ by at most "
          f"{int8_difference:.2g}; {types}; {sizes[0] / 1e6:.1f} MB and {sizes[1] / 1e6:.1f} MB", flush=True)


def compare_activation(winnow, bundle, activation, lines, directory):
    """The same model with another function in it. It answers nonsense, but the same nonsense in both."""
    changed = directory / "changed"
    shutil.copytree(bundle, changed)
    before = (changed / "config.json").read_bytes()
    after = json.dumps({**json.loads(before), "hidden_act": activation}).encode()
    (changed / "config.json").write_bytes(after)
    manifest = changed / "winnow.json"  # has the digest of each file
    if manifest.exists():
        digests = [hashlib.sha256(content).hexdigest() for content in (before, after)]
        manifest.write_text(manifest.read_text(encoding="utf-8").replace(*digests), encoding="utf-8")
    run(winnow, "export", changed, "--json", "--quiet")
    check_file(changed / "onnx" / "model.onnx")
    texts = [line["ids"] for line in run(winnow, "tokenize", changed, "--max-length", "64", "--", *lines)]
    runner = session(changed / "onnx" / "model.onnx")
    before = session_of_export(winnow, bundle, directory / "before")
    short = [line for line, ids in zip(lines, texts) if len(ids) < 64]
    texts = [ids for ids in texts if len(ids) < 64]
    logits = centred(logits_of(runner, texts, BATCH))
    worst = difference(logits_by(winnow_probabilities(winnow, changed, short)), logits)
    check(worst <= TOLERANCE, f"{activation}: float logits differ by {worst:.2g}")
    check(difference(logits, centred(logits_of(before, texts, BATCH))) > 10 * worst, f"{activation}: changes nothing")
    print(f"ok: {activation}: float logits differ by at most {worst:.2g}", flush=True)


def compare_fixture(winnow, fixture, directory):
    """A random model without a tokenizer, whose logits transformers computed."""
    import numpy

    bundle = directory / fixture.name
    shutil.copytree(fixture, bundle)
    run(winnow, "export", bundle, "--format", "onnx,onnx-int8", "--json", "--quiet")
    expected = json.loads((fixture / "expected.json").read_text(encoding="utf-8"))
    texts, logits = expected["input_ids"], numpy.array(expected["logits"])
    check_file(bundle / "onnx" / "model.onnx")
    check_file(bundle / "onnx" / "model_quantized.onnx")
    plain = session(bundle / "onnx" / "model.onnx")
    worst = max(difference(logits, logits_of(plain, texts, batch)) for batch in (1, 2, len(texts)))
    check(worst <= 1e-4, f"float logits differ by {worst:.2g} from those of {expected['made_with']}")
    quantized = session(bundle / "onnx" / "model_quantized.onnx", exact=True)
    rounded = difference(logits, logits_of(quantized, texts, len(texts)))
    check(rounded <= 0.1 * numpy.abs(logits).max(), f"INT8 logits differ by {rounded:.2g}")
    print(f"ok: {fixture.name}: logits of {expected['made_with']} within {worst:.2g}, INT8 {rounded:.2g}", flush=True)


def messages_for(shared, count, directory):
    """A file to train on, and texts: real messages that are not in it where there are any, else the few examples; and some texts
    that are no messages."""
    source = shared / "data" / "sms_spam" / "SMSSpamCollection"
    if not source.exists():
        source = EXAMPLES
    lines = [line for line in source.read_text(encoding="utf-8").splitlines() if line.startswith(("ham\t", "spam\t"))]
    chosen = lines if source == EXAMPLES else lines[:-count][:600]
    train = directory / "train.tsv"
    train.write_text("label\ttext\n" + "".join(line + "\n" for line in chosen), encoding="utf-8")
    odd = ["", "x", "long " * 700, "Caf\u00e9 na\u00efve \u4f60\u597d \U0001f600"]
    return train, [line.split("\t", 1)[1] for line in lines[-count:]] + odd


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "conformance-venv")
    parser.add_argument("--shared", type=Path, default=os.environ.get("WINNOW_SHARED", ROOT / ".." / "shared"))
    parser.add_argument("--texts", type=int, default=500)
    arguments = parser.parse_args()
    packages.use(PACKAGES, arguments.venv.absolute())

    winnow, shared = arguments.winnow.resolve(), Path(arguments.shared)
    failures = 0
    with tempfile.TemporaryDirectory(prefix="winnow-onnx-") as temporary:
        def attempt(name, compare, *inputs):
            nonlocal failures
            directory = Path(temporary) / f"{name}.work"
            directory.mkdir()
            try:
                compare(winnow, *inputs, directory)
            except Exception as failure:  # onnxruntime and onnx raise types of their own
                failures += 1
                kind = "" if isinstance(failure, Failed) else f"{type(failure).__name__}: "
                print(f"failed: {name}: {kind}{failure}", file=sys.stderr, flush=True)

        train, lines = messages_for(shared, arguments.texts, Path(temporary))
        models = {"scratch": ["--base-model", "scratch", "--epochs", "10"]}
        minilm = shared / "models" / "all-MiniLM-L6-v2"
        if minilm.exists():
            models["minilm"] = ["--base-model", minilm, "--epochs", "1", "--lr", "1e-4"]
        for name, options in models.items():
            bundle = Path(temporary) / name
            run(winnow, "train", train, "--output-dir", bundle, "--quiet", *options)
            attempt(name, compare_bundle, bundle, lines)
        attempt("temperature", compare_temperature, Path(temporary) / "scratch", lines)
        for activation in ("gelu_new", "relu"):
            attempt(activation, compare_activation, Path(temporary) / "scratch", activation, lines[:100])
        for name in ("bert", "bert_multilabel", "distilbert", "roberta", "xlm_roberta", "deberta_v3", "deberta_v2_unshared"):
            fixture = shared / "fixtures" / "encoders" / name
            if fixture.exists():
                attempt(name, compare_fixture, fixture)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
