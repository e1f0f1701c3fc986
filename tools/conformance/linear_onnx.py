#!/usr/bin/env python3
"""Runs linear models that were exported to ONNX in onnxruntime, and scikit-learn's pipelines that were imported from it.

    tools/conformance/linear_onnx.py WINNOW [--venv DIR] [--shared DIR]

Needs onnxruntime, onnx and numpy; where this Python has none, a virtual environment with them is made in DIR, and used again
later. Where there are scikit-learn and skl2onnx too, pipelines are made and imported.
  - Linear models of every kind and analyzer are trained on examples/data, and on SMS and CLINC150 where the shared
    directory is there; each is exported, and its answers to all texts, to strange ones and to the characters of
    Unicode are those of `winnow classify`: probabilities within 1e-5
  - word models come back by `winnow import` with the same probabilities
  - the shared directory's lr-tfidf-baseline.onnx is imported: on all SMS texts labels are onnxruntime's, probabilities
    within 1e-5
Exits 0 when all is as it should be, 77 when the packages can't be had ("skipped: ..."), else 1.
"""
import argparse
import csv
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import packages

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "data"
# This directory has a file with a package's name, which would be found in its place.
sys.path = [entry for entry in sys.path if Path(entry or ".").resolve() != Path(__file__).resolve().parent]
PACKAGES = ("onnxruntime", "onnx", "numpy", "tokenizers")  # those of onnx.py, whose environment this is too
TOLERANCE = 1e-5
STRANGE = [
    "", " ", "\n", "a", "a b", "  two  spaces ", "\tone tab\tand\t\ttwo\r\n", "free free FREE prize", "x" * 3000, "é", "ÉCOLE école",
    "İstanbul DİKKAT İ iİ", "ΟΔΟΣ οδός Οδοσ ΣΑΣ", "漢字 日本語テキスト", "İ", "K kelvin K", "straße STRASSE", "🙂🙂 free 🙂", "a\x00b free\x00prize", "\u2003em\u2003space\u2003\u2003two",
    "non\u00a0breaking \u00a0 space", "combi\u0301ning", "_under_score __ _", "12 1 123 ½ ² Ⅷ", "זה טקסט", "यह हिन्दी है", "ไทย", "a.b,c;d", "don't won't", "\u200bzero\u200bwidth",
    "call now " * 200, "\ufeffbom", "\x1c\x1dseparators\x1e\x1f", "ǅ ǆ Ǆ ŉ ŉ ﬁ ﬁre",
]
PLANES_IN_USE = (0, 1, 2, 3, 14)
GREEK = ["Ο ΔΡΟΜΟΣ ΕΙΝΑΙ ΜΕΓΑΛΟΣ", "ο δρόμος είναι μεγάλος", "ΚΕΡΔΙΣΤΕ ΔΩΡΑ ΤΗΣ ΕΤΑΙΡΙΑΣ ΜΑΣ", "κερδίστε δώρα της εταιρίας μας"]


def without(texts, characters):
    return [text for text in texts if not set(text) & set(characters)]


