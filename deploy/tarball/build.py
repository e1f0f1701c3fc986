#!/usr/bin/env python3
"""Makes a tarball that runs on any Linux of this processor, in any directory, without root: the program with all libraries that
it loads, the C library and its loader among them, from Debian's packages on this machine.

    deploy/tarball/build.py build/release build/release     # winnow-VERSION-linux-ARCH.tar.xz and .sha256
    deploy/tarball/build.py build/release DIR --tree        # the directory winnow-VERSION-linux-ARCH alone

Two runs over one build write equal files; SOURCE_DATE_EPOCH is the time of all files (else that of the program).
docs/adr/063-a-tarball-with-its-c-library.md says why the libraries are not linked statically."""
import argparse
import hashlib
import json
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import sbom  # noqa: E402

# ICU's data without those of languages, countries and translations, which nothing of Winnow asks for: src/ uses normalization,
# properties of characters, regular expressions, confusable characters and word boundaries, and ICU's conversions between UTFs
# need no data.
KEPT_ICU_DATA = re.compile(r"brkitr/.*|[^/]*\.(nrm|cfu|icu|spp|brk)|(root|pool|supplementalData|likelySubtags|metadata|keyTypeData|"
                           r"icuver|icustd|timezoneTypes|numberingSystems)\.res")


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def install(build, tree):
    """What cmake --install installs, without what only programs that are compiled against Debian's libraries want."""
    run("cmake", "--install", build, "--prefix", tree, "--strip")
    for directory in ("include", "lib", "lib64"):
        shutil.rmtree(tree / directory, ignore_errors=True)


def loader_of(program):
    return pathlib.Path(re.search(r"interpreter: (\S+)\]", run("readelf", "--program-headers", program))[1])


def copy_libraries(program, libraries):
    """Every library under the name by which it is asked for, the loader under the name that base/environment.cpp knows."""
    loader = loader_of(program).resolve()
    for file in map(pathlib.Path, sbom.libraries(program)):
        if file.resolve() != loader:
            shutil.copyfile(file, libraries / file.name)
            (libraries / file.name).chmod(0o644)
    shutil.copyfile(loader, libraries / "winnow-loader")
    (libraries / "winnow-loader").chmod(0o755)
    # Converters of character sets, which iconv loads for mail.
    found = sorted(loader.parent.glob("gconv")) or sorted(pathlib.Path("/usr/lib").glob("*/gconv"))
    shutil.copytree(found[0], libraries / "gconv", ignore=shutil.ignore_patterns("*.cache"))


