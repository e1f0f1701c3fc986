#!/usr/bin/env python3
"""Compares two builds of the program by CPU seconds, for instance with and without the flags of cmake/hardening.cmake.

Usage: compare_builds.py BEFORE AFTER [--runs N]. Runs of both alternate, so that other work on the machine disturbs both
alike; printed are the medians of each and of the ratios of neighbouring runs, which are steadier than either.
"""
import argparse
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import tempfile

MESSAGES = pathlib.Path(__file__).resolve().parent.parent / "examples" / "data" / "messages.tsv"
TEXTS = 40_000


def cpu_seconds(program, arguments, repeat):
    """User and system time of the children, for `repeat` runs."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(repeat):
        subprocess.run([program, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", type=pathlib.Path)
    parser.add_argument("after", type=pathlib.Path)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    programs = [options.before.resolve(), options.after.resolve()]
    print(f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}, {options.runs} runs of each, one thread")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        rows = [line.split("\t", 1) for line in MESSAGES.read_text(encoding="utf-8").splitlines()[1:]]
        texts = [row[1] for row in rows]
        (folder / "many.txt").write_text("".join(f"{texts[i % len(texts)]} {i}\n" for i in range(TEXTS)), encoding="utf-8")
        (folder / "some.txt").write_text("".join(f"{texts[i % len(texts)]} {i}\n" for i in range(TEXTS // 20)), encoding="utf-8")
        for kind, more in (("linear", ("--kind", "lr")), ("encoder", ("--base-model", "scratch", "--epochs", "2"))):
            subprocess.run([programs[0], "train", MESSAGES, *more, "--output-dir", folder / kind, "--quiet"], check=True, stdout=subprocess.DEVNULL)
        tasks = {
            "start (20 times --version)": (["--version"], 20),
            f"classify {TEXTS} texts, linear": (["classify", folder / "linear", "--input", folder / "many.txt", "--threads", 1], 1),
            f"classify {TEXTS // 20} texts, encoder": (["classify", folder / "encoder", "--input", folder / "some.txt", "--threads", 1], 1),
            "train a linear model": (["train", MESSAGES, "--kind", "lr", "--output-dir", folder / "x", "--overwrite", "--threads", 1], 1),
            "train an encoder, an epoch": (["train", MESSAGES, "--base-model", "scratch", "--epochs", 1, "--precision", "f32", "--output-dir", folder / "x",
                                            "--overwrite", "--threads", 1], 1),
            "look at a data file": (["data", "doctor", MESSAGES, "--threads", 1], 1),
        }
        for task, (arguments, repeat) in tasks.items():
            pairs = [[cpu_seconds(program, arguments, repeat) for program in programs] for _ in range(options.runs)]
            before, after = (statistics.median(pair[i] for pair in pairs) for i in (0, 1))
            ratio = statistics.median(pair[1] / pair[0] for pair in pairs)
            print(f"{task:40} {before:8.3f} s {after:8.3f} s  {ratio:5.2f} times")


if __name__ == "__main__":
    main()
