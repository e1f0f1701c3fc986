#!/usr/bin/env python3
"""Checks that instructions which not every x86-64 CPU has lie only in functions that are chosen by the CPU.

Kernels are compiled once per instruction set, each time in a namespace of Highway's, such as N_AVX2. A template or inline
function of somebody else that is compiled there for AVX2 is a weak symbol: of several equal ones the linker takes any, for
callers everywhere, and on an older CPU the program ends by SIGILL. So do static constructors that are compiled so. Usage:
instruction_check.py DIRECTORY, the build folder, whose libwinnow_*.a are disassembled: all that the program is linked from.
"""
import argparse
import concurrent.futures
import pathlib
import platform
import re
import shutil
import subprocess
import sys

# Namespaces of Highway for one instruction set each; N_SSE2 is what every CPU has, N_EMU128 and N_SCALAR are plain C++.
DISPATCHED = re.compile(r"\d+N_(?:AVX\w*|SSE4|SSSE3)")
# Compiled for AMX by an attribute, in src/kernels/amx_tiles.cpp, and called only where SupportedIsas has Isa::kAmx.
BY_ATTRIBUTE = "15AmxInstructions"

# Mnemonics beyond SSE2, as objdump writes them. tzcnt is left out: on older CPUs it is bsf, which compilers rely on.
BEYOND = re.compile(r"""
    v(?!err|erw|mcall)[a-z0-9]+                                                     # AVX and all after it
  | k(?:add|and|andn|mov|not|or|ortest|shift[lr]|test|unpck\w\w|xnor|xor)[bwdq]{1,2}  # masks of AVX-512
  | tile\w+ | tdp\w+ | ldtilecfg | sttilecfg                                        # AMX
  | addsubp[sd] | hadd\w+ | hsub\w+ | lddqu | mov(?:ddup|shdup|sldup) | fisttp\w*   # SSE3
  | pabs[bwd] | palignr | phadd\w+ | phsub\w+ | pmaddubsw | pmulhrsw | pshufb | psign[bwd]   # SSSE3
  | p?blend\w+ | dpp[sd] | extractps | insertps | movntdqa | mpsadbw | packusdw | pcmpeqq | pextr[bdq] | pinsr[bdq]
  | phminposuw | pmaxs[bd] | pmaxu[wd] | pmins[bd] | pminu[wd] | pmov[sz]x\w+ | pmuldq | pmulld | ptest | round[ps][sd]  # SSE4.1
  | crc32\w* | pcmp[ei]str[im] | pcmpgtq | popcnt\w*                                # SSE4.2
  | andn | bextr | blsi | blsmsk | blsr | bzhi | mulx | pdep | pext | rorx | sarx | shlx | shrx | lzcnt\w* | adcx | adox | movbe\w*
  | aes\w+ | pclmul\w+ | sha(?:1|256)\w+ | gf2p8\w+ | rdrand\w* | rdseed\w* | cmpxchg16b | xgetbv | xsave\w* | xrstor\w*
""", re.VERBOSE)
SYMBOL = re.compile(r"[0-9a-f]+ <(.+)>:")
PREFIXES = {"lock", "rep", "repz", "repnz", "bnd", "notrack", "data16", "cs", "ds", "es", "fs", "gs", "ss"}


def beyond(listing):
    """The functions of `listing`, the lines of `objdump -d --no-show-raw-insn`, with the first mnemonic that not every CPU has."""
    found = {}
    symbol = None
    known = {}   # A few hundred mnemonics in millions of lines.
    for line in listing:
        if line.startswith(" "):
            words = line.partition("\t")[2].split(None, 2)
            word = words[1] if len(words) > 1 and words[0] in PREFIXES else words[0] if words else ""
            if word not in known:
                known[word] = BEYOND.fullmatch(word) is not None
            if symbol is not None and known[word]:
                found[symbol] = word
                symbol = None   # One is enough.
        elif (start := SYMBOL.match(line)) is not None:
            symbol = start.group(1)
    return found


def allowed(symbol):
    return DISPATCHED.search(symbol) is not None or BY_ATTRIBUTE in symbol


def disassemble(file):
    process = subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", str(file)], stdout=subprocess.PIPE, text=True)
    found = beyond(process.stdout)
    if process.wait() != 0:
        sys.exit(f"objdump does not read {file}")
    return found


def self_test():
    listing = """
x.o:     file format elf64-x86-64

0000000000000000 <_ZN6winnow6N_AVX23SumEv>:
   0:\tendbr64
   4:\tvaddps %ymm0,%ymm1,%ymm2
0000000000000010 <_ZSt4sortv>:
  10:\taddps  %xmm0,%xmm1
  14:\tvaddps %ymm0,%ymm1,%ymm2
0000000000000020 <_ZN6winnow4MainEv>:
  20:\tlock cmpxchg16b (%rdi)
0000000000000030 <_ZN6winnow5CountEv>:
  30:\tpopcnt %rax,%rax
0000000000000040 <_ZN6winnow8BaselineEv>:
  40:\tpextrw $0x0,%xmm0,%eax
  44:\trep stos %al,%es:(%rdi)
  48:\tpmaxub %xmm0,%xmm1
  4c:\ttzcnt  %rax,%rax
  50:\tblah""".split("\n")
    found = beyond(listing)
    assert found == {"_ZN6winnow6N_AVX23SumEv": "vaddps", "_ZSt4sortv": "vaddps", "_ZN6winnow4MainEv": "cmpxchg16b",
                     "_ZN6winnow5CountEv": "popcnt"}, found
    assert [symbol for symbol in found if not allowed(symbol)] == ["_ZSt4sortv", "_ZN6winnow4MainEv", "_ZN6winnow5CountEv"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    if platform.machine() != "x86_64" or shutil.which("objdump") is None:
        print("skipped: this is not x86-64, or objdump is not installed")
        sys.exit(77)
    cache = (arguments.directory / "CMakeCache.txt").read_text()
    if re.search(r"^CMAKE_CXX_FLAGS\w*:STRING=.*-march", cache, re.MULTILINE):
        print("skipped: all of this was compiled for one CPU, by -march")
        sys.exit(77)
    files = sorted(arguments.directory.glob("libwinnow_*.a"))
    if not files:
        sys.exit(f"{arguments.directory} holds no libwinnow_*.a")
    with concurrent.futures.ProcessPoolExecutor() as pool:
        results = dict(zip(files, pool.map(disassemble, files)))
    chosen = wrong = 0
    for file, found in results.items():
        for symbol, mnemonic in found.items():
            if allowed(symbol):
                chosen += 1
                continue
            wrong += 1
            name = subprocess.run(["c++filt", symbol], capture_output=True, text=True, check=False).stdout.strip() or symbol
            print(f"{file.name}: {name} ({symbol}) has {mnemonic}, which not every x86-64 CPU has")
    print(f"{len(files)} libraries, {chosen} functions that are chosen by the CPU")
    if chosen == 0:
        sys.exit("no kernel has instructions of its own: the check does not see what it should")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
