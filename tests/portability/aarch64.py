"""Cross-compiles for AArch64 and runs the result by qemu: kernels compute what their tests say, and models predict the same as on this
machine.

Usage: aarch64.py BUILD_DIRECTORY. Debian's libraries for arm64 are unpacked into arm64-root beside BUILD_DIRECTORY, and what is
compiled lies in aarch64 there; both are kept. With WINNOW_TEST_PORTABILITY=long the whole program is compiled and run, and the unit tests
of texts, tokenizers, encoders and classifiers are, too.
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import emulation
from emulation import check

QEMU = "qemu-aarch64-static"
UNREACHABLE = re.compile(r"(?i)resolv|failed to fetch|unable to connect|could not connect|timed out|no route to host")


def libraries_of_the_build():
    """The packages with libraries that the head of ./dev lists."""
    listed = re.search(r"^build_packages=\((.*?)\)", (emulation.SOURCE / "dev").read_text(), re.DOTALL | re.MULTILINE).group(1)
    return [name for name in listed.split() if name.endswith("-dev") and name != "python3-dev"]


def unpack_libraries(root):
    if root.is_dir():
        return
    unfinished = root.with_suffix(".unfinished")
    packages = ["libc6-dev", "libstdc++-12-dev", "libgomp1", *libraries_of_the_build()]
    subprocess.run(["rm", "-rf", unfinished], check=True)
    done = emulation.attempt("mmdebstrap", "--quiet", "--variant=extract", "--architectures=arm64", f"--include={','.join(packages)}",
                             "bookworm", unfinished)
    if done.returncode != 0 and UNREACHABLE.search(done.stderr):
        emulation.skip("Debian's archive is out of reach:\n" + done.stderr[-1000:])
    check(done.returncode == 0, f"mmdebstrap ended with {done.returncode}:\n{done.stderr[-3000:]}")
    unfinished.rename(root)


def compile_targets(build, root, targets):
    if not (build / "build.ninja").exists():
        emulation.run("cmake", "-S", emulation.SOURCE, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DWINNOW_BENCH=OFF",
                      "-DWINNOW_NODE=OFF", f"-DCMAKE_TOOLCHAIN_FILE={emulation.SOURCE / 'cmake' / 'toolchains' / 'aarch64.cmake'}",
                      f"-DWINNOW_SYSROOT={root}")
    emulation.run("ninja", "-C", build, "-j", str(os.cpu_count()), *targets)


def main():
    emulation.need(QEMU, "aarch64-linux-gnu-g++-12", "mmdebstrap", "cmake", "ninja", "protoc")
    release = pathlib.Path(sys.argv[1]).resolve()
    root, build = release.parent / "arm64-root", release.parent / "aarch64"
    unpack_libraries(root)
    tests = ["kernels", "text", "tokenize", "encoder", "classify"] if emulation.LONG else ["kernels"]
    program = "winnow" if emulation.LONG else "classify_probe"
    compile_targets(build, root, [program, *(f"{name}_unit_tests" for name in tests)])
    emulator = [QEMU, "-L", root]
    options = [] if emulation.LONG else [f"--gtest_filter={emulation.SLOW_TESTS}"]
    for name in tests:
        emulation.run_unit_tests("AArch64", [*emulator, build / f"{name}_unit_tests"], *options)
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        models = emulation.make_models(release / "winnow", directory)
        expected = {name: emulation.predictions([release / "winnow"], model) for name, model in models.items()}
        emulation.check_predictions("AArch64", [*emulator, build / program], models, expected)
        if emulation.LONG:
            # A model that is trained there is the one that is trained here.
            winnow = [*emulator, build / "winnow"]
            emulation.run(*winnow, "train", emulation.DATA / "messages.tsv", "--kind", "lr", "--output-dir", directory / "there")
            emulation.check_predictions("trained on AArch64", [release / "winnow"], {"linear": directory / "there"}, expected)


if __name__ == "__main__":
    main()
