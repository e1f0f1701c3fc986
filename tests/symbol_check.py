#!/usr/bin/env python3
"""Checks that no two object files of Winnow's libraries define the same function or variable.

A linker takes either of two definitions silently when the libraries are searched in a lucky order, so that a program can call
the wrong one, or stop linking when it needs both. Usage: symbol_check.py DIRECTORY, the build folder, which holds libwinnow_*.a.
"""
import argparse
import collections
import pathlib
import subprocess
import sys

STRONG = "TDBRS"  # Types of nm(1): global functions and variables; templates and inline functions are weak.


def duplicates(listing):
    """Returns the names that more than one object file of `listing`, the output of `nm -A -C`, defines."""
    places = collections.defaultdict(set)
    for line in listing.splitlines():
        place, _, symbol = line.partition(" ")
        fields = symbol.split(maxsplit=1)
        if len(fields) == 2 and fields[0] in STRONG:
            places[fields[1]].add(place.rsplit(":", 1)[0])
    return {name: sorted(where) for name, where in places.items() if len(where) > 1}


def self_test():
    listing = "a.a:x.o:0000 T winnow::F()\na.a:y.o:0000 W winnow::F()\nb.a:z.o:0000 T winnow::G()\na.a:x.o:0008 T winnow::G()\n"
    found = duplicates(listing)
    assert found == {"winnow::G()": ["a.a:x.o", "b.a:z.o"]}, found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", nargs="?", type=pathlib.Path)
    parser.add_argument("--self-test", action="store_true")
    arguments = parser.parse_args()
    if arguments.self_test:
        return self_test()
    libraries = sorted(arguments.directory.glob("libwinnow_*.a"))
    if not libraries:
        sys.exit(f"{arguments.directory} holds no libwinnow_*.a")
    listing = subprocess.run(["nm", "-A", "-C", "--defined-only", *libraries], check=True, capture_output=True, text=True).stdout
    found = duplicates(listing)
    for name, where in found.items():
        print(f"{name} is defined in {' and '.join(pathlib.Path(place).name for place in where)}")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
