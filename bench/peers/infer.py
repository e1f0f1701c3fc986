"""Winnow's INT8 engine beside onnxruntime (dynamic INT8 and fp32), CTranslate2 and OpenVINO: one model, one set of texts, one run.

Needs onnxruntime, tokenizers and numpy (openvino and ctranslate2 where they are to be measured). CTranslate2 runs the encoder
alone, whose output's first tokens are read; it is given lengths in place of a mask. The ONNX files are winnow's own exports;
onnxruntime's INT8 model is made here from the fp32 one by its own quantize_dynamic, as its users do (weights per channel)."""
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

sys.path = [p for p in sys.path if os.path.abspath(p or ".") != os.path.dirname(os.path.abspath(__file__))]  # our tokenize.py hides Python's

import numpy as np
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer

BATCH = 32
SINGLES = 1000


class Onnx:
    """A model in onnxruntime or OpenVINO: ids in, logits out."""

    def __init__(self, path, threads):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.run = lambda ids, mask: session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


class OpenVino:
    def __init__(self, path, threads):
        import openvino
        model = openvino.Core().compile_model(path, "CPU", {"INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"})
        self.run = lambda ids, mask: model([ids, mask])[0]


class CTranslate2:
    """The encoder alone: ids in, the last layer's first tokens out."""

    def __init__(self, path, threads):
        import ctranslate2
        encoder = ctranslate2.Encoder(path, device="cpu", inter_threads=1, intra_threads=threads, compute_type="int8")

        def run(ids, mask):
            rows = [row[:length].tolist() for row, length in zip(ids, mask.sum(axis=1))]
            return np.array(encoder.forward_batch(rows).last_hidden_state)[:, 0]
        self.run = run


def batches(ids, order):
    for begin in range(0, len(order), BATCH):
        rows = [ids[i] for i in order[begin:begin + BATCH]]
        width = max(map(len, rows))
        padded = np.zeros((len(rows), width), np.int64)
        mask = np.zeros((len(rows), width), np.int64)
        for r, row in enumerate(rows):
            padded[r, :len(row)] = row
            mask[r, :len(row)] = 1
        yield padded, mask


def batch_rate(model, ids, order):
    begin = time.perf_counter()
    for padded, mask in batches(ids, order):
        model.run(padded, mask)
    return len(order) / (time.perf_counter() - begin)


def single_times(model, tokenizer, texts):
    """From a text to its label, in milliseconds."""
    times = []
    for text in texts:
        begin = time.perf_counter()
        row = np.array([tokenizer.encode(text).ids], np.int64)
        int(model.run(row, np.ones_like(row)).argmax())
        times.append((time.perf_counter() - begin) * 1e3)
    return times


