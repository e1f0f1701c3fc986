"""Types and unit tests of the page: vue-tsc and vitest. Skips (77) where node or npm's registry is missing."""
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))
import checked  # noqa: E402

# All that vue-tsc reads: sources, options, and by package-lock.json the packages.
TYPED = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "src")


def types_are_right():
    return checked.once("page-types", checked.digest(HERE, TYPED), lambda: run("vue-tsc", "--noEmit", "-p", "tsconfig.json"))


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
