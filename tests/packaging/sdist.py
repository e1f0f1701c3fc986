"""The archive of the sources (tools/sdist.py): what is in it, and that it builds without git, npm and a network.

    python3 tests/packaging/sdist.py build/release/winnow [--all]

Configures the unpacked sources and compiles the file with the page; --all builds the program, and asks it for the page. Skipped
(77) outside of a checkout of git, and where the page has not been built."""
import argparse
import filecmp
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request

import stranger
from stranger import SOURCE, check, network_of_its_own, skip

ROOT = pathlib.Path(SOURCE)
COMPILED = "CMakeFiles/winnow_server.dir/embedded_page.cpp.o"  # without the precompiled headers, whose making takes longer


def run(*command):
    return stranger.run(*map(str, command))


def make(output):
    run(sys.executable, ROOT / "tools" / "sdist.py", output)
    (archive,) = pathlib.Path(output).glob("winnow-*.tar.xz")
    digest, name = pathlib.Path(f"{archive}.sha256").read_text(encoding="ascii").split()
    check(run("sha256sum", archive).split()[0] == digest and name == archive.name, "the checksum is that of something else")
    return archive


def check_contents(tree):
    """Every committed file, the page and the licenses of its parts, and nothing else."""
    # A file that is committed, but removed or added in the checkout, is as it was committed.
    committed = set(run("git", "-C", ROOT, "ls-tree", "-r", "--name-only", "-z", "HEAD").split("\0")) - {""}
    found = {str(path.relative_to(tree)) for path in tree.rglob("*") if not path.is_dir() or path.is_symlink()}
    page = {name for name in found if name.startswith("build/web/dist/")}
    extra = {"build/web/licenses.json", "build/web/sources.sha256"}
    check(found == committed | page | extra, f"missing: {sorted(committed - found)[:5]}, odd: {sorted(found - committed - page - extra)[:5]}")
    check("build/web/dist/index.html" in page and len(page) > 10, "the page is missing")
    licenses = json.loads((tree / "build/web/licenses.json").read_text(encoding="utf-8"))
    check("MIT" in licenses["vue"] and "Apache" in licenses["echarts"], "the licenses of the page's parts are missing")
    date = (tree / "cmake/commit_date.txt").read_text(encoding="ascii").strip()
    check(date == run("git", "-C", ROOT, "log", "-1", "--format=%aD").strip(), f"cmake/commit_date.txt says {date}")


def build(tree, target):
    """Configures and builds it in a system without a network, and as if neither git nor npm were installed."""
    blocked = tree.parent / "blocked"
    blocked.mkdir()
    for name in ("git", "npm", "node", "curl", "wget"):
        (blocked / name).write_text('#!/bin/sh\necho "$0 $*" >>"$(dirname "$0")/calls"\nexit 1\n', encoding="ascii")
        (blocked / name).chmod(0o755)
    environment = {**os.environ, "PATH": f"{blocked}:{os.environ['PATH']}"}
    isolated = {"preexec_fn": network_of_its_own} if os.geteuid() == 0 else {}
    for command in (["cmake", "--preset", "release", "-DWINNOW_TESTS=OFF", "-DWINNOW_BENCH=OFF", "-DWINNOW_NODE=OFF"],
                    ["ninja", "-C", "build/release", target]):
        done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False, **isolated)
        check(done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout[-3000:]}{done.stderr[-3000:]}")
    check(not (blocked / "calls").exists(), "the build asked for what it should not need: "
          + ((blocked / "calls").read_text(encoding="utf-8") if (blocked / "calls").exists() else ""))
    rows = re.findall(r'^ +\{"(.+?)", "', (tree / "build/release/embedded_page.cpp").read_text(encoding="utf-8"), re.M)
    check("index.html" in rows, f"the page is not part of the program: {rows}")
    debian = (tree / "build/release/debian/changelog").read_text(encoding="utf-8")
    date = (tree / "cmake/commit_date.txt").read_text(encoding="ascii").strip()
    check(date in debian, f"the changelog of the package has another date than {date}:\n{debian}")


def ask_for_page(program):
    with subprocess.Popen([program, "serve", "--workspace", program.parent / "workspace", "--port", "0", "--json"], stdout=subprocess.PIPE,
                          text=True) as server:
        try:
            port = json.loads(server.stdout.readline())["port"]
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/ui/", timeout=30) as response:
                check(b"<html" in response.read(), "the program has no page")
        finally:
            server.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", help="not used: all tests get it")
    parser.add_argument("--all", action="store_true", help="build the whole program")
    arguments = parser.parse_args()
    for tool in ("git", "cmake", "ninja", "g++", "xz"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed")
    if subprocess.run(["git", "-C", ROOT, "rev-parse", "HEAD"], capture_output=True, check=False).returncode != 0:
        skip("these sources are not a checkout of git")
    if subprocess.run(["bash", ROOT / "web" / "build.sh", "--is-current"], check=False).returncode != 0:
        skip("the page has not been built: web/build.sh")
    if run("git", "-C", ROOT, "status", "--porcelain", "--", "web").strip():
        skip("files of web/ are changed and not committed")
    with tempfile.TemporaryDirectory(prefix="winnow-sdist-") as work:
        archive = make(os.path.join(work, "first"))
        if arguments.all:
            check(filecmp.cmp(archive, make(os.path.join(work, "second")), shallow=False), "two archives of one commit differ")
        sources = pathlib.Path(work, "sources")
        sources.mkdir()
        run("tar", "-C", sources, "-xJf", archive)
        (tree,) = sources.iterdir()
        print(f"{archive.name}: {archive.stat().st_size / 1e6:.1f} MB", flush=True)
        check_contents(tree)
        build(tree, "winnow" if arguments.all else COMPILED)
        if arguments.all:
            ask_for_page(tree / "build" / "release" / "winnow")
        print("built without a network" if arguments.all else "configured without a network")


if __name__ == "__main__":
    main()
