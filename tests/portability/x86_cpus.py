"""On x86-64 CPUs with fewer instructions than this machine's, as qemu emulates them: the program runs, chooses the kernels that the
CPU has, and predicts the same; a program that was compiled for newer CPUs says so.

Usage: x86_cpus.py BUILD_DIRECTORY. With WINNOW_TEST_PORTABILITY=long all unit tests of kernels, tokenizers and encoders run on each CPU.
"""
import json
import pathlib
import platform
import sys
import tempfile

import emulation
from emulation import check

QEMU = "qemu-x86_64-static"
# The model, and the kernels that are to be chosen there. qemu 7.2 emulates up to AVX2. The first one has SSE2 and no more, as the
# first 64-bit CPUs: the minimum that docs/porting.md states.
CPUS = {"qemu64,-sse3,-cx16": "portable", "Nehalem": "portable", "SandyBridge": "portable", "Haswell": "avx2", "max": "avx2"}
SHORT = ("qemu64,-sse3,-cx16", "Haswell")

PROBE = """
#include <cstdio>
#include <vector>

#include "cli/required_cpu.h"

// Constructed before main, with the widest vectors that the compiler may use.
static std::vector<float> values(1000, 3.0F);
int main(int count, char**) {
#if defined(REQUIRES)
  winnow::RequireCpuOfBuild();
#endif
  float sum = 0;
  for (float& value : values) sum += (value *= static_cast<float>(count));
  std::printf("%g\\n", static_cast<double>(sum));
}
"""


def check_refusal(directory):
    """A program that was compiled for AVX2 ends with one sentence on a CPU without; without our check the emulator refuses it."""
    source = directory / "probe.cpp"
    source.write_text(PROBE)
    build = ["g++", "-std=c++23", "-O2", "-march=haswell", "-I", emulation.SOURCE / "src", source]
    checked, unchecked = directory / "checked", directory / "unchecked"
    emulation.run(*build, "-DREQUIRES", emulation.SOURCE / "src" / "cli" / "required_cpu.cpp", "-o", checked)
    emulation.run(*build, "-o", unchecked)
    for program in (checked, unchecked):
        check(emulation.run(QEMU, "-cpu", "max", program) == "3000\n", "the probe does not run where it should")
    refused = emulation.attempt(QEMU, "-cpu", "Nehalem", unchecked)
    check(refused.returncode not in (0, 1) and "Illegal instruction" in refused.stderr, f"qemu executes what a Nehalem does not have: {refused}")
    told = emulation.attempt(QEMU, "-cpu", "Nehalem", checked)
    check(told.returncode == 1 and told.stdout == "" and "this program was compiled for CPUs with AVX, which this CPU lacks" in told.stderr,
          f"an older CPU is not named: {told}")
    print(f"compiled for Haswell, on Nehalem: {told.stderr.splitlines()[0]}")


def main():
    if platform.machine() != "x86_64":
        emulation.skip("this is not x86-64")
    emulation.need(QEMU, "g++")
    build = pathlib.Path(sys.argv[1]).resolve()
    winnow = build / "winnow"
    with tempfile.TemporaryDirectory() as name:
        directory = pathlib.Path(name)
        check_refusal(directory)
        models = emulation.make_models(winnow, directory)
        expected = {name: emulation.predictions([winnow], model, {"WINNOW_ISA": "portable"}) for name, model in models.items()}
        for cpu, isa in CPUS.items():
            if not emulation.LONG and cpu not in SHORT:
                continue
            emulator = [QEMU, "-cpu", cpu]
            chosen = json.loads(emulation.run(*emulator, winnow, "version", "--json"))["isa"]
            check(chosen == isa, f"{cpu}: the kernels of '{chosen}' are chosen, not of '{isa}'")
            emulation.check_predictions(f"{cpu} ({isa})", [*emulator, winnow], models, expected)
            if emulation.LONG:
                for tests in ("kernels", "tokenize", "encoder"):
                    emulation.run_unit_tests(cpu, [*emulator, build / f"{tests}_unit_tests"])
            elif cpu == SHORT[0]:
                emulation.run_unit_tests(cpu, [*emulator, build / "kernels_unit_tests"], f"--gtest_filter={emulation.SLOW_TESTS}")


if __name__ == "__main__":
    main()
