"""Programs of other tools whose results are kept between test runs. Standard library alone.

What SetFit or Trainer print and write depends on their version and their files alone, while they take minutes: they run again when one of
these changes, and otherwise what they wrote comes from the user's cache.
"""
import hashlib
import io
import json
import os
import subprocess
import tarfile
import time
from pathlib import Path

# Files of a bundle that hold dates and durations. No other tool reads them.
OWN_RECORDS = ("winnow.json", "training_info.json", "README.md")
UNUSED_DAYS = 30
PRINTED = "printed.json"


class KeptRuns:
    """Programs that run one after another in one directory. The first depends on the files that the directory has then, but for
    OWN_RECORDS, and on `versions`, a text that says of what; each program depends on those before it, too."""

    def __init__(self, cache, versions):
        self.cache = Path(cache)
        self.key = hashlib.sha256(versions.encode())
        self.begun = False

    def run(self, command, cwd, env, **options):
        """Runs a program as subprocess.run does, or does what it did the last time. Programs that fail are not kept."""
        directory = Path(cwd)
        if not self.begun:
            self._add_files({name: directory / name for name in stamps(directory) if Path(name).name not in OWN_RECORDS})
            self.begun = True
        arguments = list(map(str, command[1:]))  # where the interpreter lies does not matter
        self.key.update(json.dumps([Path(argument).name for argument in arguments]).encode())
        self._add_files({Path(argument).name: directory / argument for argument in arguments if (directory / argument).is_file()})
        kept = self.cache / f"{self.key.hexdigest()[:32]}.tar"
        if kept.exists():
            os.utime(kept)
            print("  kept from an earlier run:", end="")
            return restore(kept, directory, command)
        before = stamps(directory)
        done = subprocess.run(command, cwd=cwd, env=env, **options)
        if done.returncode == 0:
            after = stamps(directory)
            if lost := before.keys() - after.keys():
                raise AssertionError(f"the program removes files, which is not kept: {sorted(lost)}")
            keep(kept, directory, [name for name, stamp in after.items() if before.get(name) != stamp], done)
        return done

    def _add_files(self, files):
        for name, path in sorted(files.items()):
            contents = path.read_bytes()
            self.key.update(f"{name}\0{len(contents)}\0".encode())
            self.key.update(contents)


def stamps(directory):
    """{name: when it was written and its size} of all regular files below a directory; links are not followed."""
    found = {}
    for folder, _, names in os.walk(directory):
        for path in (Path(folder) / name for name in names):
            if path.is_file() and not path.is_symlink():
                found[str(path.relative_to(directory))] = (path.stat().st_mtime_ns, path.stat().st_size)
    return found


def keep(file, directory, names, done):
    """Writes the files `names` of a directory, and what a program printed, to a file of the cache; removes what nobody has used for long."""
    file.parent.mkdir(parents=True, exist_ok=True)
    for other in file.parent.glob("*.tar"):
        if time.time() - other.stat().st_mtime > UNUSED_DAYS * 24 * 3600:
            other.unlink(missing_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}")
    with tarfile.open(temporary, "w") as tar:
        printed = json.dumps({"stdout": done.stdout, "stderr": done.stderr}).encode()
        member = tarfile.TarInfo(PRINTED)
        member.size = len(printed)
        tar.addfile(member, io.BytesIO(printed))
        for name in sorted(names):
            tar.add(directory / name, f"files/{name}")
    temporary.replace(file)


def restore(file, directory, command):
    """Puts the files of a former run where they were, and returns it as subprocess.run does."""
    with tarfile.open(file) as tar:
        printed = json.load(tar.extractfile(PRINTED))
        for member in tar.getmembers():
            if member.name != PRINTED:
                path = directory / Path(member.name).relative_to("files")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(tar.extractfile(member).read())
    return subprocess.CompletedProcess(command, 0, **printed)
