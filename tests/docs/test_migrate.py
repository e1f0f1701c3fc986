#!/usr/bin/env python3
"""Runs the code of a page of docs/migrate on both sides, and compares the predictions.

    tests/docs/test_migrate.py WINNOW PAGE --build DIR [--keep DIR]

The tool that the page migrates from comes from PyPI or npm, into an environment in the build tree that is made once. Where it can't be had,
Winnow's side runs alone, and the exit status is 77 ("skipped: ..."). Both sides write their predictions for the same texts, to today.jsonl
and winnow.jsonl; the table PAGES has the bounds.
"""
import argparse
import contextlib
import dataclasses
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import blocks
import kept_runs

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = 77
sys.path[:0] = [str(ROOT / "tools" / "conformance"), str(ROOT / "tests" / "end_to_end")]
import packages  # noqa: E402
import ports  # noqa: E402

del sys.path[:2]

# transformers 4.57 is the newest version that optimum's exporter takes.
TORCH = ("torch-venv", ("torch", "transformers", "optimum", "setfit", "sklearn", "accelerate"),
         ("torch", "transformers==4.57.*", "optimum-onnx[onnxruntime]==0.1.*", "setfit==1.2.*", "scikit-learn", "accelerate"))
FASTTEXT = ("fasttext-venv", ("fasttext",), ("fasttext-numpy2-wheel",))
CLIENT = ("client-venv", ("huggingface_hub", "numpy"), ("huggingface_hub", "numpy"))
WHEEL = "winnow-python"  # where the package `winnow` lies for environments that lack it
NODE_MODULES = {"onnxruntime-node": "^1.30.0"}


@dataclasses.dataclass
class Page:
    """environment: (folder, modules, names in the index) of the virtual environment of the blocks in Python; None: that of the tests of
    packages/python, if the page uses the package `winnow` in Python. node: whether blocks are in JavaScript. equal: the least share of equal
    labels. bound: how far probabilities may differ; None: they are those of another model."""
    environment: tuple | None = None
    python: bool = False
    node: bool = False
    equal: float = 1
    bound: float | None = None


PAGES = {
    "transformers": Page(TORCH, python=True, bound=1e-5),
    "setfit": Page(TORCH, equal=.9),
    "fasttext": Page(FASTTEXT, equal=.9),
    "scikit-learn": Page(python=True, bound=1e-6),
    "text-embeddings-inference": Page(CLIENT, bound=1e-5),
    "onnxruntime-node": Page(node=True, bound=1e-4),
}


class Skip(Exception):
    pass


def module_of(name, path):
    """The Python module of a file, under a name of its own."""
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def or_skip(function, *arguments, **options):
    """Calls a function that ends the process with status 77 if something can't be had; that becomes an exception."""
    try:
        return function(*arguments, **options)
    except SystemExit as end:
        if end.code != SKIPPED:
            raise
        raise Skip("what the page's blocks need can't be installed") from end


def check_room(build, name):
    """PyPI's torch brings libraries for GPUs, so that its environment takes more than 6 GB."""
    if name == TORCH[0] and not (build / name).exists() and shutil.disk_usage(build).free < 15e9:
        raise Skip("there is too little disk space for torch")


def python_of(page, build):
    """The Python for a page's blocks."""
    if page.environment:
        check_room(build, page.environment[0])
    if page.environment and not page.python:
        name, modules, install = page.environment
        return or_skip(packages.environment, modules, build / name, install)
    if not page.python:
        return Path(sys.executable)
    package = module_of("python_package", ROOT / "packages" / "python" / "tests" / "run.py")
    own = or_skip(package.environment, build / "python-venv")
    if page.environment is None:
        package.pip(own, build, "install", "--force-reinstall")
        return own
    name, modules, install = page.environment
    python = or_skip(packages.environment, modules, build / name, install)
    package.pip(own, build, "install", "--upgrade", "--target", build / WHEEL)  # not into the environment, which is shared
    return python


def node_modules(work, build):
    """The packages of a page's blocks in JavaScript, in the directory that they run in."""
    js = module_of("js_package", ROOT / "packages" / "js" / "test" / "run.py")
    package = or_skip(js.built, build / "js")
    if why := js.install(build / "js" / "migrate", NODE_MODULES):
        raise Skip(why)
    modules = build / "js" / "migrate" / "node_modules"
    # Copied, as npm installs it, so that it finds what lies beside it.
    shutil.rmtree(modules / "winnow", ignore_errors=True)
    shutil.copytree(package, modules / "winnow", ignore=shutil.ignore_patterns("node_modules", "src", "test", "tools", "runtimes", "next"))
    (work / "node_modules").symlink_to(modules)