def shrink_icu_data(library):
    """Replaces ICU's library of data by one without what Winnow does not use: 31 MB become 5 MB."""
    version = re.fullmatch(r"libicudata\.so\.(\d+)", library.name)[1]
    with tempfile.TemporaryDirectory() as work:
        def here(*command):
            return run(*command, cwd=work, env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"})
        # The archive of libicu-dev has the data as bytes of one section.
        archive = pathlib.Path(library_directory(library.name), "libicudata.a")
        (member,) = here("ar", "t", archive).split()
        here("ar", "x", archive)
        name = f"icudt{version}{'b' if sys.byteorder == 'big' else 'l'}"
        here("objcopy", "-O", "binary", "--only-section=.rodata", member, f"{name}.dat")
        kept = [item for item in here("icupkg", "-l", f"{name}.dat").splitlines() if KEPT_ICU_DATA.fullmatch(item)]
        pathlib.Path(work, "kept.txt").write_text("\n".join(kept) + "\n", encoding="utf-8")
        os.mkdir(pathlib.Path(work, "data"))
        here("icupkg", "-x", "kept.txt", "-d", "data", f"{name}.dat")
        os.mkdir(pathlib.Path(work, "small"))
        here("icupkg", "-t", name[-1], "-s", "data", "-a", "kept.txt", "new", f"small/{name}.dat")
        pathlib.Path(work, "data.S").write_text(
            f'.section .rodata\n.balign 16\n.global icudt{version}_dat\n.type icudt{version}_dat, @object\n'
            f'icudt{version}_dat:\n.incbin "small/{name}.dat"\n.size icudt{version}_dat, . - icudt{version}_dat\n'
            '.section .note.GNU-stack,"",@progbits\n', encoding="utf-8")
        here("gcc", "-shared", "-nostdlib", f"-Wl,-soname,{library.name}", "-Wl,--build-id=none", "-o", "new.so", "data.S")
        shutil.copyfile(pathlib.Path(work, "new.so"), library)
    library.chmod(0o644)


def library_directory(name):
    return pathlib.Path(re.search(rf"^\s*{re.escape(name)} .*=> (\S+)", run("/sbin/ldconfig", "-p"), re.M)[1]).resolve().parent


def write_sources(program, path):
    """The source packages of the libraries, for whoever wants to build them again, as the LGPL lets everybody."""
    rows = run("dpkg-query", "-W", "-f=${source:Package} ${source:Version}\n", *sbom.packages(program)).splitlines()
    path.write_text("The libraries in lib/winnow are those of Debian, from these source packages, which Debian's archive and "
                    "snapshot.debian.org\noffer. Any of them may be replaced by another build of the same interface. "
                    "libicudata is Debian's without the data of languages\nand countries (deploy/tarball/build.py).\n\n"
                    + "\n".join(sorted(set(rows))) + "\n", encoding="utf-8")


def make_tree(build, tree):
    install(build, tree)
    libraries = tree / "lib" / "winnow"
    libraries.mkdir(parents=True)
    program = libraries / "winnow"
    os.rename(tree / "bin" / "winnow", program)
    copy_libraries(program, libraries)
    (icu_data,) = libraries.glob("libicudata.so.*")
    shrink_icu_data(icu_data)
    run("gcc", "-std=gnu17", "-Os", "-Wall", "-Wextra", "-Werror", "-static", "-s", "-D_GNU_SOURCE", "-Wl,--build-id=none", "-o", tree / "bin" / "winnow",
        HERE / "launcher.c")
    documents = tree / "share" / "doc" / "winnow"
    shutil.copytree(ROOT / "examples" / "data", documents / "examples" / "data")
    shutil.copy(ROOT / "examples" / "demo.sh", documents / "examples")
    shutil.copyfile(ROOT / "CHANGELOG.md", documents / "CHANGELOG.md")
    write_sources(program, documents / "SOURCES")
    if not (documents / "THIRD_PARTY_LICENSES").is_file():
        print("build.py: warning: the licenses of the libraries are left out: run web/build.sh first", file=sys.stderr)


def pack(tree, output, epoch):
    """The tarball and its checksum. Two threads of xz write the same as more do, other than one."""
    new = output.with_name(output.name + ".new")
    tar = ["tar", "-C", tree.parent, "--sort=name", "--owner=0", "--group=0", "--numeric-owner", f"--mtime=@{epoch}",
           "--mode=u=rwX,go=rX", "--format=gnu", "-cf", "-", tree.name]
    with open(new, "wb") as file, subprocess.Popen(tar, stdout=subprocess.PIPE) as packed:
        level = os.environ.get("WINNOW_TEST_XZ_LEVEL", "6")
        subprocess.run(["xz", "-T2", f"-{level}"], stdin=packed.stdout, stdout=file, check=True)
    if packed.returncode != 0:
        raise SystemExit(f"tar ended with {packed.returncode}")
    os.replace(new, output)
    with open(output, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    output.with_name(output.name + ".sha256").write_text(f"{digest}  {output.name}\n", encoding="ascii")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path, help="a built tree, with winnow and winnow_library")
    parser.add_argument("output", type=pathlib.Path, help="directory of the results")
    parser.add_argument("--tree", action="store_true", help="leave the directory, and pack nothing")
    arguments = parser.parse_args()
    for tool in ("cmake", "gcc", "xz", "dpkg-query"):
        if shutil.which(tool) is None:
            print(f"build.py: {tool} is not installed", file=sys.stderr)
            return 77
    program = arguments.build / "winnow"
    version = json.loads(run(program, "version", "--json"))["version"]
    epoch = int(os.environ.get("SOURCE_DATE_EPOCH") or program.stat().st_mtime)
    name = f"winnow-{version}-linux-{platform.machine()}"
    arguments.output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=arguments.output) as work:
        tree = pathlib.Path(work) / name
        make_tree(arguments.build.resolve(), tree)
        size = sum(file.stat().st_size for file in tree.rglob("*") if file.is_file() and not file.is_symlink())
        print(f"{size / 1e6:6.1f} MB unpacked")
        if arguments.tree:
            shutil.rmtree(arguments.output / name, ignore_errors=True)
            os.rename(tree, arguments.output / name)
            print(arguments.output / name)
        else:
            pack(tree, arguments.output / f"{name}.tar.xz", epoch)
            print(f"{(arguments.output / f'{name}.tar.xz').stat().st_size / 1e6:6.1f} MB {arguments.output / f'{name}.tar.xz'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
