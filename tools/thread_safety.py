#!/usr/bin/env python3
"""Checks the lock annotations of src/base/mutex.h with Clang's thread safety analysis.

    tools/thread_safety.py BUILD_DIRECTORY [--compiler clang++-19]

Reads BUILD_DIRECTORY/compile_commands.json and analyses, without compiling, each source file of src that mentions a
mutex, or whose header does. Prints what the compiler finds; the exit status is 1 if it finds anything.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import subprocess
import sys

MUTEX = re.compile(r'base/mutex\.h|\b(?:Mutex|Reader|Writer)Lock\b')
KEPT = ('-I', '-D', '-std=')


def mentions_mutex(source):
    files = [source, source.with_suffix('.h')]
    return any(MUTEX.search(file.read_text()) for file in files if file.exists())


def arguments_of(entry):
    """The options of the recorded command that tell what the file means; others are the other compiler's own."""
    words = shlex.split(entry['command'])
    kept = [word for word in words if word.startswith(KEPT)]
    for option, value in zip(words, words[1:]):
        if option == '-isystem':
            kept += [option, value]
    return kept


def analyse(compiler, entry):
    command = [compiler, *arguments_of(entry), '-fsyntax-only', '-Wno-everything', '-Werror=thread-safety',
               '-Werror=thread-safety-reference', entry['file']]
    done = subprocess.run(command, cwd=entry['directory'], stderr=subprocess.PIPE, text=True, check=False)
    return done.returncode, done.stderr


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('build', type=pathlib.Path)
    parser.add_argument('--compiler', default='clang++-19')
    options = parser.parse_args()
    root = pathlib.Path(__file__).resolve().parent.parent / 'src'
    entries = json.loads((options.build / 'compile_commands.json').read_text())
    entries = {entry['file']: entry for entry in entries}.values()
    chosen = [entry for entry in entries
              if root in pathlib.Path(entry['file']).parents and mentions_mutex(pathlib.Path(entry['file']))]
    if not chosen:
        sys.exit(f'{options.build}: no source file of {root} that mentions a mutex')
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda entry: analyse(options.compiler, entry), chosen))
    for _, messages in results:
        sys.stderr.write(messages)
    print(f'{len(chosen)} files analysed', file=sys.stderr)
    return 1 if any(status != 0 for status, _ in results) else 0


if __name__ == '__main__':
    sys.exit(main())
