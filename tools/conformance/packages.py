"""Packages of the index for a conformance tool: in this Python, or in a virtual environment that is made once."""
import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path


def use(packages, directory, install=None, source=()):
    """Makes sure that this process has the packages: starts itself again in a virtual environment where it hasn't. `install`: their names
    in the index, where they are others. `source`: packages that are built here, from source."""
    if all(importlib.util.find_spec(name) for name in packages):
        return
    if Path(sys.executable) == directory / "bin" / "python":
        skip(f"{directory} lacks {' or '.join(packages)}; remove it to have it made anew")
    python = environment(packages, directory, install, source)
    os.execv(python, [str(python), *sys.argv])


def environment(packages, directory, install=None, source=()):
    """Returns the Python of the virtual environment in `directory`, which is made with the packages if it is not there."""
    python = directory / "bin" / "python"
    ready = directory / "ready"
    if not ready.exists():
        print(f"making {directory} with {', '.join(packages)}", flush=True)
        shutil.rmtree(directory, ignore_errors=True)
        venv.create(directory, with_pip=True)
        done = subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--no-compile",
                               "--only-binary", ":all:", *(option for name in source for option in ("--no-binary", name)), *(install or packages)], capture_output=True, text=True)
        if done.returncode != 0:
            shutil.rmtree(directory, ignore_errors=True)
            reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            skip(f"{packages[0]} can't be installed from the package index: {reason}")
        ready.touch()
    return python


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)