def make_base(work, torch, environment):
    """The directory `base` of the pages: a small BERT that has seen texts like those of the pages, in place of a pretrained one. `torch`: the
    Python that has it, or None."""
    subprocess.run(["winnow", "data", "split", "examples/data/messages.tsv", "--output-dir", ".", "--quiet"], cwd=work, env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    base = "scratch"
    if torch:
        base = "random"
        (work / base).mkdir()
        kept = kept_runs.KeptRuns(packages.cache() / "docs-migrate", packages.versions(torch))
        kept.run([torch, ROOT / "tests" / "docs" / "tiny_bert.py", "train.tsv", base], cwd=work, env=environment, check=True, capture_output=True,
                 text=True)
    subprocess.run(["winnow", "train", "train.tsv", "--validation", "validation.tsv", "--test", "test.tsv", "--base-model", base, "--lr", "5e-4",
                    "--epochs", "8", "--batch-size", "16", "--output-dir", "base", "--quiet"], cwd=work, env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    for file in work.glob("*.tsv"):
        file.unlink()


@contextlib.contextmanager
def served(code, work, environment, port):
    """A server of a page, until the end of the context."""
    with open(work / "server.log", "w", encoding="utf-8") as log:
        process = subprocess.Popen(["bash", "-c", "exec " + code.strip()], cwd=work, env=environment, stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 240
            while True:
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                    break
                if process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError(f"the server does not start: {(work / 'server.log').read_text(encoding='utf-8')}")
                time.sleep(.05)
            yield
        finally:
            process.terminate()
            process.wait()


def compare(page, work):
    """What is wrong with the predictions of both sides, or an empty text."""
    today, winnow = ([json.loads(line) for line in (work / name).read_text(encoding="utf-8").splitlines()]
                     for name in ("today.jsonl", "winnow.jsonl"))
    if not today or len(today) != len(winnow):
        return f"today.jsonl has {len(today)} predictions, winnow.jsonl {len(winnow)}"
    equal = sum(a["label"] == b["label"] for a, b in zip(today, winnow)) / len(today)
    scores = [[{each["label"]: each["score"] for each in row["scores"]} for row in rows] for rows in (today, winnow)]
    if any(a.keys() != b.keys() for a, b in zip(*scores)):
        return "the labels of the two sides have other names"
    largest = max(abs(a[label] - b[label]) for a, b in zip(*scores) for label in a)
    print(f"{len(today)} predictions, {equal:.1%} of the labels equal, probabilities differ by at most {largest:.2g}")
    if equal < page.equal or page.bound is not None and largest > page.bound:
        return f"expected are {page.equal:.0%} equal labels, and probabilities within {page.bound}"
    return ""


def run_page(name, work, build, winnow, show):
    """Runs the blocks; returns (what failed, why a side was left out)."""
    page = PAGES[name]
    left_out = ""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("WINNOW_")}
    # In numbers that don't depend on which were faster just now.
    environment |= {"WINNOW_PRECISION": "f32", "HF_HUB_OFFLINE": str(int(page.environment == TORCH)), "TRANSFORMERS_VERBOSITY": "error", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "OMP_NUM_THREADS": "1",
                    "PYTHONWARNINGS": "ignore", "PYTHONPATH": str(build / WHEEL) if page.python and page.environment else "", "PATH": os.pathsep.join([str(winnow.parent), os.environ["PATH"]])}
    sides = set(blocks.SIDES)
    python = Path(sys.executable)
    try:
        python = python_of(page, build)
        if page.node:
            node_modules(work, build)
    except Skip as why:
        left_out = str(why)
        sides -= {"today", "takeover"}
    commands = {"python": [str(python)], "sh": ["bash", "-eu"], "js": ["node"]}
    port = ports.free_port()
    torch = python if page.environment == TORCH and not left_out else None
    make_base(work, torch, environment)
    kept = kept_runs.KeptRuns(packages.cache() / "docs-migrate", packages.versions(torch)) if torch else None
    with contextlib.ExitStack() as servers:
        for source in ("README", name):
            for block in blocks.blocks_of(ROOT / "docs" / "migrate" / f"{source}.md"):
                block.code = block.code.replace("8080", str(port))
                if block.side == "file":
                    (work / block.file).write_text(block.code, encoding="utf-8")
                elif block.side == "serve":
                    servers.enter_context(served(block.code, work, environment, port))
                elif block.side in sides and (not left_out or block.language == "sh"):
                    execute = kept.run if kept and block.side == "today" else subprocess.run
                    if wrong := blocks.run(block, work, commands, environment, show, execute):
                        return f"{source}.md:{block.line}: {wrong}", left_out
    return "" if left_out else compare(page, work), left_out


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("page", choices=PAGES)
    parser.add_argument("--build", type=lambda text: Path(text).resolve(), required=True)
    parser.add_argument("--show", action="store_true", help="print what the blocks print, and do not compare it with the page")
    parser.add_argument("--keep", type=Path, help="run in this new directory, and leave it")
    arguments = parser.parse_args()
    with contextlib.ExitStack() as stack:
        if arguments.keep:
            work = arguments.keep.resolve()
            work.mkdir(parents=True)
        else:
            work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (work / "examples").symlink_to(ROOT / "examples")
        failed, left_out = run_page(arguments.page, work, arguments.build, arguments.winnow.resolve(), arguments.show)
    if failed:
        sys.exit(f"failed: {failed}")
    if left_out:
        packages.skip(f"only Winnow's side was run: {left_out}")
    print("passed")


if __name__ == "__main__":
    main()
