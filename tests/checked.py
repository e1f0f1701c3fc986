"""Results of checks by other tools, kept between runs of the tests: what passed is not checked again until a file that the check reads has
changed. The user's cache has the digests of the files; it forgets those that were not seen for a month."""
import hashlib
import os
import pathlib
import time

CHECKED = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "winnow-tests"
UNUSED_DAYS = 30


def digest(folder, parts):
    """SHA-256 of the names and contents of the files that `parts` of a folder are or have below them, in hexadecimal digits."""
    folder, found = pathlib.Path(folder), hashlib.sha256()
    for part in sorted(parts):
        path = folder / part
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file():
                contents = file.read_bytes()
                found.update(f"{file.relative_to(folder)}\0{len(contents)}\0".encode() + contents)
    return found.hexdigest()


def once(name, key, check):
    """Whether check() returns true, now or in an earlier run with this key: the digest of all that the check depends on."""
    checked = CHECKED / name / key
    if checked.exists():
        print(f"{name}: passed in an earlier run with the same files", flush=True)
    elif not check():
        return False
    checked.parent.mkdir(parents=True, exist_ok=True)
    checked.touch()
    for other in checked.parent.iterdir():
        if time.time() - other.stat().st_mtime > UNUSED_DAYS * 24 * 3600:
            other.unlink(missing_ok=True)
    return True