class Failed(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failed(message)


def run(*command, code=0):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    check(done.returncode == code, f"{' '.join(map(str, command))} exited with {done.returncode}:\n{done.stderr.strip()}")
    return done.stdout


def session(model):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def onnx_answers(runner, texts, batch=64):
    """(labels or None, probabilities [texts, labels])"""
    import numpy

    names = [output.name for output in runner.get_outputs()]
    labels, rows = [], []
    for begin in range(0, len(texts), batch):
        column = numpy.array(texts[begin:begin + batch], dtype=object).reshape(-1, 1)
        results = dict(zip(names, runner.run(None, {runner.get_inputs()[0].name: column})))
        probabilities = next(results[name] for name in names if "label" not in name)
        if isinstance(probabilities, list):  # ZipMap
            probabilities = numpy.array([list(row.values()) for row in probabilities])
        rows.append(probabilities)
        labels += [label for name in names if "label" in name for label in results[name].tolist()]
    return labels or None, numpy.concatenate(rows)


def winnow_answers(winnow, bundle, texts, directory):
    import numpy

    path = directory / "texts.jsonl"
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    classes = json.loads((bundle / "labels.json").read_text(encoding="utf-8"))["classes"]
    run(winnow, "classify", bundle, "--input", path, "--output", directory / "answers.jsonl", "--json", "--quiet")
    answers = [json.loads(line) for line in (directory / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    check(len(answers) == len(texts), f"{len(texts)} texts, {len(answers)} answers")
    rows = []
    for answer in answers:
        scores = {each["label"]: each["score"] for each in answer["scores"]}
        rows.append([scores[label] for label in classes])
    return classes, [answer.get("label") for answer in answers], numpy.array(rows)


def worst(ours, theirs, texts, what):
    import numpy

    check(ours.shape == theirs.shape, f"{what}: {theirs.shape} probabilities, expected {ours.shape}")
    difference = numpy.abs(ours - theirs).max(axis=1)
    place = int(difference.argmax())
    check(bool(numpy.isfinite(difference).all()) and difference[place] <= TOLERANCE,
          f"{what}: {ours[place]} and {theirs[place]} for {texts[place][:60]!r}; {int((difference > TOLERANCE).sum())} of {len(texts)} texts differ")
    return float(difference[place])


def compare_export(winnow, data, texts, options, directory):
    import onnx

    bundle = directory / "bundle"
    run(winnow, "train", data, "--output-dir", bundle, "--quiet", "--overwrite", *options)
    run(winnow, "export", bundle, "--quiet")
    run(winnow, "verify", bundle)
    file = bundle / "onnx" / "model.onnx"
    onnx.checker.check_model(str(file), full_check=True)
    classes, _, ours = winnow_answers(winnow, bundle, texts, directory)
    runner = session(str(file))
    labels, theirs = onnx_answers(runner, texts)
    name = f"{Path(data).name} {' '.join(options)}"
    difference = worst(ours, theirs, texts, name)
    if labels:
        for text, label, row in zip(texts, labels, ours):
            check(row[classes.index(label)] >= row.max() - TOLERANCE, f"{name}: label '{label}' for {text[:60]!r}, probabilities {row}")
    # One by one: what a batch pads changes nothing.
    places = [*range(20), *range(len(texts) - 30, len(texts))]
    some = [texts[i] for i in places]
    worst(onnx_answers(runner, some, 1)[1], theirs[places], some, f"{name}, alone")
    back = ""
    if "char" not in " ".join(options) and "both" not in options:
        run(winnow, "import", file, "--output-dir", directory / "back", "--overwrite", "--quiet")
        back_classes, _, imported = winnow_answers(winnow, directory / "back", texts, directory)
        check(back_classes == classes, f"{name}: imported labels are {back_classes}")
        back = f"; imported again within {worst(ours, imported, texts, name + ', imported'):.1g}"
    print(f"ok: {name}: {len(texts)} texts, probabilities within {difference:.1g}{back}; {os.path.getsize(file) / 1e6:.1f} MB", flush=True)


def every_character():
    """Each as a word's part and alone, but the one whose lower case is two characters, the capital sigma, and the one that
    divides a text's fields. Of the planes that Unicode has left empty or for private use, whose characters are all alike, each
    64th, and the last ones."""
    characters = [chr(c) for c in range(1, 0x110000) if (c >> 16 in PLANES_IN_USE or c % 64 == 0 or c & 0xFFFF >= 0xFFFC)
                  and not 0xD800 <= c < 0xE000 and c not in (0x1E, 0x130, 0x3A3)]
    return [" ".join(f"fr{c}ee {c} {c}prize win{c}" for c in characters[begin:begin + 200]) for begin in range(0, len(characters), 200)]


def in_this_locale(model):
    """StringNormalizer asks for en_US where it isn't told: few servers have it. C.UTF-8 does the same."""
    import onnx

    for node in model.graph.node:
        if node.op_type == "StringNormalizer" and not any(attribute.name == "locale" for attribute in node.attribute):
            node.attribute.append(onnx.helper.make_attribute("locale", "C.UTF-8"))
    return model.SerializeToString()


def compare_import(winnow, file, texts, directory, name, labels=None):
    import onnx

    bundle = directory / "imported"
    run(winnow, "import", file, "--output-dir", bundle, "--overwrite", "--quiet", *(["--labels", ",".join(labels)] if labels else []))
    run(winnow, "verify", bundle)
    classes, ours_labels, ours = winnow_answers(winnow, bundle, texts, directory)
    theirs_labels, theirs = onnx_answers(session(in_this_locale(onnx.load(str(file)))), texts)
    difference = worst(theirs, ours, texts, name)
    if labels:
        theirs_labels = [labels[int(label)] for label in theirs_labels]
    wrong = [i for i, label in enumerate(theirs_labels) if str(label) != ours_labels[i] and abs(theirs[i].max() - sorted(theirs[i])[-2]) > TOLERANCE]
    check(not wrong, f"{name}: label '{ours_labels[wrong[0]] if wrong else ''}', not '{theirs_labels[wrong[0]] if wrong else ''}'")
    print(f"ok: {name}: {len(texts)} texts, the same labels, probabilities within {difference:.1g}", flush=True)


def pipelines(texts, labels, directory):
    """(name, file) of scikit-learn's pipelines."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import StringTensorType
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    three = [("short", "middle", "long")[min(len(text) // 40, 2)] for text in texts]
    made = [("count", CountVectorizer(ngram_range=(1, 2)), labels), ("tfidf", TfidfVectorizer(ngram_range=(1, 2)), labels),
            ("count of three labels", CountVectorizer(ngram_range=(1, 2)), three), ("tfidf of three labels", TfidfVectorizer(ngram_range=(1, 2)), three),
            ("capitals", TfidfVectorizer(lowercase=False), labels), ("no norm", TfidfVectorizer(norm=None), labels)]
    for zipmap in (True, False):
        for name, vectorizer, truth in made:
            pipeline = make_pipeline(vectorizer, LogisticRegression(max_iter=1000)).fit(texts, truth)
            model = convert_sklearn(pipeline, initial_types=[("text", StringTensorType([None, 1]))], options={id(pipeline): {"zipmap": zipmap}})
            file = directory / "pipeline.onnx"
            file.write_bytes(model.SerializeToString())
            yield f"scikit-learn's pipeline, {name}{', zipmap' if zipmap else ''}", file


def write_tsv(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.write("label\ttext\n")
        file.writelines(f"{label}\t{text}\n" for label, text in rows)
    return path


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "conformance-venv")
    parser.add_argument("--shared", type=Path, default=Path(os.environ.get("WINNOW_SHARED", ROOT.parent / "shared")))
    arguments = parser.parse_args()
    packages.use(PACKAGES, arguments.venv)
    winnow = arguments.winnow.resolve()

    with open(EXAMPLES / "messages.tsv", encoding="utf-8") as file:
        examples = [line.rstrip("\n").split("\t") for line in file][1:]
    with open(EXAMPLES / "multilingual.tsv", encoding="utf-8") as file:
        multilingual = [row["text"] for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)]
    with tempfile.TemporaryDirectory(prefix="winnow-linear-onnx-") as name:
        directory = Path(name)
        # Words in which characters of other scripts count; Greek capitals and small letters with their sigmas.
        data = write_tsv(directory / "messages.tsv", examples + [("spam", f"win{text} prize") for text in STRANGE[9:] if not set(text) & set("\t\r\n\x00\x1c\x1d\x1e\x1f")]
                         + [("spam", text) for text in GREEK])
        three = write_tsv(directory / "three.tsv", [(("short", "middle", "long")[min(len(text) // 40, 2)], text) for _, text in examples])
        many = directory / "many.jsonl"
        many.write_text("".join(json.dumps({"text": text, "labels": [label] * (label == "spam") + ["long"] * (len(text) > 60)}) + "\n" for label, text in examples), encoding="utf-8")
        texts = [text for _, text in examples] + multilingual + GREEK + STRANGE
        # Of characters the header excepts these two letters.
        plain = without(texts, "İΣ")
        analyzers = [["--analyzer", "word"], ["--analyzer", "word", "--sublinear", "--ngrams", "2-3"], ["--analyzer", "char"], ["--analyzer", "char_wb"],
                     ["--analyzer", "both", "--sublinear"], ["--analyzer", "char_wb", "--ngrams", "4-6", "--max-features", "0"]]
        for kind in (["--kind", "lr"], ["--kind", "svm"]):
            for analyzer in analyzers:
                compare_export(winnow, data, texts if "word" in analyzer else plain, kind + analyzer, directory)
        for options in (["--kind", "lr"], ["--kind", "lr", "--one-vs-rest"], ["--kind", "svm"], ["--kind", "svm", "--analyzer", "both"]):
            compare_export(winnow, three, plain if "both" in options else texts, options, directory)
        for options in (["--kind", "lr"], ["--kind", "svm", "--analyzer", "char_wb"]):
            compare_export(winnow, many, plain if "char_wb" in options else texts, options, directory)
        characters = every_character()
        for analyzer in ("word", "char", "char_wb"):
            compare_export(winnow, data, characters + without(STRANGE, "İΣ"), ["--kind", "lr", "--analyzer", analyzer], directory)

        if importlib.util.find_spec("sklearn") and importlib.util.find_spec("skl2onnx"):
            for title, file in pipelines([text for _, text in examples], [label for label, _ in examples], directory):
                compare_import(winnow, file, without(texts, "İ"), directory, title)
        else:
            print("scikit-learn's own pipelines are left out: no skl2onnx here")

        fixture, sms, clinc = (arguments.shared / part for part in ("fixtures/lr-tfidf-baseline.onnx", "data/sms_spam/SMSSpamCollection", "data/clinc150/data_full.json"))
        if not fixture.exists():
            print(f"SMS, CLINC150 and the imported baseline are left out: no {arguments.shared}")
            return
        messages = [line.split("\t", 1) for line in sms.read_text(encoding="utf-8").split("\n") if line]
        sms_texts = [text for _, text in messages]
        compare_import(winnow, fixture, sms_texts, directory, "lr-tfidf-baseline.onnx")
        compare_import(winnow, fixture, sms_texts, directory, "lr-tfidf-baseline.onnx with labels", ["ham", "spam"])
        data = write_tsv(directory / "sms.tsv", messages)
        for options in (["--kind", "lr"], ["--kind", "svm", "--analyzer", "both"]):
            compare_export(winnow, data, sms_texts + (plain[-20:] if "both" in options else STRANGE), options, directory)
        intents = json.loads(clinc.read_text(encoding="utf-8"))
        data = write_tsv(directory / "clinc150.tsv", [(label, text) for text, label in intents["train"]])
        # 150 probabilities of each text are read and compared: a third of the texts, and models whose C is not searched for.
        clinc_texts = [text for part in ("val", "test", "oos_test") for text, _ in intents[part]][::3]
        for options in (["--kind", "lr", "--C", "10"], ["--kind", "svm", "--C", "1"]):
            compare_export(winnow, data, clinc_texts + STRANGE, options, directory)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"failed: {failure}")
