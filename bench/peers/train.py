#!/usr/bin/env python3
"""Fine-tuning speed and accuracy: transformers' Trainer and `winnow train` on the same texts, model, batch size and epochs, in
one run, with the ratio of tokens per second (real tokens; padding does not count).

    python bench/peers/train.py --data sms.tsv --model DIR --winnow build/release/winnow [--steps 40] [--threads 2]

The data are label TAB text. They are de-duplicated and split here once, so that both train and test on the same rows. Without
--steps both run all epochs and accuracy is compared too; with it, transformers stops after so many steps, which is enough for
its speed. Needs torch, transformers and accelerate from PyPI.
"""
import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time

# Beside this file lies tokenize.py, whose name is also that of a module of the standard library.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]


def read_rows(path):
    rows, seen = [], set()
    with open(path, encoding="utf-8") as file:
        for line in file:
            label, _, text = line.rstrip("\n").partition("\t")
            key = " ".join(text.lower().split())
            if text and key not in seen:
                seen.add(key)
                rows.append((label, text))
    return rows


def stratified(rows, share, seed):
    train, test = [], []
    for label in sorted({label for label, _ in rows}):
        of_label = [row for row in rows if row[0] == label]
        random.Random(seed).shuffle(of_label)
        cut = round(len(of_label) * share)
        test += of_label[:cut]
        train += of_label[cut:]
    random.Random(seed).shuffle(train)
    return train, test


def write_rows(path, rows):
    with open(path, "w", encoding="utf-8") as file:
        file.write("label\ttext\n")
        file.writelines(f"{label}\t{text}\n" for label, text in rows)


