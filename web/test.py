"""Types and unit tests of the page: vue-tsc and vitest. Skips (77) where node or npm's registry is missing.

Types that were found to be right are not checked again until a file of the page or a version of a package changes: the user's cache has the digest of
both."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
CHECKED = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "winnow-tests" / "page-types"
UNUSED_DAYS = 30


def digest():
    """Of all that vue-tsc reads: sources, options, and by package-lock.json the packages."""
    names = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
    files = sorted([*(HERE / name for name in names), *(path for path in (HERE / "src").rglob("*") if path.is_file())])
    found = hashlib.sha256()
    for path in files:
        contents = path.read_bytes()
        found.update(f"{path.relative_to(HERE)}\0{len(contents)}\0".encode() + contents)
    return found.hexdigest()


def types_are_right():
    checked = CHECKED / digest()
    if checked.exists():
        print("types: checked in an earlier run with the same files", flush=True)
    elif not run("vue-tsc", "--noEmit", "-p", "tsconfig.json"):
        return False
    CHECKED.mkdir(parents=True, exist_ok=True)
    checked.touch()
    for other in CHECKED.iterdir():
        if time.time() - other.stat().st_mtime > UNUSED_DAYS * 24 * 3600:
            other.unlink(missing_ok=True)
    return True


def run(program, *arguments):
    return subprocess.run(["node_modules/.bin/" + program, *arguments], cwd=HERE, check=False).returncode == 0


def main():
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("skipped: node or npm is missing")
        return 77
    build = subprocess.run([HERE / "build.sh"], check=False)
    if build.returncode != 0:
        if not (HERE / "node_modules" / "vitest").exists():
            print("skipped: npm's registry can't be reached")
            return 77
        return 1
    # The files of unit tests share processes, which take ten times as long to start as the tests.
    return 0 if types_are_right() and run("vitest", "run", "--no-isolate") else 1


if __name__ == "__main__":
    sys.exit(main())
