#!/usr/bin/env python3
"""Tokenizing speed on one thread: Hugging Face tokenizers' encode_batch and Winnow on the same texts, in one run.

    python bench/peers/tokenize.py --texts FILE --tokenizer DIR --bench build/release/bench/tokenize_bench

FILE holds a text a line (of lines with a tab the part behind it). The ids must be equal; the two take turns, and medians are
compared. Needs tokenizers from PyPI.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
# This file is called tokenize.py, as is a module of the standard library that others import.
sys.path = [path for path in sys.path if os.path.abspath(path or ".") != os.path.dirname(os.path.abspath(__file__))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", required=True)
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--bench", default="build/release/bench/tokenize_bench")
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    try:
        import tokenizers
    except ImportError:
        print("skipped: tokenizers is not installed (pip install tokenizers)")
        return 0
    peer = tokenizers.Tokenizer.from_file(os.path.join(arguments.tokenizer, "tokenizer.json"))
    peer.no_padding()
    peer.enable_truncation(512)
    with open(arguments.texts, encoding="utf-8", errors="replace") as file:
        texts = [line.rstrip("\n").split("\t")[-1] for line in file]
    with tempfile.NamedTemporaryFile("w", suffix=".txt", encoding="utf-8") as plain:
        plain.writelines(text + "\n" for text in texts)
        plain.flush()
        base = [arguments.bench, arguments.tokenizer, plain.name]
        ids = [json.loads(line) for line in subprocess.run(base + ["--ids"], check=True, capture_output=True, text=True).stdout.splitlines()]
        encoded = peer.encode_batch(texts)
        # A special token written in a text is that token for the peer, and plain text for us.
        differing = [text for text, ours, theirs in zip(texts, ids, encoded) if ours != theirs.ids]
        if len(ids) != len(texts) or differing:
            print(f"ids differ for {len(differing)} of {len(texts)} texts, first: {differing[:1]}")
            return 1
        ours, theirs = [], []
        for _ in range(arguments.repeats):
            out = json.loads(subprocess.run(base + ["--repeat", "3"], check=True, capture_output=True, text=True).stdout)
            ours.append(min(out["seconds"]))
            begin = time.perf_counter()
            peer.encode_batch(texts)
            theirs.append(time.perf_counter() - begin)
    mine, other = statistics.median(ours), statistics.median(theirs)
    print(f"{out['cpu']}, {out['extensions']}; 1 thread; tokenizers {tokenizers.__version__}; equal ids for {len(texts)} texts, {out['tokens']} tokens")
    print(f"tokenizers {len(texts) / other:10.0f} texts/s  {other * 1e3:8.2f} ms")
    print(f"winnow     {len(texts) / mine:10.0f} texts/s  {mine * 1e3:8.2f} ms")
    print(f"ratio      {other / mine:10.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
