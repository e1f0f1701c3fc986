"""Packages of the index for a conformance tool: in this Python, or in a virtual environment that is made once."""
import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
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


def environment(packages, directory, install=None, source=(), shared=True):
    """Returns the Python of the virtual environment in `directory`, which is made with the packages if it is not there. Unless
    it is not `shared`, `directory` becomes a link to one in the user's cache, which checkouts share and which is made anew
    after a month; nothing may be installed into it later."""
    python = directory / "bin" / "python"
    if shared:
        directory.parent.mkdir(parents=True, exist_ok=True)
        wanted = cached(install or packages, source)
        if not directory.is_symlink() or directory.readlink() != wanted:
            if directory.is_dir() and not directory.is_symlink():
                shutil.rmtree(directory)
            directory.unlink(missing_ok=True)
            directory.symlink_to(wanted)
        directory = wanted
    directory.parent.mkdir(parents=True, exist_ok=True)
    with open(directory.with_name(f"{directory.name}.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = directory / "ready"
        if not ready.exists() or shared and time.time() - ready.stat().st_mtime > MONTH:
            make(directory, packages, install, source)
            ready.touch()
    return python


MONTH = 30 * 24 * 3600


def cached(install, source):
    """Where the user's cache has the environment with these packages."""
    key = hashlib.sha256(repr((sys.version, sys.prefix, sorted(install), sorted(source))).encode()).hexdigest()[:16]
    return cache() / f"python-{key}"


def cache():
    """The directory of what tests keep for later runs, also of other checkouts."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "winnow-tests"


def versions(python):
    """The names and versions of the packages of an environment, as a text."""
    return "\n".join(sorted(path.stem for path in Path(python).parent.parent.glob("lib/python*/site-packages/*.dist-info")))


def make(directory, packages, install, source):
    """Makes a virtual environment; skips the test where the package index cannot be reached."""
    print(f"making {directory} with {', '.join(packages)}", flush=True)
    shutil.rmtree(directory, ignore_errors=True)
    venv.create(directory, with_pip=True)
    options = [option for name in source for option in ("--no-binary", name)]
    done = subprocess.run([directory / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1", "--no-compile",
                           "--only-binary", ":all:", *options, *(install or packages)], capture_output=True, text=True)
    if done.returncode != 0:
        shutil.rmtree(directory, ignore_errors=True)
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        skip(f"{packages[0]} can't be installed from the package index: {reason}")


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)