def run_transformers(arguments, train, test, labels):
    import torch
    import transformers
    from torch.utils.data import Dataset

    torch.set_num_threads(arguments.threads)
    tokenizer = transformers.AutoTokenizer.from_pretrained(arguments.model)
    model = transformers.AutoModelForSequenceClassification.from_pretrained(arguments.model, num_labels=len(labels))

    class Texts(Dataset):
        def __init__(self, rows):
            self.encoded = tokenizer([text for _, text in rows], truncation=True, max_length=arguments.max_length)
            self.labels = [labels.index(label) for label, _ in rows]

        def __len__(self):
            return len(self.labels)

        def __getitem__(self, i):
            return {"input_ids": self.encoded["input_ids"][i], "attention_mask": self.encoded["attention_mask"][i],
                    "labels": self.labels[i]}

    class CountTokens(transformers.TrainerCallback):
        begin = steps = 0

        def on_step_begin(self, args, state, control, **kwargs):
            self.begin = self.begin or time.perf_counter()

        def on_step_end(self, args, state, control, **kwargs):
            self.steps += 1
            self.end = time.perf_counter()

    train_set, test_set = Texts(train), Texts(test)
    counter = CountTokens()
    grouping = {}
    if arguments.group_by_length:
        fields = transformers.TrainingArguments.__dataclass_fields__
        grouping = {"group_by_length": True} if "group_by_length" in fields else {"train_sampling_strategy": "group_by_length"}
    with tempfile.TemporaryDirectory() as output:
        trainer = transformers.Trainer(
            model=model,
            args=transformers.TrainingArguments(
                output_dir=output, num_train_epochs=arguments.epochs, per_device_train_batch_size=arguments.batch_size,
                per_device_eval_batch_size=64, learning_rate=arguments.lr, weight_decay=0.01, seed=arguments.seed,
                max_steps=arguments.steps or -1, report_to=[], save_strategy="no", logging_strategy="no", disable_tqdm=True,
                use_cpu=True, bf16=arguments.bf16, **grouping),
            train_dataset=train_set, callbacks=[counter], processing_class=tokenizer)
        trainer.train()
        seconds = counter.end - counter.begin
        mean_tokens = sum(map(len, train_set.encoded["input_ids"])) / len(train)
        texts = min(counter.steps * arguments.batch_size, len(train) * arguments.epochs)
        result = {"tokens_per_second": mean_tokens * texts / seconds, "seconds": seconds, "steps": counter.steps,
                  "versions": f"transformers {transformers.__version__}, torch {torch.__version__}"}
        if not arguments.steps:
            predicted = trainer.predict(test_set).predictions.argmax(-1).tolist()
            result.update(scores(predicted, test_set.labels, len(labels)))
    import resource
    result["precision"] = ("bf16" if arguments.bf16 else "f32") + (", grouped by length" if arguments.group_by_length else "")
    result["peak_memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return result


def scores(predicted, truth, count):
    f1 = []
    for c in range(count):
        hits = sum(p == c and t == c for p, t in zip(predicted, truth))
        f1.append(2 * hits / max(1, sum(p == c for p in predicted) + sum(t == c for t in truth)))
    return {"accuracy": sum(p == t for p, t in zip(predicted, truth)) / len(truth), "f1_macro": sum(f1) / count}


def run_winnow(arguments, folder):
    output = os.path.join(folder, "winnow-model")
    command = [arguments.winnow, "train", os.path.join(folder, "train.tsv"), "--test", os.path.join(folder, "test.tsv"),
               "--base-model", arguments.model, "--output-dir", output, "--epochs", str(arguments.epochs),
               "--batch-size", str(arguments.batch_size), "--lr", str(arguments.lr), "--max-length", str(arguments.max_length),
               "--seed", str(arguments.seed), "--threads", str(arguments.threads), "--precision", arguments.precision, "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(output, "training_info.json"), encoding="utf-8") as file:
        info = json.load(file)
    return {"tokens_per_second": info["tokens_per_second"], "seconds": info["training_time_seconds"],
            "accuracy": info["metrics"]["accuracy"], "f1_macro": info["metrics"]["f1_macro"],
            "peak_memory_mb": info.get("peak_memory_mb"), "precision": info["hyperparameters"]["precision"]}


def cpu_name():
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            text = file.read()
        name = next(line.split(":")[1].strip() for line in text.splitlines() if line.startswith("model name"))
        return name + ", " + " ".join(flag for flag in ("avx2", "avx512f", "avx512_bf16", "amx_bf16") if f" {flag}" in text)
    except (OSError, StopIteration):
        return platform.processor()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--winnow", default="build/release/winnow")
    parser.add_argument("--steps", type=int, default=0, help="stop transformers after so many steps (default: all epochs)")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=2e-5)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--group-by-length", action="store_true", help="transformers' batches of similar lengths")
    parser.add_argument("--bf16", action="store_true", help="transformers in bf16")
    parser.add_argument("--precision", default="auto", help="Winnow's")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        import transformers  # noqa: F401
    except ImportError:
        print("skipped: transformers is not installed (pip install torch transformers accelerate)")
        return 0

    train, test = stratified(read_rows(arguments.data), 0.2, arguments.seed)
    labels = sorted({label for label, _ in train})
    with tempfile.TemporaryDirectory() as folder:
        write_rows(os.path.join(folder, "train.tsv"), train)
        write_rows(os.path.join(folder, "test.tsv"), test)
        ours = run_winnow(arguments, folder)
        theirs = run_transformers(arguments, train, test, labels)
    ratio = ours["tokens_per_second"] / theirs["tokens_per_second"]
    if arguments.json:
        print(json.dumps({"winnow": ours, "transformers": theirs, "ratio": ratio}))
        return 0
    print(f"{cpu_name()}; {arguments.threads} threads; {theirs['versions']}")
    print(f"{len(train)} training texts, {len(test)} test texts, batch {arguments.batch_size}, {arguments.epochs} epochs")
    for name, result in (("transformers", theirs), ("winnow", ours)):
        line = f"{name:13} {result['tokens_per_second']:8.0f} tokens/s  {result['seconds']:7.1f} s"
        if "accuracy" in result:
            line += f"  accuracy {result['accuracy']:.4f}  macro-F1 {result['f1_macro']:.4f}"
        if result.get("peak_memory_mb"):
            line += f"  {result['peak_memory_mb']:.0f} MB"
        line += f"  {result['precision']}"
        print(line)
    print(f"ratio         {ratio:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
