"""10,000 messages of a pandas column, beside transformers' pipeline and onnxruntime: one model, one machine, one run.

    python packages/python/bench/bench.py --bundle BUNDLE --data TSV --winnow WINNOW [--peers PYTHON] [--repeats 3] [--threads 2]

BUNDLE has float and INT8 weights (`winnow train DATA --base-model all-MiniLM-L6-v2 --epochs 1 --quantize`); TSV has a label and a
text per line. PYTHON has torch, transformers, tokenizers and onnxruntime with its quantization tools; this Python has winnow and
pandas. Every tool runs in a process of its own, the tools alternate, and figures are medians of the repeats: texts per second, and
per second of CPU time, which other work on the machine hardly changes (with --threads 1; threads that wait use CPU time, too).
Ratios are those of CPU time. transformers runs the
float weights (winnow.to_hf) in its pipeline: one text at a time, which is its default, and batches of 32. onnxruntime runs its own
quantize_dynamic of our fp32 export, per channel, with Hugging Face's tokenizers: batches of 32 in the order of the column, and
sorted by length, its best case."""

import argparse
import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

BATCH = 32


def read_texts(path, count):
    with open(path, encoding="utf-8") as file:
        texts = [line.rstrip("\n").split("\t", 1)[1] for line in file]
    return [texts[i % len(texts)] for i in range(count)]


def measure(call, texts, warm):
    """Texts per second, and per second of CPU time."""
    call(texts[:warm])
    began, cpu_began = time.perf_counter(), time.process_time()
    call(texts)
    return len(texts) / (time.perf_counter() - began), len(texts) / (time.process_time() - cpu_began)


def run_winnow(args, texts):
    import pandas as pd

    import winnow

    classifier = winnow.Classifier(args.model, threads=args.threads, weights="int8")
    rate = measure(lambda part: classifier.predict(pd.Series(part)), texts, 200)
    return {"rate": rate, "versions": f"winnow {winnow.__version__}, pandas {pd.__version__}"}


def run_transformers(args, texts):
    import torch
    import transformers

    torch.set_num_threads(args.threads)
    transformers.logging.set_verbosity_error()
    pipe = transformers.pipeline("text-classification", model=args.model, device="cpu")
    texts = texts[: args.peer_texts]
    rate = measure(lambda part: pipe(part, truncation=True, batch_size=args.batch), texts, 64)
    return {"rate": rate, "versions": f"transformers {transformers.__version__}, torch {torch.__version__}"}


def run_onnxruntime(args, texts):
    import numpy as np
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = args.threads
    session = onnxruntime.InferenceSession(args.model, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(args.tokenizer)
    tokenizer.enable_truncation(args.max_length)
    tokenizer.no_padding()

    def call(part):
        rows = [encoding.ids for encoding in tokenizer.encode_batch(part)]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i])) if args.sorted else list(range(len(rows)))
        labels = [0] * len(rows)
        for begin in range(0, len(order), BATCH):
            chosen = order[begin : begin + BATCH]
            ids = np.zeros((len(chosen), max(len(rows[i]) for i in chosen)), np.int64)
            mask = np.zeros_like(ids)
            for r, i in enumerate(chosen):
                ids[r, : len(rows[i])] = rows[i]
                mask[r, : len(rows[i])] = 1
            logits = session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
            for i, label in zip(chosen, logits.argmax(axis=1)):
                labels[i] = int(label)
        return labels

    rate = measure(call, texts[: args.peer_texts], 200)
    version = importlib.metadata.version("tokenizers")
    return {"rate": rate, "versions": f"onnxruntime {onnxruntime.__version__} INT8, tokenizers {version}"}


TOOLS = {"winnow": run_winnow, "transformers": run_transformers, "onnxruntime": run_onnxruntime}


def child(python, tool, args, model, *more):
    command = [python, __file__, "--tool", tool, "--model", model, "--data", args.data, "--threads", str(args.threads),
               "--texts", str(args.texts), "--peer-texts", str(args.peer_texts or args.texts), *more]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{tool} failed: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def cpu_name():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        return next((line.split(":", 1)[1].strip() for line in file if line.startswith("model name")), platform.machine())


def prepare(args, work):
    """The model in the forms of the peers."""
    import winnow

    hf = str(winnow.to_hf(args.bundle, os.path.join(work, "hf")))
    subprocess.run([args.winnow, "export", args.bundle, "--format", "onnx", "--output", os.path.join(work, "onnx"), "--quiet"], check=True)
    files = [os.path.join(root, name) for root, _, names in os.walk(os.path.join(work, "onnx")) for name in names if name == "model.onnx"]
    int8 = os.path.join(work, "int8.onnx")
    quantize = ("from onnxruntime.quantization import QuantType, quantize_dynamic; import sys; "
                "quantize_dynamic(sys.argv[1], sys.argv[2], weight_type=QuantType.QInt8, per_channel=True)")  # fmt: skip
    subprocess.run([args.peers, "-c", quantize, files[0], int8], check=True, capture_output=True)
    return hf, int8


def compare(args):
    with tempfile.TemporaryDirectory() as work:
        hf, int8 = prepare(args, work)
        with open(os.path.join(args.bundle, "winnow.json"), encoding="utf-8") as file:
            max_length = str(json.load(file)["max_length"])
        onnx = ["--tokenizer", os.path.join(args.bundle, "tokenizer.json"), "--max-length", max_length]
        runs = {
            "Winnow INT8": (sys.executable, "winnow", args.bundle),
            "transformers pipeline, default": (args.peers, "transformers", hf, "--batch", "1"),
            "transformers pipeline, batches of 32": (args.peers, "transformers", hf, "--batch", str(BATCH)),
            "onnxruntime, batches of 32": (args.peers, "onnxruntime", int8, *onnx),
            "onnxruntime, sorted by length": (args.peers, "onnxruntime", int8, *onnx, "--sorted"),
        }
        rates, versions = {name: [] for name in runs}, {}
        for _ in range(args.repeats):
            for name, (python, tool, model, *more) in runs.items():
                figures = child(python, tool, args, model, *more)
                rates[name].append(figures["rate"])
                versions[tool] = figures["versions"]
    print(f"{cpu_name()}, {args.threads} threads; Python {platform.python_version()}; {'; '.join(versions.values())}")
    print(f"{args.texts} texts, peers {args.peer_texts or args.texts}; medians of {args.repeats} alternating runs")
    own = statistics.median(cpu for _, cpu in rates["Winnow INT8"])
    for name, values in rates.items():
        rate, cpu = (statistics.median(column) for column in zip(*values))
        print(f"| {name} | {rate:,.0f}/s | {cpu:,.0f}/s | {'' if name == 'Winnow INT8' else f'{own / cpu:.1f}'} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--bundle")
    parser.add_argument("--data", required=True)
    parser.add_argument("--winnow", default="winnow")
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--texts", type=int, default=10000)
    parser.add_argument("--peer-texts", type=int, default=0, help="number of texts of the peers, which take minutes; 0: all")
    # Of the processes that are started for each tool.
    parser.add_argument("--tool", choices=TOOLS)
    parser.add_argument("--model")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--tokenizer")
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--sorted", action="store_true")
    args = parser.parse_args()
    if args.tool:
        print(json.dumps(TOOLS[args.tool](args, read_texts(args.data, args.texts))))
    else:
        compare(args)


if __name__ == "__main__":
    main()
