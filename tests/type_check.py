#!/usr/bin/env python3
"""Checks that no two files of src/ define types of the same name in the same namespace.

Such types break the one-definition rule, and neither compiler nor linker says so: the destructor, or a vector's functions, of one
type run on objects of the other one wherever the compiler has not inlined them. Types in an anonymous namespace may have any name;
nested types are not compared.

    tests/type_check.py              check the project
    tests/type_check.py --self-test  check that duplicates are found
"""
import collections
import pathlib
import re
import sys
import tempfile

NAMESPACE = re.compile(r"namespace(?: ([\w:]+))? \{")
# At the beginning of a line, as clang-format writes it. A specialization has a "<", a declaration a ";" after the name.
TYPE = re.compile(r"(?:class|struct|union|enum class|enum) (?:alignas\(.*\) )?(\w+)(?: final)?(?: :.*)?(?: \{.*)?$")


def types(text):
    """Yields the qualified name and the line number of each type that `text` defines outside of anonymous namespaces."""
    scopes = []
    for number, line in enumerate(text.splitlines(), 1):
        if match := NAMESPACE.match(line):
            scopes.append(match[1])
        elif re.match(r"\}\s*// namespace", line):
            scopes.pop()
        elif None not in scopes and (match := TYPE.match(line)):
            yield "::".join([*scopes, match[1]]), number


def check(root):
    """All duplicates, as lines of text."""
    places = collections.defaultdict(dict)
    for file in sorted((root / "src").rglob("*")):
        if file.suffix not in (".h", ".cpp") or file.name.endswith(("_test.cpp", "_bench.cpp")):
            continue
        for name, line in types(file.read_text(encoding="utf-8")):
            places[name].setdefault(file, f"{file.relative_to(root)}:{line}")
    return [f"{name} is defined in {' and '.join(files.values())}" for name, files in places.items() if len(files) > 1]


def self_test():
    files = {
        "src/a/one.h": "namespace winnow {\n\nclass Job;\nstruct Part {\n  struct Kind {};\n};\nenum class Kind { kA };\n\n}  // namespace winnow\n",
        "src/b/two.h": "namespace winnow {\n\nclass Job {\n};\nenum class Part : uint8_t { kA };\n\n}  // namespace winnow\n",
        "src/b/two.cpp": "namespace winnow {\nnamespace {\n\nstruct Part {\n};\n\n}  // namespace\n\nstruct Job::State {\n};\n\n}  // namespace winnow\n",
        "src/c/three.h": "namespace winnow::reference {\n\nstruct Part {\n};\n\n}  // namespace winnow::reference\n",
        "src/c/three_test.cpp": "namespace winnow {\n\nstruct Part {\n};\n\n}  // namespace winnow\n",
    }
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        found = check(root)
    assert found == ["winnow::Part is defined in src/a/one.h:4 and src/b/two.h:5"], found


def main():
    if sys.argv[1:] == ["--self-test"]:
        return self_test()
    found = check(pathlib.Path(__file__).resolve().parent.parent)
    for line in found:
        print(line)
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
