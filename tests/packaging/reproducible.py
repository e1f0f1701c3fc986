"""Whether what is built depends on where, when and by whom.

    WINNOW_TEST_REPRODUCIBLE=1 python3 tests/packaging/reproducible.py build/release/winnow   # objects and a library
    python3 tests/packaging/reproducible.py build/release/winnow --program  # the program and its library
    python3 tests/packaging/reproducible.py build/release/winnow --package  # the Debian package, and all that is in it

Builds two copies of the sources, as reprotest does: in folders of different names, and with another time zone, locale, umask, home
and number of jobs; as root also by another user. Without options it compiles files of several folders, the precompiled
headers and the embedded files, which takes about two minutes of one core. The other forms build all of it twice; --jobs N sets the jobs
of the first build. With `--cache first` that build may use the compiler cache, which halves the time: what the cache has was compiled
in other folders, too. With `--cache both` the second may, too, so that only what comes after the compilation is compared; it
then has the same user and locale."""
import argparse
import filecmp
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Of each level of optimization, with the precompiled headers; two are generated, the last is an archive of a folder.
OBJECTS = ["CMakeFiles/winnow_" + name for name in
           ("base.dir/unity/base_2.cpp.o", "net.dir/unity/net_1.cpp.o", "jobs.dir/unity/jobs_1.cpp.o",
            "kernels.dir/src/kernels/isa.cpp.o", "base.dir/embedded_files.cpp.o", "server.dir/embedded_page.cpp.o")] + ["libwinnow_backup.a"]
OPTIONS = ["-DWINNOW_BENCH=OFF", "-DWINNOW_TESTS=OFF", "-DWINNOW_NODE=OFF"]
EPOCH = "1790841600"  # ./dev package takes the time of the last commit
DIFFERENT = {"TZ": "Pacific/Kiritimati", "USER": "somebody", "LOGNAME": "somebody", "HOSTNAME": "elsewhere"}
OTHER_LOCALE = {"LC_ALL": "C.UTF-8", "LANG": "de_DE.UTF-8"}


class Build:
    def __init__(self, directory, jobs, cache=False, different=False):
        self.directory, self.jobs, self.umask = directory, jobs, 0o077 if different else 0o022
        self.environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "TZ": "UTC", **(DIFFERENT if different else {})}
        if not cache:
            self.environment.update({"CCACHE_DISABLE": "1", **(OTHER_LOCALE if different else {"LC_ALL": "C"})})
        self.account = pwd.getpwnam("nobody") if different and not cache and os.geteuid() == 0 else None
        self.tree = directory / "build" / "release"

    def copy(self):
        ignored = shutil.ignore_patterns("build", ".git", "node_modules", "__pycache__", ".cache", "demo", "models")
        shutil.copytree(ROOT, self.directory, ignore=ignored, symlinks=True)
        if (ROOT / "build" / "web" / "dist").is_dir():
            shutil.copytree(ROOT / "build" / "web" / "dist", self.directory / "build" / "web" / "dist")
        if self.account:
            self.environment["HOME"] = str(self.directory)
            self.environment["TMPDIR"] = str(self.directory)
            self.directory.parent.chmod(0o755)
            for path in [self.directory, *self.directory.rglob("*")]:
                os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)

    def run(self, *command, cwd=None):
        user = {"user": self.account.pw_uid, "group": self.account.pw_gid, "extra_groups": []} if self.account else {}
        done = subprocess.run(list(map(str, command)), cwd=cwd or self.directory, env=self.environment, umask=self.umask, capture_output=True,
                              text=True, check=False, **user)
        if done.returncode:
            raise SystemExit(f"{command} failed:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")

    def make(self, targets, package):
        """The compared files, by name."""
        self.copy()
        self.run("cmake", "--preset", "release", *OPTIONS)
        self.run("ninja", "-j", self.jobs, "-C", self.tree, *targets)
        files = [self.tree / target for target in targets if (self.tree / target).is_file()]
        if not package:
            return {str(path.relative_to(self.tree)): path for path in files}
        self.run("cpack", "-G", "DEB", cwd=self.tree)
        found = {}
        for archive in sorted(self.tree.glob("*.deb")):
            found[archive.name] = archive
            contents = self.tree / "unpacked" / archive.stem
            self.run("dpkg-deb", "--raw-extract", archive, contents)
            found.update({str(path.relative_to(contents)): path for path in sorted(contents.rglob("*")) if path.is_file() and not path.is_symlink()})
        return found


def compare(first, second, work):
    differing = sorted(set(first) ^ set(second)) + [name for name in first if name in second and not filecmp.cmp(first[name], second[name], shallow=False)]
    named = [name for name in first if os.fsencode(work) in first[name].read_bytes()]
    for name in differing:
        print(f"{name} differs between the builds")
    for name in named:
        print(f"{name} names the folder that it was built in")
    print(f"{len(first) - len(set(differing) & set(first))} of {len(first)} files are equal")
    return 1 if differing or named or not first else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program", help="not used: all tests get it")
    parser.add_argument("--program", dest="whole", action="store_true", help="compare whole programs")
    parser.add_argument("--package", action="store_true", help="compare Debian packages")
    parser.add_argument("--cache", choices=("first", "both"), help="builds that may use the compiler cache")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="jobs of the first build; the second has one more")
    arguments = parser.parse_args()
    for tool in ("cmake", "ninja", "g++") + (("cpack", "dpkg-deb", "dpkg-shlibdeps") if arguments.package else ()):
        if shutil.which(tool) is None:
            print(f"skipped: {tool} is not installed", file=sys.stderr)
            return 77
    whole = arguments.whole or arguments.package
    if not whole and not os.environ.get("WINNOW_TEST_REPRODUCIBLE"):
        print("skipped: it compiles for minutes; set WINNOW_TEST_REPRODUCIBLE=1, as .ci/run does", file=sys.stderr)
        return 77
    with tempfile.TemporaryDirectory() as work:
        os.chmod(work, 0o755)
        targets = ["winnow", "winnow_library"] if arguments.package else ["winnow"] if whole else OBJECTS
        first = Build(pathlib.Path(work, "first"), arguments.jobs, cache=bool(arguments.cache)).make(targets, arguments.package)
        second = Build(pathlib.Path(work, "another", "with-a-longer-name"), arguments.jobs + 1, cache=arguments.cache == "both", different=True).make(targets, arguments.package)
        return compare(first, second, work)


if __name__ == "__main__":
    sys.exit(main())