def measure_peer(name, args, texts):
    """In a process of its own, so that no peer's waiting threads take time from another's."""
    kinds = {"OpenVINO": OpenVino, "CTranslate2": CTranslate2, "onnxruntime": Onnx}
    model = kinds[name.split()[0]](args.onnx, args.threads)
    tokenizer = Tokenizer.from_file(os.path.join(args.bundle, "tokenizer.json"))
    with open(os.path.join(args.bundle, "winnow.json"), encoding="utf-8") as file:
        tokenizer.enable_truncation(json.load(file)["max_length"])
    tokenizer.no_padding()
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    arrival = list(range(len(ids)))
    batch_rate(model, ids, arrival[:4 * BATCH])  # warm
    times = sorted(single_times(model, tokenizer, texts[:SINGLES]))
    return {"arrival": batch_rate(model, ids, arrival), "sorted": batch_rate(model, ids, sorted(arrival, key=lambda i: len(ids[i]))),
            "p50": times[len(times) // 2], "p95": times[len(times) * 95 // 100]}


def run_peer(name, args, onnx):
    """measure_peer's figures, or what the peer said instead."""
    done = subprocess.run([sys.executable, __file__, "--peer", name, "--winnow", args.winnow, "--bundle", args.bundle, "--onnx", onnx, "--data", args.data,
                           "--threads", str(args.threads), "--texts", str(args.texts)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or ["no output"])[-1][:200]
    return json.loads(done.stdout.splitlines()[-1]), None


def bench_winnow(args, data, singles, *more):
    out = subprocess.run([args.winnow, "bench", args.bundle, data, "--json", "--quiet", "--threads", str(args.threads), "--iterations", str(singles),
                          "--batch-sizes", str(BATCH), "--seconds", "2", *more], check=True, capture_output=True, text=True).stdout
    return json.loads(out)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--winnow", required=True)
    arguments.add_argument("--bundle", required=True, help="with model_int8.safetensors")
    arguments.add_argument("--onnx", required=True, help="the same model as fp32 ONNX")
    arguments.add_argument("--data", required=True, help="label<TAB>text, a line each; the label is not used")
    arguments.add_argument("--threads", type=int, default=os.cpu_count())
    arguments.add_argument("--texts", type=int, default=2048)
    arguments.add_argument("--repeats", type=int, default=3)
    arguments.add_argument("--skip-openvino", action="store_true")
    arguments.add_argument("--ctranslate2", metavar="BUNDLE", help="measure CTranslate2 with this bundle, which has float weights")
    arguments.add_argument("--title", default="")
    arguments.add_argument("--peer", help=argparse.SUPPRESS)
    args = arguments.parse_args()

    with open(args.data, encoding="utf-8") as file:
        texts = [line.rstrip("\n").split("\t", 1)[1] for line in file][:args.texts]
    if args.peer:
        print(json.dumps(measure_peer(args.peer, args, texts)))
        return

    with tempfile.TemporaryDirectory() as work:
        int8 = os.path.join(work, "int8.onnx")
        quantize_dynamic(args.onnx, int8, weight_type=QuantType.QInt8, per_channel=True)
        data = os.path.join(work, "texts.tsv")
        with open(data, "w", encoding="utf-8") as file:
            file.write("label\ttext\n" + "".join(f"x\t{text}\n" for text in texts))
        peers = {"onnxruntime INT8": int8, "onnxruntime fp32": args.onnx}
        if not args.skip_openvino:
            peers |= {"OpenVINO INT8": int8, "OpenVINO fp32": args.onnx}
        if args.ctranslate2:
            sys.path.append(os.path.dirname(os.path.abspath(__file__)))  # last, so that our tokenize.py hides nothing
            from ctranslate2_bert import write_encoder
            write_encoder(args.ctranslate2, os.path.join(work, "ctranslate2"))
            peers["CTranslate2 INT8, encoder alone"] = os.path.join(work, "ctranslate2")
        figures = {"Winnow INT8": []}
        report = None
        for _ in range(args.repeats):
            report = bench_winnow(args, data, SINGLES)
            ordered = bench_winnow(args, data, 10, "--sorted")
            figures["Winnow INT8"].append({"arrival": report[f"batch_{BATCH}_per_s"], "sorted": ordered[f"batch_{BATCH}_per_s"],
                                           "p50": report["p50_ms"], "p95": report["p95_ms"]})
            for name, onnx in list(peers.items()):
                measured, problem = run_peer(name, args, onnx)
                if measured is None:
                    print(f"{name} is not measured: {problem}")
                    del peers[name]
                else:
                    figures.setdefault(name, []).append(measured)

    median = {name: {key: statistics.median(run[key] for run in runs) for key in runs[0]} for name, runs in figures.items()}
    versions = [f"winnow {report['version']}", f"onnxruntime {onnxruntime.__version__}", f"Python {platform.python_version()}"]
    if any("OpenVINO" in name for name in median):
        versions.append("openvino " + importlib.metadata.version("openvino"))
    if args.ctranslate2:
        versions.append("ctranslate2 " + importlib.metadata.version("ctranslate2"))
    print(f"{args.title + ': ' if args.title else ''}{report['cpu']} ({report['extensions']}), {report['isa']} kernels, {args.threads} threads; "
          f"{len(texts)} texts of {report['tokens_per_text']:.1f} tokens; medians of {args.repeats}; {', '.join(versions)}")
    print(f"load to first answer {report['load_ms']:.0f} ms; resident {report['resident_mb']:.1f} MB for a bundle of {report['bundle_mb']:.1f} MB\n")
    print(f"| | batch {BATCH}, arrival order | ratio | batch {BATCH}, sorted | ratio | one by one p50 | p95 | ratio of p50 |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    ours = median["Winnow INT8"]
    for name, m in median.items():
        ratio = (lambda x: "" if name == "Winnow INT8" else f"{x:.2f}")
        print(f"| {name} | {m['arrival']:.0f}/s | {ratio(ours['arrival'] / m['arrival'])} | {m['sorted']:.0f}/s | "
              f"{ratio(ours['sorted'] / m['sorted'])} | {m['p50']:.3f} ms | {m['p95']:.3f} ms | {ratio(m['p50'] / ours['p50'])} |")


if __name__ == "__main__":
    main()
