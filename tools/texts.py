"""Every text that Winnow shows people, in one document: the help of all commands, then errors, hints, warnings and notes
by source file. With --check, texts that break the wording rules of docs/glossary.md are listed, and the exit status is 1.

    python3 tools/texts.py build/release/winnow            # the document
    python3 tools/texts.py build/release/winnow --check
"""

import argparse
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CALLS = re.compile(r"\b(Fail|Refuse|Broken|Bad|LogInfo|LogWarning|LogError|Note|Warn|Warning|ApiError|Refusal)\s*[({]")
LITERAL = re.compile(r'R"(\w*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"', re.S)

# What docs/glossary.md rules out, as people would read it.
BANNED = [
    (r"\banew\b", "say 'again'"),
    (r"\bhonest\b", "say 'calibrated'"),
    (r"\bpromis(e|es|ed)\b", "say 'guarantee'"),
    (r"\bfigures\b", "say 'metrics'"),
    (r"\bsurest\b", "say 'most confident'"),
    (r"\bhas no part in\b", "say 'cannot be combined with'"),
    (r"\bsays something only with\b", "say 'requires'"),
    (r"\b(one|each|label|number) a (text|label|class|row|word)\b", "say 'per text'"),
    (r"\b(?<!there )(?<!There )(is|are) no (?!longer\b|more\b|such\b|\w+ing\b)(\w+)\b", "say 'is not a ...'"),
    (r"\ball the same\b", "say 'nevertheless'"),
    (r"\bso (many|much)\b", "say 'N'"),
    (r"\bever after\b", "say 'from then on'"),
    (r"\bwhat was asked\b", "name it: the request"),
    (r"\btold\b", "say 'specified', 'reported' or 'printed'"),
    (r"\bto bear in mind\b", "say 'note'"),
    (r"\blegitimate texts\b", "say 'negatives'"),
    (r"\bthat fit none\b", "say 'out of scope'"),
    (r"\bdisguise(s|d)?\b(?!-)", "say 'obfuscation', 'obfuscated'"),
    (r"^the same\b", "name what is the same"),
    (r"\bof which\b", "begin a new sentence"),
    (r"\ba defect of Winnow\b", "say 'internal error'"),
]


def arguments(source, start):
    """The text between the bracket before `start` and its partner."""
    depth, at = 1, start
    while at < len(source) and depth:
        literal = LITERAL.match(source, at)
        if literal:
            at = literal.end()
            continue
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(source[at], 0)
        at += 1
    return source[start : at - 1]


def literals(code):
    """String literals that stand side by side are one text; values between them show as an ellipsis in braces."""
    texts, last = [], None
    for match in LITERAL.finditer(code):
        text = match.group(2) if match.group(3) is None else match.group(3).encode().decode("unicode_escape", "replace")
        between = code[last : match.start()] if last is not None else None
        if between is not None and not between.strip():
            texts[-1] += text
        elif between is not None and "+" in between and "," not in re.sub(r"\([^()]*\)", "", between):
            texts[-1] += "{}" + text
        else:
            texts.append(text)
        last = match.end()
    return [text for text in texts if " " in text]


def source_texts():
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".cpp", ".h") or path.name.endswith("_test.cpp"):
            continue
        source = re.sub(r"^\s*//.*$", "", path.read_text(), flags=re.M)
        found, reach = [], 0
        for call in CALLS.finditer(source):
            if call.start() < reach:
                continue  # within the call before
            code = arguments(source, call.end())
            reach = call.end() + len(code)
            found += [(call.group(1), text) for text in literals(code)]
        yield path.relative_to(ROOT), found


def help_text(winnow):
    return subprocess.run([winnow, "help", "--markdown"], check=True, capture_output=True, text=True).stdout


def broken_rules(text):
    prose = re.sub(r"`[^`]*`|--[\w-]+", "", text)
    return [advice + f" (found '{match.group(0)}')" for pattern, advice in BANNED
            if (match := re.search(pattern, prose, flags=re.I | re.M))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    pages = help_text(options.winnow)
    if not options.check:
        print(pages)
        for path, found in source_texts():
            if found:
                print(f"\n## {path}\n")
            for call, text in found:
                print(f"- {call}: {text!r}")
        return 0
    findings, count = [], 0
    for number, line in enumerate(pages.splitlines(), 1):
        findings += [f"help, line {number}: {line.strip()}: {rule}" for rule in broken_rules(line)]
    for path, found in source_texts():
        count += len(found)
        findings += [f"{path}: {text!r}: {rule}" for _, text in found for rule in broken_rules(text)]
    print("\n".join(findings))
    print(f"{count} texts of the source and {len(pages.splitlines())} lines of help, {len(findings)} to word otherwise")
    if count < 500:  # the program has about 1,500: fewer mean that this script no longer finds them
        print("too few texts were found")
        return 1
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
