#!/usr/bin/env python3
"""Checks every #include of src/ and include/ against the table in docs/architecture.md, and that table against src/.

    tests/include_check.py              check the project
    tests/include_check.py --self-test  check that violations are found, on a project made up for it
"""
import pathlib
import re
import sys
import tempfile

EVERYONE = ("fmt/",)
TESTS = ("gtest/", "gmock/", "support/")
BENCHMARKS = ("benchmark/",)
# Headers of the system that have an ending or a folder; the C++ standard library's have neither.
SYSTEM = re.compile(r"(sys|linux|netinet|arpa|net|asm)/.*|"
                    r"(dirent|dlfcn|errno|fcntl|fenv|getopt|glob|grp|ifaddrs|inttypes|limits|link|locale|malloc|math|netdb|"
                    r"poll|pthread|pwd|sched|semaphore|signal|spawn|stddef|stdint|stdio|stdlib|string|strings|syslog|termios|time|"
                    r"ucontext|unistd|utime|wchar)\.h|[a-z0-9_]+|cxxabi\.h|execinfo\.h|ext/.*|bits/.*")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def read_table(page):
    """{folder: (folders that it may include, or None for all; its third-party prefixes)}"""
    table = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|") or len(cells) != 4 or cells[0] == "folder" or set(cells[0]) <= set("- "):
            continue
        folders = None if cells[2] == "everything" else {name for name in cells[2].split() if name != "-"}
        table[cells[0]] = (folders, tuple(name for name in cells[3].split() if name != "-"))
    above = set()
    for folder, (folders, _) in table.items():
        wrong = (folders or set()) - above
        if wrong:
            raise SystemExit(f"docs/architecture.md: {folder} may include {sorted(wrong)}, which are not in rows above it")
        above.add(folder)
    return table


def matches(header, prefixes):
    return any(header == prefix or (prefix.endswith("/") and header.startswith(prefix)) for prefix in prefixes)


def problem(file, header, quoted, folder, table):
    """Why `file` of `folder` (None: include/winnow) may not include `header`, or None."""
    if header.startswith("winnow/"):
        return None
    if not quoted and SYSTEM.fullmatch(header):
        return None
    if folder is None:
        return "the installed API includes the standard library alone"
    is_test = file.name.endswith("_test.cpp")
    if (is_test and matches(header, TESTS)) or (file.name.endswith("_bench.cpp") and matches(header, BENCHMARKS)):
        return None
    if matches(header, EVERYONE):
        return None
    first = header.split("/")[0]
    allowed, third_party = table[folder]
    if quoted and "/" in header and first in table:
        if first in (folder, "base") or allowed is None or first in allowed:
            return None
        return f"{folder} may include {', '.join(sorted(allowed | {'base'}))}"
    if matches(header, third_party):
        return None
    owners = [name for name, (_, prefixes) in table.items() if matches(header, prefixes)]
    if owners:
        return f"only {', '.join(owners)} may include it"
    if quoted:
        return 'project headers are written from src/ on: "base/result.h"'
    return "no folder in docs/architecture.md has this header"


def is_product(file):
    return not file.name.endswith(("_test.cpp", "_bench.cpp"))


def ghosts(root, table, used):
    """What the table describes and src/ doesn't have, as lines of text. `used`: {folder: headers of its product files}."""
    found = []
    for folder, (folders, prefixes) in table.items():
        if not (root / "src" / folder).is_dir():
            found.append(f"docs/architecture.md: {folder}: there is no folder src/{folder}")
            continue
        headers = used.get(folder, set())
        for other in sorted(folders or ()):
            if not any(header.startswith(other + "/") for header in headers):
                found.append(f"docs/architecture.md: {folder} may include {other}, but none of its product files does")
        for prefix in prefixes:
            if not any(matches(header, (prefix,)) for header in headers):
                found.append(f"docs/architecture.md: {folder} may include {prefix}, but none of its product files does")
    return found


