"""Types and unit tests of the page: vue-tsc and vitest. Skips (77) where node or npm's registry is missing."""
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


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
    # What an earlier run has found out about types is in build/web; the unit tests leave nothing behind, and share processes.
    types = ["--incremental", "--tsBuildInfoFile", str(HERE.parent / "build" / "web" / "types.tsbuildinfo")]
    for command in (["vue-tsc", "--noEmit", *types, "-p", "tsconfig.json"], ["vitest", "run", "--no-isolate"]):
        if subprocess.run(["node_modules/.bin/" + command[0], *command[1:]], cwd=HERE, check=False).returncode != 0:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
