#!/usr/bin/env python3
"""Checks that programs and libraries have the protections that cmake/hardening.cmake asks for.

Usage: check_hardening.py [--archives DIRECTORY] [--source DIRECTORY] FILE...
Each FILE is a program or shared library. --archives names a build folder whose libwinnow_*.a are looked into for CET: a
linked program has the mark of it only if the C library's start files have, which those of Debian 12 have not. --source names
the source tree, whose path must not be in a file. Needs readelf (binutils).
"""
import argparse
import pathlib
import platform
import re
import subprocess
import sys
import tempfile


def readelf(*arguments):
    return subprocess.run(["readelf", "--wide", *map(str, arguments)], check=True, capture_output=True, text=True).stdout


def faults_of(file, source=None):
    """Returns a sentence for each protection that `file` lacks."""
    header, segments, dynamic = readelf("-h", file), readelf("-l", file), readelf("-d", file)
    symbols = readelf("--dyn-syms", file)
    faults = []
    if not re.search(r"Type:\s+DYN", header):
        faults.append("is not position-independent (PIE)")
    if "GNU_RELRO" not in segments or not re.search(r"\bBIND_NOW\b|\bFlags: .*\bNOW\b", dynamic):
        faults.append("can have its table of functions overwritten (no full RELRO)")
    stack = re.search(r"GNU_STACK.*?(\bR\w*)\s+0x", segments)
    if not stack or "E" in stack.group(1):
        faults.append("has an executable stack")
    if re.search(r"^\s*LOAD.*\bRWE\b", segments, re.MULTILINE):
        faults.append("has memory that can be both written and executed")
    if "__stack_chk_fail" not in symbols:
        faults.append("has no stack protector")
    if not re.search(r"__(mem|str|v?s?n?printf|fprintf|read|fdelt|recv|pread|poll)\w*_chk\b", symbols):
        faults.append("calls no checked function of the C library (_FORTIFY_SOURCE)")
    for path in re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", dynamic):
        if not all(part.startswith("$ORIGIN") for part in path.split(":")):
            faults.append(f"looks for libraries in {path}")
    if source is not None and str(source).encode() in pathlib.Path(file).read_bytes():
        faults.append("names the folder that it was built in")
    return faults


def unmarked(archive):
    """Returns the object files of `archive` that are compiled without CET (x86-64)."""
    found, name, properties = [], None, False
    for line in readelf("-n", archive).splitlines() + ["File: end"]:
        if line.startswith("File: "):
            if name and not properties:
                found.append(name)
            name, properties = line.removeprefix("File: "), False
        elif "x86 feature: IBT, SHSTK" in line:
            properties = True
    return found


SAFE = ("-O2", "-fPIE", "-pie", "-fstack-protector-strong", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=3", "-fcf-protection=full",
        "-Wl,-z,relro", "-Wl,-z,now", "-Wl,-z,noexecstack")
UNSAFE = {"-no-pie": "position-independent", "-Wl,-z,lazy": "RELRO", "-Wl,-z,execstack": "executable stack",
          "-fno-stack-protector": "stack protector", "-U_FORTIFY_SOURCE": "_FORTIFY_SOURCE", "-Wl,-rpath,/opt/lib": "/opt/lib"}
SOURCE = """#include <cstdio>
#include <cstring>
int main(int argc, char** argv) { char text[64]; std::strcpy(text, argv[argc - 1]); std::printf("%s", text); return text[1]; }
"""


def self_test():
    with tempfile.TemporaryDirectory() as folder:
        source, program = pathlib.Path(folder, "test.cpp"), pathlib.Path(folder, "test")
        source.write_text(SOURCE)

        def compile_with(*flags, to=program):
            subprocess.run(["g++", "-w", *flags, source, "-o", to], check=True)

        x86 = platform.machine() == "x86_64"
        safe = [flag for flag in SAFE if x86 or flag != "-fcf-protection=full"]
        compile_with(*safe)
        assert faults_of(program) == [], faults_of(program)
        for flag, word in UNSAFE.items():
            without = ("-D_FORTIFY_SOURCE=3",) if flag == "-U_FORTIFY_SOURCE" else ()
            compile_with(*(one for one in safe if one not in without), flag)
            faults = faults_of(program)
            assert any(word in fault for fault in faults), (flag, faults)
        if x86:
            for flag, count in (("-fcf-protection=full", 0), ("-fcf-protection=none", 1)):
                part, archive = pathlib.Path(folder, "test.o"), pathlib.Path(folder, f"test{count}.a")
                compile_with("-c", flag, to=part)
                subprocess.run(["ar", "rc", archive, part], check=True)
                assert len(unmarked(archive)) == count, flag
        compile_with(*safe, "-g")
        assert any("built in" in fault for fault in faults_of(program, folder))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", type=pathlib.Path)
    parser.add_argument("--archives", type=pathlib.Path)
    parser.add_argument("--source", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    if not arguments.files:
        parser.error("a program or library is missing")
    findings = [f"{file.name} {fault}" for file in arguments.files for fault in faults_of(file, arguments.source)]
    if arguments.archives and platform.machine() == "x86_64":
        archives = sorted(arguments.archives.glob("libwinnow_*.a"))
        if not archives:
            sys.exit(f"{arguments.archives} holds no libwinnow_*.a")
        findings += [f"{name} is compiled without CET" for archive in archives for name in unmarked(archive)]
    print("\n".join(findings) or f"{len(arguments.files)} files have all protections")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
