#!/usr/bin/env python3
"""How long the commands of a registry take when it has many versions.

    python3 bench/registry.py [--winnow build/release/winnow] [--versions 10000] [--models 10] [--repetitions 15]

The versions are rows with ten files each, spread over the models; the commands do not read the files. Printed are the medians of whole
processes, with the start of the program, on SQLite. Standard library alone.
"""
import argparse
import json
import os
import platform
import resource
import sqlite3
import statistics
import subprocess
import tempfile
import time


def fill(path, versions, models):
    files = json.dumps([{"path": f"file-{i}.json", "sha256": f"{i:064x}", "bytes": 1000} for i in range(10)])
    connection = sqlite3.connect(path)
    rows = []
    for number in range(versions):
        name, version = f"model{number % models}", f"1.{number // models}.0"
        time_text = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(1_700_000_000 + number))
        rows.append((name, version, f"{number:064x}", f"{name}/{version}/", '{"f1_macro":0.98,"accuracy":0.99}', time_text, "ready", "transformer",
                     "bert 6 layers", '["ham","spam"]', files, 10_000, "anna"))
    connection.executemany("INSERT INTO models (name, version, digest, uri, metrics, created_at, state, kind, architecture, labels, files, bytes, pushed_by) "
                           "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.executemany("INSERT INTO aliases (name, alias, sequence, version, from_version, actor, reason, created_at) VALUES (?, 'champion', ?, ?, ?, 'anna', '', ?)",
                           [(row[0], number // models + 1, row[1], None, row[5]) for number, row in enumerate(rows)])
    connection.commit()
    connection.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--winnow", default="build/release/winnow")
    parser.add_argument("--versions", type=int, default=10_000)
    parser.add_argument("--models", type=int, default=10)
    parser.add_argument("--repetitions", type=int, default=15)
    options = parser.parse_args()
    print(f"{platform.machine()}, {os.cpu_count()} CPUs, {subprocess.run([options.winnow, '--version'], capture_output=True, text=True, check=True).stdout.split(chr(10))[0]}")
    print(f"{options.versions} versions and as many changes of aliases, of {options.models} models")
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run([options.winnow, "feedback", "add", "--store", f"{directory}/registry.db", "--text", "x", "--label", "spam", "--quiet"], capture_output=True, check=True)  # makes the tables
        fill(os.path.join(directory, "registry.db"), options.versions, options.models)
        highest = f"1.{options.versions // options.models - 1}.0"
        for arguments in (["--version"], ["registry", "list"], ["registry", "list", "model0"], ["registry", "show", "model0"], ["registry", "show", f"model0:{highest}", "--json"],
                          ["registry", "history", "model0"], ["registry", "promote", "model0", highest], ["registry", "gc", "--dry-run"]):
            command = [options.winnow, *arguments] + (["--registry", directory] if arguments[0] == "registry" else [])
            seconds, busy = [], []
            for _ in range(options.repetitions):
                begin, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
                subprocess.run(command, capture_output=True, check=True)
                seconds.append(time.perf_counter() - begin)
                after = resource.getrusage(resource.RUSAGE_CHILDREN)
                busy.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
            print(f"{' '.join(arguments):<40} {1000 * statistics.median(seconds):7.1f} ms {1000 * statistics.median(busy):7.1f} ms of CPU")


if __name__ == "__main__":
    main()
