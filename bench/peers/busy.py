"""Latency of single texts on a machine that is not ours alone: Winnow's INT8 engine beside onnxruntime's, one model, one run.

    python bench/peers/busy.py --winnow W --bundle INT8_BUNDLE --onnx FP32_ONNX --data TSV [--repeats 3]

Surroundings: a quiet machine; one where another program keeps one core busy; a cgroup (version 1 or 2; needs root) with a quota of 1.5 CPUs.
Needs what infer.py needs. Figures are medians of the repeats; the runs of one repeat follow each other."""
import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import types

import infer

SINGLES = 1500
V1, V2 = "/sys/fs/cgroup/cpu", "/sys/fs/cgroup"


@contextlib.contextmanager
def quiet():
    yield []


@contextlib.contextmanager
def busy_core():
    other = subprocess.Popen(["taskset", "-c", "1", sys.executable, "-c", "while True: pass"])
    try:
        yield []
    finally:
        other.kill()
        other.wait()


@contextlib.contextmanager
def quota():
    """A command prefix that runs in a cgroup of 1.5 CPUs."""
    v1 = os.path.exists(os.path.join(V1, "cpu.cfs_quota_us"))
    group = os.path.join(V1 if v1 else V2, f"winnow-bench-{os.getpid()}")
    os.mkdir(group)
    try:
        for name, value in ((("cpu.cfs_period_us", "100000"), ("cpu.cfs_quota_us", "150000")) if v1 else (("cpu.max", "150000 100000"),)):
            with open(os.path.join(group, name), "w", encoding="utf-8") as file:
                file.write(value)
        yield ["bash", "-c", 'echo $$ > "$0" && exec "$@"', os.path.join(group, "cgroup.procs")]
    finally:
        os.rmdir(group)


def run(prefix, command):
    return json.loads(subprocess.run([*prefix, *command], check=True, capture_output=True, text=True).stdout)


def peer(options):
    """Latencies of onnxruntime in this process."""
    with open(options.data, encoding="utf-8") as file:
        texts = [line.rstrip("\n").split("\t", 1)[1] for line in file][1:SINGLES + 1]
    model = infer.Onnx(options.onnx, options.threads)
    tokenizer = infer.Tokenizer.from_file(os.path.join(options.bundle, "tokenizer.json"))
    with open(os.path.join(options.bundle, "winnow.json"), encoding="utf-8") as file:
        tokenizer.enable_truncation(json.load(file)["max_length"])
    tokenizer.no_padding()
    infer.single_times(model, tokenizer, texts[:100])
    times = sorted(infer.single_times(model, tokenizer, texts))
    print(json.dumps({"p50_ms": times[len(times) // 2], "p99_ms": times[len(times) * 99 // 100]}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--winnow", "--bundle", "--onnx", "--data"):
        parser.add_argument(name, required=True)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.threads:
        return peer(options)
    with tempfile.TemporaryDirectory() as work:
        int8 = os.path.join(work, "int8.onnx")
        infer.quantize_dynamic(options.onnx, int8, weight_type=infer.QuantType.QInt8, per_channel=True)
        with open(options.data, encoding="utf-8") as file:
            texts = [line.rstrip("\n").split("\t", 1)[1] for line in file][:SINGLES]
        data = os.path.join(work, "texts.tsv")
        with open(data, "w", encoding="utf-8") as file:
            file.write("label\ttext\n" + "".join(f"x\t{text}\n" for text in texts))
        report = run([], [options.winnow, "bench", options.bundle, data, "--json", "--quiet", "--iterations", "10", "--batch-sizes", "1", "--seconds", "0.1"])
        print(f"winnow {report['version']}, onnxruntime {infer.onnxruntime.__version__}; {report['cpu']}, {report['isa']} kernels; {SINGLES} texts of "
              f"{report['tokens_per_text']:.1f} tokens; medians of {options.repeats}\n")
        print("| | Winnow, 1 thread: p50, p99 (ms) | Winnow, by default | by default / 1 | onnxruntime INT8, 1 thread | onnxruntime INT8, 2 threads |\n| --- | --- | --- | --- | --- | --- |")
        for title, surroundings in (("quiet", quiet), ("one of two cores busy", busy_core), ("a quota of 1.5 CPUs", quota)):
            runs = {}
            with surroundings() as prefix:
                for _ in range(options.repeats):
                    for threads in (1, 2):  # 2: the default of Winnow, which a quota of 1.5 CPUs makes 1
                        runs.setdefault(("winnow", threads), []).append(
                            run(prefix, [options.winnow, "bench", options.bundle, data, "--json", "--quiet", *(["--threads", "1"] if threads == 1 else []), "--iterations", str(SINGLES), "--batch-sizes", "1",
                                         "--seconds", "0.1"]))
                        runs.setdefault(("peer", threads), []).append(
                            run(prefix, [sys.executable, __file__, "--winnow", options.winnow, "--bundle", options.bundle, "--onnx", int8, "--data", data, "--threads", str(threads)]))
            median = {key: types.SimpleNamespace(**{name: statistics.median(r[name] for r in each) for name in ("p50_ms", "p99_ms")}) for key, each in runs.items()}
            cell = {key: f"{m.p50_ms:.2f}, {m.p99_ms:.2f}" for key, m in median.items()}
            one, two = median["winnow", 1], median["winnow", 2]
            print(f"| {title} | {cell['winnow', 1]} | {cell['winnow', 2]} | {two.p50_ms / one.p50_ms:.2f}, {two.p99_ms / one.p99_ms:.2f} | {cell['peer', 1]} | {cell['peer', 2]} |", flush=True)


if __name__ == "__main__":
    main()