def check(root):
    """All violations, as lines of text."""
    table = read_table((root / "docs" / "architecture.md").read_text(encoding="utf-8"))
    found = []
    used = {}
    for top in ("include", "src"):
        for file in sorted((root / top).rglob("*")):
            if file.suffix not in (".h", ".cpp", ".inc"):
                continue
            parts = file.relative_to(root).parts
            folder = parts[1] if top == "src" else None
            if folder is not None and folder not in table:
                found.append(f"{file.relative_to(root)}: folder '{folder}' is not in docs/architecture.md")
                continue
            text = file.read_text(encoding="utf-8")
            for match in INCLUDE.finditer(text):
                if folder is not None and is_product(file):
                    used.setdefault(folder, set()).add(match[2])
                why = problem(file, match[2], match[1] == '"', folder, table)
                if why:
                    line = text.count("\n", 0, match.start(2)) + 1
                    found.append(f"{file.relative_to(root)}:{line}: includes {match[2]}: {why}")
    return found + ghosts(root, table, used)


def check_files(files):
    """check() of a project made of `files`: {path: text}."""
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        for name, text in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
        return check(root)


def self_test():
    page = ("| folder | what | includes | third-party headers |\n| --- | --- | --- | --- |\n| base | b | - | CLI/ |\n"
            "| net | n | - | curl/ zip.h |\n| bundle | m | net | - |\n| cli | c | everything | - |\n")
    # Rows, edges and prefixes of which src/ has nothing; what a test alone includes counts as nothing.
    ghost_page = ("| ghost | g | base | dnnl.h |\n| idle | i | net bundle | zlib.h re2/ pqxx/ |\n")
    fine = {
        "src/base/a.h": "#include <vector>\n#include <sys/stat.h>\n#include <CLI/CLI.hpp>\n#include <fmt/format.h>\n",
        "src/net/a.cpp": '#include "base/a.h"\n#include "net/b.h"\n#include <curl/curl.h>\n#include <zip.h>\n',
        "src/bundle/a_test.cpp": '#include "net/b.h"\n#include "winnow/error.h"\n#include <gtest/gtest.h>\n',
        "src/bundle/a.cpp": '#include "net/b.h"\n',
        "src/cli/a.cpp": '#include "bundle/a.h"\n#include "net/a.h"\n',
        "include/winnow/a.h": '#include <string>\n#include "winnow/b.h"\n',
    }
    wrong = {
        "src/base/b.h": '#include "net/a.h"\n',  # against the direction
        "src/net/c.h": '#include "bundle/a.h"\n',
        "src/bundle/b.h": "\n#  include <curl/curl.h>\n",  # not the owner, though it may include the owner's folder
        "src/bundle/c.h": "#include <zip.h>\n",
        "src/bundle/d.h": "#include <boost/any.hpp>\n",  # nobody's
        "src/bundle/e.h": '#include "a.h"\n',  # not from src/ on
        "src/bundle/f.cpp": "#include <gtest/gtest.h>\n",  # not a test
        "src/cli/b.cpp": "#include <CLI/CLI.hpp>\n",  # everything means folders, not libraries
        "src/stray/a.h": "",  # a folder that nobody has described
        "include/winnow/c.h": '#include "base/a.h"\n',
    }
    found = check_files({"docs/architecture.md": page, **fine, **wrong})
    files = {line.split(":")[0] for line in found}
    assert files == set(wrong), f"missed {set(wrong) - files}, wrongly found {files - set(wrong)}"
    assert len(found) == len(wrong), found
    assert any(line.startswith("src/bundle/b.h:2: includes curl/curl.h: only net may") for line in found), found
    idle = {
        "src/idle/a.cpp": '#include "net/b.h"\n#include <zlib.h>\n',
        "src/idle/a_test.cpp": '#include "bundle/a.h"\n#include <re2/re2.h>\n',
    }
    found = check_files({"docs/architecture.md": page + ghost_page, **fine, **idle})
    assert [line.removeprefix("docs/architecture.md: ").split(",")[0] for line in found] == [
        "ghost: there is no folder src/ghost", "idle may include bundle", "idle may include re2/",
        "idle may include pqxx/"], found
    for includes in ("later", "misspelled"):
        try:
            read_table(f"| early | e | {includes} | - |\n| later | l | - | - |\n")
        except SystemExit as refused:
            assert includes in str(refused), refused
        else:
            raise AssertionError(f"a row that includes '{includes}' was accepted")
    print(f"include check: finds all of {len(wrong) + len(found)} made-up violations and none in {len(fine)} good files")


def main():
    if sys.argv[1:] == ["--self-test"]:
        self_test()
        return
    found = check(pathlib.Path(__file__).resolve().parent.parent)
    if found:
        print("\n".join(found))
        raise SystemExit(f"include check: {len(found)} includes that docs/architecture.md does not allow")
    print("include check: every include is allowed")


if __name__ == "__main__":
    main()
