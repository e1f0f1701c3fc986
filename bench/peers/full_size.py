#!/usr/bin/env python3
"""One training step and one inference of a full-size model, PyTorch's (by transformers) and Winnow's, each in a process of its own, in
one run: seconds, and the most memory that each took.

    python bench/peers/full_size.py --model DIR --data words.tsv --winnow build/release/winnow --batch-size 16

DIR and words.tsv are random_model.py's; all texts have the same number of tokens, so neither pads. Needs torch and transformers.
"""
import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

# Beside this file lies tokenize.py, whose name is also that of a module of the standard library.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]


def peak_mb():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def read(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t", 1) for line in file]


def load(arguments):
    import torch
    import transformers

    torch.set_num_threads(arguments.threads)
    transformers.logging.set_verbosity_error()
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(arguments.model, dtype=torch.float32)
    return torch, tokenizer, model, f"transformers {transformers.__version__}, torch {torch.__version__}"


def torch_train(arguments):
    torch, tokenizer, model, versions = load(arguments)
    rows = read(arguments.data)
    if arguments.gradient_checkpointing:
        model.gradient_checkpointing_enable()
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-5, weight_decay=0.01)
    seconds = []
    for step in range(arguments.steps + 1):
        part = rows[step * arguments.batch_size:(step + 1) * arguments.batch_size]
        begin = time.perf_counter()
        batch = tokenizer([text for _, text in part], truncation=True, max_length=64, padding=True, return_tensors="pt")
        labels = torch.tensor([int(label[-1]) for label, _ in part])
        loss = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        seconds.append(time.perf_counter() - begin)
    return {"step_seconds": statistics.median(seconds[1:]), "peak_mb": peak_mb(), "versions": versions}


def torch_infer(arguments):
    torch, tokenizer, model, versions = load(arguments)
    texts = [text for _, text in read(arguments.data)]
    model.eval()

    def answer(part):
        batch = tokenizer(part, truncation=True, max_length=64, padding=True, return_tensors="pt")
        with torch.no_grad():
            model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.softmax(-1).tolist()

    def median_of(call, count):
        seconds = []
        for i in range(count + 1):
            begin = time.perf_counter()
            call(i)
            seconds.append(time.perf_counter() - begin)
        return statistics.median(seconds[1:])

    single = median_of(lambda i: answer(texts[i:i + 1]), 20)
    batch = median_of(lambda i: answer(texts[:32]), 3)
    return {"single_ms": single * 1e3, "texts_per_s": 32 / batch, "peak_mb": peak_mb(), "versions": versions}


def in_child(role, arguments, argv):
    done = subprocess.run([sys.executable, __file__, *argv, "--role", role], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{role} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def measured(command):
    """A program's output, and the most memory it took."""
    with tempfile.NamedTemporaryFile("r", suffix=".rss") as rss:
        done = subprocess.run(["/usr/bin/env", "python3", "-c",
                               "import resource, subprocess, sys\n"
                               "code = subprocess.run(sys.argv[2:]).returncode\n"
                               "open(sys.argv[1], 'w').write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024))\n"
                               "sys.exit(code)", rss.name, *map(str, command)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}:\n{done.stderr[-2000:]}")
        return done.stdout, float(rss.read())


def winnow_train(arguments, directory):
    rows = read(arguments.data)
    count = arguments.batch_size * arguments.steps
    with open(f"{directory}/train.tsv", "w", encoding="utf-8") as file:
        file.writelines(f"{label}\t{text}\n" for label, text in rows[:count])
    with open(f"{directory}/validation.tsv", "w", encoding="utf-8") as file:
        file.writelines(f"{label}\t{text}\n" for label, text in rows[-4:])
    command = [arguments.winnow, "train", f"{directory}/train.tsv", "--validation", f"{directory}/validation.tsv", "--test-size", 0,
               "--base-model", arguments.model, "--output-dir", f"{directory}/model", "--batch-size", arguments.batch_size, "--epochs", 1,
               "--max-length", 64, "--precision", "f32", "--threads", arguments.threads, "--json", "--quiet"]
    if arguments.gradient_checkpointing:
        command.append("--gradient-checkpointing")
    output, peak = measured(command)
    info = json.loads(output)
    return {"step_seconds": 64 * arguments.batch_size / info["tokens_per_second"], "peak_mb": peak}


def winnow_infer(arguments, model, weights, directory):
    with open(f"{directory}/texts.txt", "w", encoding="utf-8") as file:
        file.writelines(text + "\n" for _, text in read(arguments.data)[:32])
    report = json.loads(measured([arguments.winnow, "bench", model, f"{directory}/texts.txt", "--weights", weights, "--iterations", 20,
                                  "--batch-sizes", "32", "--threads", arguments.threads, "--json", "--quiet"])[0])
    # Memory as PyTorch's above: a process that loads the model once, and answers a batch.
    peak = measured([arguments.winnow, "classify", model, "--input", f"{directory}/texts.txt", "--weights", weights, "--threads",
                     arguments.threads, "--json", "--quiet"])[1]
    return {"single_ms": report["p50_ms"], "texts_per_s": report["batch_32_per_s"], "peak_mb": peak, "isa": report["isa"]}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--winnow", default="build/release/winnow")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--gradient-checkpointing", action="store_true")
    parser.add_argument("--int8", help="the same model quantised, to be timed too")
    parser.add_argument("--role", choices=("torch_train", "torch_infer"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.role:
        print(json.dumps({"torch_train": torch_train, "torch_infer": torch_infer}[arguments.role](arguments)))
        return

    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")), platform.machine())
    argv = sys.argv[1:]
    with tempfile.TemporaryDirectory() as directory:
        theirs, ours = in_child("torch_train", arguments, argv), winnow_train(arguments, directory)
        shutil.rmtree(f"{directory}/model")
        print(f"{cpu}, {arguments.threads} threads, {theirs['versions']}, f32; texts of 64 tokens")
        print(f"training, batch of {arguments.batch_size}, a step: transformers {theirs['step_seconds']:.2f} s, {theirs['peak_mb']:.0f} MB; winnow "
              f"{ours['step_seconds']:.2f} s, {ours['peak_mb']:.0f} MB; {theirs['step_seconds'] / ours['step_seconds']:.2f} times as fast, "
              f"{ours['peak_mb'] / theirs['peak_mb']:.2f} of the memory")
        theirs = in_child("torch_infer", arguments, argv)
        for weights, model in (("float", arguments.model), ("int8", arguments.int8)):
            if not model:
                continue
            ours = winnow_infer(arguments, model, weights, directory)
            print(f"inference, {weights} ({ours['isa']}): one text {theirs['single_ms']:.1f} ms and {ours['single_ms']:.1f} ms, "
                  f"{theirs['single_ms'] / ours['single_ms']:.2f} times as fast; 32 texts {theirs['texts_per_s']:.1f}/s and {ours['texts_per_s']:.1f}/s, "
                  f"{ours['texts_per_s'] / theirs['texts_per_s']:.2f} times; {theirs['peak_mb']:.0f} MB and {ours['peak_mb']:.0f} MB")


if __name__ == "__main__":
    main()
