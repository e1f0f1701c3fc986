#!/usr/bin/env python3
"""Parses the project's source files with Clang, all warnings on: a second compiler, and other standard libraries.

    tools/clang_warnings.py BUILD_DIRECTORY [FILE...] [--library libstdc++|libc++] [--libc glibc|musl] [--jobs N]

Reads BUILD_DIRECTORY/compile_commands.json and parses, without compiling, each FILE, or all files. libc++ stands for the
library of macOS, and with musl for Alpine's C library; Debian's packages clang-19, libc++-19-dev and musl-dev have them.
The build folder of another processor (docs/porting.md) is parsed for that one. Warnings are errors; the exit status is 1 if
there are any, and 77 where the compiler or the library is missing.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

KEPT = ('-I', '-D', '-std=', '--sysroot=')
CROSS_COMPILER = re.compile(r'/([\w-]+-linux-gnu)-g\+\+')
# What cmake/folder.cmake has for all compilers. From a precompiled header Clang does not know the pragmas any more by which
# libstdc++ lets itself call what it deprecates; what we call of that is found by g++.
WARNINGS = ('-Wall', '-Wextra', '-Wconversion', '-Werror', '-Wno-deprecated-declarations')
# What libc++ has from version 20 on: numbers with fractions. Declared for older ones, of which nothing is linked here.
NEWER_LIBCXX = """
#include <charconv>
#if defined(_LIBCPP_VERSION) && _LIBCPP_VERSION < 200000
namespace std {
from_chars_result from_chars(const char*, const char*, float&, chars_format = chars_format::general);
from_chars_result from_chars(const char*, const char*, double&, chars_format = chars_format::general);
}
#endif
"""
MUSL = pathlib.Path('/usr/include/x86_64-linux-musl')


def arguments_of(entry):
    """The options of the recorded command that tell what the file means, and the header that it precompiles or None."""
    words = shlex.split(entry['command'])
    kept = [word for word in words if word.startswith(KEPT)]
    if (cross := CROSS_COMPILER.search(words[0])) is not None:
        kept.append(f'--target={cross.group(1)}')
    header = None
    for option, value in zip(words, words[1:]):
        if option == '-isystem':
            kept += [option, value]
        elif option == '-include' and value.endswith('cmake_pch.hxx'):
            header = value
    return kept, header


def headers_of_other_packages(directory):
    """A directory with all that /usr/include has, except the files of glibc, which would stand in for what musl lacks."""
    listed = subprocess.run(['dpkg', '-L', 'libc6-dev'], check=True, capture_output=True, text=True).stdout.split('\n')
    owned = {pathlib.Path(name) for name in listed if name.startswith('/usr/include/')}
    shutil.rmtree(directory, ignore_errors=True)
    for base in (pathlib.Path('/usr/include'), pathlib.Path('/usr/include/x86_64-linux-gnu')):
        for entry in base.iterdir():
            theirs = entry in owned or entry.name in ('x86_64-linux-gnu', 'x86_64-linux-musl', 'c++')
            # linux-libc-dev has asm and linux.
            if not theirs or entry.name in ('asm', 'linux'):
                target = directory / base.name / entry.name
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(entry)
    return ['-isystem', str(directory / 'include'), '-isystem', str(directory / 'x86_64-linux-gnu')]


def library_options(options, scratch):
    newer = scratch / 'newer_libcxx.h'
    newer.write_text(NEWER_LIBCXX)
    # Threads that join are experimental up to version 19.
    libcxx = ['-fexperimental-library', '-include', str(newer)]
    if options.libc == 'musl':
        # The order of a system with musl: the C++ library, the compiler's own headers, musl, then other packages.
        root = pathlib.Path(subprocess.run([options.compiler, '-print-resource-dir'], check=True, capture_output=True, text=True).stdout.strip())
        version = root.name.split('.')[0]
        return [*libcxx, '-nostdinc', '-nostdinc++', '-D_LIBCPP_HAS_MUSL_LIBC=1', '-Wno-macro-redefined', '-isystem', f'/usr/lib/llvm-{version}/include/c++/v1',
                '-isystem', str(root / 'include'), '-isystem', str(MUSL), *headers_of_other_packages(scratch / 'musl-include')]
    return [f'-stdlib={options.library}', *(libcxx if options.library == 'libc++' else [])]


def precompile(command, header, scratch, number):
    # Without CMake's pragma, which would silence our own headers too.
    own = scratch / f'{number}.h'
    own.write_text(''.join(line for line in open(header, encoding='utf-8') if line.startswith('#include')))
    output = scratch / f'{number}.pch'
    done = subprocess.run([*command, '-x', 'c++-header', own, '-o', output], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f'{header} does not compile:\n{done.stderr}')
    return output


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build', type=pathlib.Path)
    parser.add_argument('files', nargs='*', type=pathlib.Path)
    parser.add_argument('--compiler', default='clang++-19')
    parser.add_argument('--library', choices=('libstdc++', 'libc++'), default='libstdc++')
    parser.add_argument('--libc', choices=('glibc', 'musl'), default='glibc')
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    options = parser.parse_args()
    if options.libc == 'musl':
        options.library = 'libc++'
    if shutil.which(options.compiler) is None or (options.libc == 'musl' and not MUSL.is_dir()):
        print(f'skipped: {options.compiler} or the headers of musl are not installed')
        return 77

    with tempfile.TemporaryDirectory(prefix='winnow-clang-') as scratch:
        return parse_all(options, pathlib.Path(scratch))


def parse_all(options, scratch):
    base = [options.compiler, *library_options(options, scratch)]
    if subprocess.run([*base, '-std=c++23', '-fsyntax-only', '-x', 'c++', '-'], input='#include <expected>\n', text=True, stderr=subprocess.DEVNULL,
                      check=False).returncode != 0:
        print(f'skipped: {options.compiler} finds no headers of {options.library}')
        return 77

    root = pathlib.Path(__file__).resolve().parent.parent
    wanted = {file.resolve() for file in options.files}
    entries = {entry['file']: entry for entry in json.loads((options.build / 'compile_commands.json').read_text())}.values()
    entries = [entry for entry in entries if root in (file := pathlib.Path(entry['file'])).parents
               and options.build.resolve() not in file.parents and (not wanted or file in wanted)]
    if not entries and wanted:
        print('none of these files belongs to the build', file=sys.stderr)
        return 0
    if not entries:
        sys.exit(f'{options.build}: no file of {root} to parse')

    # Parsed once per header: the macros of other folders concern their own headers only.
    headers = {}
    for entry in entries:
        kept, header = arguments_of(entry)
        if header is not None and header not in headers:
            headers[header] = precompile([*base, *kept, *WARNINGS], header, scratch, len(headers))

    def parse(entry):
        kept, header = arguments_of(entry)
        use = [] if header is None else ['-include-pch', headers[header]]
        command = [*base, *kept, *WARNINGS, *use, '-fsyntax-only', entry['file']]
        done = subprocess.run(command, cwd=entry['directory'], stderr=subprocess.PIPE, text=True, check=False)
        sys.stderr.write(done.stderr)
        return done.returncode

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        failed = sum(status != 0 for status in pool.map(parse, entries))
    print(f'{len(entries)} files parsed with {options.compiler} and {options.library}, {options.libc}; {failed} have errors or warnings', file=sys.stderr)
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
