"""Whether objects depend on where they are compiled, and when.

    python3 tests/packaging/reproducible.py build/release/winnow

Compiles, without a compiler cache, one file of several folders, the precompiled headers and the embedded files in two copies of
the sources, of different names. A whole build takes too long for a test; `--all` makes two, and compares the programs."""
import argparse
import filecmp
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of each level of optimization, with the precompiled headers; the last two are generated.
OBJECTS = ["base.dir/src/base/hash.cpp.o", "net.dir/src/net/curl_library.cpp.o", "decide.dir/src/decide/temperature.cpp.o",
           "jobs.dir/src/jobs/job.cpp.o", "kernels.dir/src/kernels/isa.cpp.o", "base.dir/embedded_files.cpp.o",
           "server.dir/embedded_page.cpp.o"]


def build(directory, whole):
    """The compared files of a build in a copy of the sources."""
    ignored = shutil.ignore_patterns("build", ".git", "node_modules", "__pycache__", ".cache", "demo", "models")
    shutil.copytree(ROOT, directory, ignore=ignored, symlinks=True)
    if (ROOT / "build" / "web" / "dist").is_dir():
        shutil.copytree(ROOT / "build" / "web" / "dist", directory / "build" / "web" / "dist")
    environment = {**os.environ, "CCACHE_DISABLE": "1"}
    tree = directory / "build" / "release"
    targets = ["winnow"] if whole else [f"CMakeFiles/winnow_{name}" for name in OBJECTS]
    for command in (["cmake", "--preset", "release", "-DWINNOW_BENCH=OFF", "-DWINNOW_TESTS=OFF", "-DWINNOW_NODE=OFF"],
                    ["ninja", "-C", tree, *targets]):
        done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{command} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return {target: tree / target for target in targets}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", help="not used: all tests get it")
    parser.add_argument("--all", action="store_true", help="compare whole programs")
    arguments = parser.parse_args()
    for tool in ("cmake", "ninja", "g++"):
        if shutil.which(tool) is None:
            print(f"skipped: {tool} is not installed", file=sys.stderr)
            return 77
    with tempfile.TemporaryDirectory() as work:
        first = build(pathlib.Path(work, "first"), arguments.all)
        second = build(pathlib.Path(work, "another", "with-a-longer-name"), arguments.all)
        differing = [name for name in first if not filecmp.cmp(first[name], second[name], shallow=False)]
        named = [name for name in first if os.fsencode(work) in first[name].read_bytes()]
    for name in differing:
        print(f"{name} differs between two folders")
    for name in named:
        print(f"{name} names the folder that it was compiled in")
    print(f"{len(first) - len(differing)} of {len(first)} files are equal")
    return 1 if differing or named else 0


if __name__ == "__main__":
    sys.exit(main())
