#!/usr/bin/env python3
"""Checks that names in anonymous namespaces mean one thing in source files that are compiled as one.

Files of a folder are compiled several at once (WINNOW_UNITY in cmake/folder.cmake), and share one anonymous namespace then. Two
definitions of a name are an error of the compiler at best; two functions of a name with different parameters are overloads,
between which it chooses without a word, as it does between such a function and one of a header that another of the files
includes. Aliases may be repeated, since the compiler compares them, and the functions of commands (src/cli/command.h), whose
parameters are of types of their own.

    tests/name_check.py BUILD        check what the files of BUILD/unity include that BUILD/compile_commands.json lists
    tests/name_check.py --self-test  check that duplicates are found
"""
import collections
import json
import pathlib
import re
import sys
import tempfile

NAMESPACE = re.compile(r"(?:inline )?namespace(?: ([\w:]+))? \{")
# What a line defines, at its beginning, as clang-format writes it.
TYPE = re.compile(r"(?:class|struct|union|enum class|enum) (?:alignas\(.*\) )?(\w+)(?: final)?(?: :.*)?(?: \{.*)?;?$")
FUNCTION = re.compile(r"(?:[\w:]+(?:<.*?>+)?[ &*]+)+(\w+)\(")
VARIABLE = re.compile(r"(?:[\w:]+(?:<.*?>+)?[ &*]+)+(\w+)(?:\[.*?\])? ?(?:=|\{|;)")
NO_DEFINITION = re.compile(r"(?:\s|//|#|using |namespace |return|TEST|INSTANTIATE|TYPED_TEST|extern|static_assert|\}|public|private|friend)")


def scopes_of(text):
    """Yields each line with its number, and whether it is in an anonymous namespace."""
    scopes = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := NAMESPACE.match(line):
            scopes.append(match[1])
        elif re.match(r"\}\s*// namespace", line) and scopes:
            scopes.pop()
        else:
            yield number, line, None in scopes


def names(text, anonymous, patterns):
    """Yields the names that `text` defines in anonymous namespaces, or outside of them, with their line numbers."""
    for number, line, inside in scopes_of(text):
        line = re.sub(r"^template <.*?> (?=\w)", "", line)
        if inside != anonymous or not line or NO_DEFINITION.match(line):
            continue
        for pattern in patterns:
            if match := pattern.match(line):
                yield match[1], number
                break


def included(files, root):
    """The headers of `root` that `files` include, directly or not."""
    found, waiting = set(), list(files)
    while waiting:
        for name in re.findall(r'^#include "(.+)"$', waiting.pop().read_text(encoding="utf-8"), re.M):
            header = next((folder / name for folder in (root / "src", root / "tests") if (folder / name).is_file()), None)
            if header is not None and header not in found:
                found.add(header)
                waiting.append(header)
    return sorted(found)


def check(sources, root):
    """What `sources`, which are compiled as one, define twice, as lines of text."""
    places = collections.defaultdict(dict)
    for file in sources:
        for name, line in names(file.read_text(encoding="utf-8"), True, (TYPE, FUNCTION, VARIABLE)):
            places[name].setdefault(file, f"{file.relative_to(root)}:{line}")
    for name in ("Describe", "Run"):
        if all(file.parent.name == "cli" for file in places[name]):
            del places[name]
    of_files = set(places)
    for file in included(sources, root):
        for name, line in names(file.read_text(encoding="utf-8"), False, (FUNCTION,)):
            if name in of_files:
                places[name].setdefault(file, f"{file.relative_to(root)}:{line}")
    return [f"{name} is defined in {' and '.join(files.values())}" for name, files in places.items() if len(files) > 1]


def self_test():
    files = {
        "src/a/one.cpp": "namespace winnow {\nnamespace {\n\nnamespace fs = std::filesystem;\nusing Clock = X;\nconstexpr size_t kMost = 1;\nint At(int x) { return x; }\n"
                         "struct Part {\n  int At(int);\n};\n\n}  // namespace\n\nint Public() { return At(1); }\n\n}  // namespace winnow\n",
        "src/a/two.cpp": '#include "a/three.h"\nnamespace winnow {\nnamespace {\n\nnamespace fs = std::filesystem;\nusing Clock = X;\nconstexpr char kMost[] = "";\n'
                         "std::vector<int> At(double x) {\n}\nint Part(int x);\nint Own() {\n}\n\n}  // namespace\n}  // namespace winnow\n",
        "src/a/three.h": '#include "a/four.h"\n',
        "src/a/four.h": "namespace winnow {\n\nint Own(double x);\nstruct Clock {};\n\n}  // namespace winnow\n",
    }
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        found = check([root / "src/a/one.cpp", root / "src/a/two.cpp"], root)
    assert found == ["kMost is defined in src/a/one.cpp:6 and src/a/two.cpp:7", "At is defined in src/a/one.cpp:7 and src/a/two.cpp:8",
                     "Part is defined in src/a/one.cpp:8 and src/a/two.cpp:10", "Own is defined in src/a/two.cpp:11 and src/a/four.h:3"], found


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    root = pathlib.Path(__file__).resolve().parent.parent
    # Not all files of the folder: those of former groups may lie there.
    build = pathlib.Path(sys.argv[1]).resolve()
    compiled = {pathlib.Path(entry["file"]) for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))}
    batches = sorted(file for file in compiled if file.parent == build / "unity")
    if not batches:
        print(f"skipped: each source file is compiled alone in {sys.argv[1]}")
        return sys.exit(77)
    found = []
    for batch in batches:
        sources = [root / "src" / name for name in re.findall(r'^#include "(.+)"$', batch.read_text(encoding="utf-8"), re.M)]
        found += check([file for file in sources if file.is_file()], root)
    for line in found:
        print(line)
    return sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
