"""One file of the page's browser tests, in Chromium against a real server.

    run.py WINNOW NAME      # NAME.test.mjs in this folder

Skips (77) where node, npm's registry, Chromium or the built page is missing."""
import fcntl
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
SKIPPED = 77


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def build_page():
    """The page, in build/web/dist, unless WINNOW_WEB_DIR names another or it is there."""
    if "WINNOW_WEB_DIR" in os.environ:
        return
    result = subprocess.run([SOURCE / "web" / "build.sh"], capture_output=True, text=True, timeout=600, check=False)
    if result.returncode == 0:
        return
    if (SOURCE / "web" / "node_modules" / ".winnow-lock.sha256").exists():
        sys.exit(f"web/build.sh failed:\n{result.stdout}{result.stderr}")
    skip(f"the page can't be built here: {result.stderr.strip()[-300:]}")


def install():
    """npm ci, unless it was done for this package-lock.json."""
    done = HERE / "node_modules" / ".winnow-installed"
    lock = (HERE / "package-lock.json").read_text(encoding="utf-8")
    if done.exists() and done.read_text(encoding="utf-8") == lock:
        return
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        result = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        skip("npm ci takes more than three minutes")
    if result.returncode != 0:
        skip(f"npm ci failed: {result.stderr.strip().splitlines()[:1]}")
    done.write_text(lock, encoding="utf-8")


def main():
    program, name = sys.argv[1:]
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            skip(f"{tool} is missing")
    if not any(map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))):
        skip("there is no Chromium")
    with open(HERE / "package.json", encoding="utf-8") as lock:  # several tests may start at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        build_page()
        install()
    environment = {**os.environ, "WINNOW": os.path.abspath(program)}
    sys.exit(subprocess.run(["node", "--test", "--test-reporter=spec", HERE / f"{name}.test.mjs"], env=environment, check=False).returncode)


if __name__ == "__main__":
    main()
