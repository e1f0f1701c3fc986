#!/usr/bin/env python3
"""Makes winnow-VERSION.tar.xz, the sources of the last commit with the built web page, so that whoever builds them needs neither
git nor npm nor a network: Debian's packages are enough (./dev deps).

    tools/sdist.py DIRECTORY

The page is that of build/web (web/build.sh), which has to be of the same sources. Two runs over one commit write equal files."""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import sbom

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "build" / "web"


def git(*arguments):
    return subprocess.run(["git", "-C", ROOT, *arguments], capture_output=True, check=True).stdout


def check_page():
    """The page has to be built from what is committed, or the program would have another page than its sources say."""
    if subprocess.run(["bash", ROOT / "web" / "build.sh", "--is-current"], check=False).returncode != 0:
        raise SystemExit("sdist.py: the page in build/web is missing or older than web/: run web/build.sh")
    if git("status", "--porcelain", "--", "web").strip():
        raise SystemExit("sdist.py: files of web/ are changed and not committed: the page would not be that of the sources")


def fill(tree):
    tree.mkdir()
    subprocess.run(["tar", "-C", tree, "-xf", "-"], input=git("archive", "--format=tar", "HEAD"), check=True)
    page = tree / "build" / "web"
    shutil.copytree(PAGE / "dist", page / "dist")
    shutil.copyfile(PAGE / "sources.sha256", page / "sources.sha256")
    # What tools/sbom.py reads from web/node_modules, which are left out.
    sbom.write(page / "licenses.json", json.dumps(sbom.npm_licenses(), indent=1, ensure_ascii=False) + "\n")


def pack(tree, output):
    epoch = git("log", "-1", "--format=%ct").decode().strip()
    new = output.with_name(output.name + ".new")
    tar = ["tar", "-C", tree.parent, "--sort=name", "--owner=0", "--group=0", "--numeric-owner", f"--mtime=@{epoch}",
           "--mode=u=rwX,go=rX", "--format=gnu", "-cf", "-", tree.name]
    with open(new, "wb") as file, subprocess.Popen(tar, stdout=subprocess.PIPE) as packed:
        subprocess.run(["xz", "-T2", "-6"], stdin=packed.stdout, stdout=file, check=True)
    if packed.returncode != 0:
        raise SystemExit(f"tar ended with {packed.returncode}")
    os.replace(new, output)
    with open(output, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    sbom.write(output.with_name(output.name + ".sha256"), f"{digest}  {output.name}\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("output", type=pathlib.Path, help="directory of the results")
    output = parser.parse_args().output
    check_page()
    if git("status", "--porcelain", "--untracked-files=no").strip():
        print("sdist.py: warning: changes that are not committed are left out", file=sys.stderr)
    version = re.search(r"^project\(winnow VERSION (\S+)", git("show", "HEAD:CMakeLists.txt").decode(), re.M)[1]
    name = f"winnow-{version}"
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output) as work:
        tree = pathlib.Path(work) / name
        fill(tree)
        pack(tree, output / f"{name}.tar.xz")
    print(f"{(output / f'{name}.tar.xz').stat().st_size / 1e6:6.1f} MB {output / f'{name}.tar.xz'}")


if __name__ == "__main__":
    main()
