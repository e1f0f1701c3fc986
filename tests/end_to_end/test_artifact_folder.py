"""Power cuts and kills while files are stored in a folder: what was acknowledged is there, whole, and nothing is there in part.

    test_artifact_folder.py ARTIFACT_PROBE

WINNOW_TEST_POWER_CUTS=200 is the number of cuts, at random calls that change the file system; WINNOW_TEST_SEED repeats a run."""
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time

from power_cuts import PowerCuts

CUTS = int(os.environ.get("WINNOW_TEST_POWER_CUTS", "24"))
SEED = int(os.environ.get("WINNOW_TEST_SEED", time.time_ns() % 10**9))
KEYS = ("spam/1.0.0/winnow.json", "spam/1.0.0/onnx/model.onnx", "spam/1.1.0/winnow.json", "ham.txt")


def skip(reason):
    print(f"skipped: {reason}")
    sys.exit(77)


def main():
    dice = random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="winnow-folder-") as directory:
        work = pathlib.Path(directory)
        power = PowerCuts(directory, skip)
        files = {}
        for key in KEYS:
            files[key] = work / key.replace("/", "_")
            files[key].write_bytes(dice.randbytes(2_500_000))
        store = work / "store"
        calls = " -- ".join([*(f"put {key} {files[key]}" for key in KEYS), f"remove {KEYS[1]}", f"put {KEYS[1]} {files[KEYS[1]]}",
                             f"remove {KEYS[3]}"]).split()

        def run(**environment):
            shutil.rmtree(store, ignore_errors=True)
            return subprocess.run([sys.argv[1], store, *calls], env={**os.environ, **environment}, capture_output=True, text=True, check=False)

        whole = run(**power.counting())
        assert whole.returncode == 0, whole.stderr
        total = power.calls()
        for number in range(CUTS):
            call = dice.randrange(1, total + 1)
            cut = run(**power.at(call, number, dice))
            what = f"seed {SEED}, cut {number} at call {call} of {total}"
            assert cut.returncode == -9, f"{what}: {cut.returncode} {cut.stderr}"
            check(store, files, [line.split()[1:] for line in cut.stderr.splitlines() if line.startswith("done: ")], what)
            again = subprocess.run([sys.argv[1], store, *calls, "--", "list"], capture_output=True, text=True, check=False)
            assert again.returncode == 0 and len(again.stdout.splitlines()) == 3, f"{what}: {again}"
    print(f"{CUTS} cuts of {total} calls, seed {SEED}")
    return 0


def check(store, files, done, what):
    """`done`: the acknowledged calls. What the last of them says of a key holds, unless the call after them has changed it."""
    there = {str(path.relative_to(store)) for path in store.rglob("*") if path.is_file()} if store.exists() else set()
    for key in there:
        if not key.startswith(".incoming/"):
            assert (store / key).read_bytes() == files[key].read_bytes(), f"{what}: {key} is there in part"
    last = {key: action for action, key in done}
    interrupted = ["put"] * 4 + ["remove", "put", "remove"], [*KEYS, KEYS[1], KEYS[1], KEYS[3]]
    for key, action in last.items():
        if len(done) < len(interrupted[0]) and interrupted[1][len(done)] == key:
            continue
        assert (key in there) == (action == "put"), f"{what}: {action} of {key} was acknowledged, and is lost"


if __name__ == "__main__":
    sys.exit(main())
