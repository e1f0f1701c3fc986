"""Every text that Winnow shows people, in one document: the help of all commands, then errors, hints, warnings and notes
by source file, and then the other literals of the file that read like prose (reports, tables, descriptions of the HTTP
API, constants). With --check, lines of help and string literals of the source that break the wording rules of
docs/glossary.md are listed, and the exit status is 1.

    python3 tools/texts.py build/release/winnow            # the document
    python3 tools/texts.py build/release/winnow --check
    python3 tools/texts.py --self-test                     # whether texts that break a rule are found
"""

import argparse
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What is called with a text for people, most often the helper of a file that makes an error of it. Only the document
# depends on this list; --check reads every literal.
CALLS = re.compile(
    r"\b(Fail|Error|ApiError|ErrorResponse|Reject|Refuse|Unauthorized|Forbidden|Unavailable|TooManyRequests|"
    r"Bad|BadModel|Broken|BrokenTokenizer|Failure|ListenError|Lost|Missing|NotFinite|OutOfRange|SystemError|Unlike|"
    r"Unsupported|UnsupportedTokenizer|Wrong|WrongType|bad|broken|invalid|refuse|unsupported|wrong|"
    r"LogDebug|LogInfo|LogWarning|LogError|Note|Warn|Detail|note|DidYouMean|"
    r"(?:notes|warnings)\.(?:push_back|emplace_back))\s*[({]")
# A raw string (its text is group 2), a string (group 3), a character, or a comment. The character between the digits of
# 1'000 does not begin a character.
TOKEN = re.compile(r"""R"(\w*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"|(?<!\w)'(?:[^'\\\n]|\\.[^'\n]*)'|//[^\n]*|/\*.*?\*/""",
                   re.S)
PROSE = re.compile(r"[^\W\d_]{2,}[,:;]? [^\W\d_]{2,}")  # two words
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}

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
    (r"\b(?<!there )(?<!There )(is|are) no (?!better\b|longer\b|more\b|such\b|\w+ing\b)(\w+)\b", "say 'is not a ...'"),
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


def without_comments(source):
    return TOKEN.sub(lambda match: " " if match[0].startswith("/") else match[0], source)


def arguments(source, start):
    """The text between the bracket before `start` and its partner."""
    depth, at = 1, start
    while at < len(source) and depth:
        token = TOKEN.match(source, at)
        if token:
            at = token.end()
            continue
        depth += {"(": 1, "{": 1, ")": -1, "}": -1}.get(source[at], 0)
        at += 1
    return source[start : at - 1]


def unescaped(literal):
    """What a string literal says."""
    def character(match):
        code = match[1]
        return chr(int(code[1:], 16)) if code[0] in "ux" and len(code) > 1 else ESCAPES.get(code, code)
    return re.sub(r"\\(u[0-9A-Fa-f]{4}|x[0-9A-Fa-f]{1,2}|.)", character, literal)


def literals(code):
    """String literals that stand side by side are one text; values between them show as an ellipsis in braces."""
    texts, last = [], None
    for match in TOKEN.finditer(code):
        if match[2] is None and match[3] is None:
            continue
        text = match[2] if match[3] is None else unescaped(match[3])
        between = code[last : match.start()] if last is not None else None
        if between is not None and not between.strip():
            texts[-1] += text
        elif between is not None and "+" in between and not re.search("[,;{}]", re.sub(r"\([^()]*\)", "", between)):
            texts[-1] += "{}" + text
        else:
            texts.append(text)
        last = match.end()
    return [text for text in texts if " " in text]


def texts_of(source):
    """(function, text) of each call that takes texts."""
    source, found, reach = without_comments(source), [], 0
    for call in CALLS.finditer(source):
        if call.start() < reach:
            continue  # within the call before
        code = arguments(source, call.end())
        reach = call.end() + len(code)
        found += [(call.group(1), text) for text in literals(code)]
    return found


def other_texts_of(source):
    """Literals outside of these calls that read like prose."""
    listed = {text for _, text in texts_of(source)}
    texts = literals(without_comments(source))
    return [text for text in dict.fromkeys(texts) if text not in listed and PROSE.search(text)]


def sources(root):
    """(path, text) of each file of the program."""
    for path in sorted((root / "src").rglob("*")):
        if path.suffix in (".cpp", ".h") and not path.name.endswith("_test.cpp"):
            yield path.relative_to(root), path.read_text(encoding="utf-8")


def help_text(winnow):
    return subprocess.run([winnow, "help", "--markdown"], check=True, capture_output=True, text=True).stdout


def broken_rules(text):
    """Names in `backticks` or 'quotes' and options are not prose."""
    prose = re.sub(r"`[^`]*`|(?<!\w)'[^'\s]+'(?!\w)|--[\w-]+", "", text)
    return [advice + f" (found '{match.group(0)}')" for pattern, advice in BANNED
            if (match := re.search(pattern, prose, flags=re.I | re.M))]


def findings_of(root, pages):
    """The number of texts in the source, and a line for each rule that a text or a line of help breaks."""
    findings, count = [], 0
    for number, line in enumerate(pages.splitlines(), 1):
        findings += [f"help, line {number}: {line.strip()}: {rule}" for rule in broken_rules(line)]
    for path, source in sources(root):
        count += len(texts_of(source))
        texts = literals(without_comments(source))
        findings += [f"{path}: {text!r}: {rule}" for text in texts for rule in broken_rules(text)]
    return count, findings


def self_test():
    good = {
        "quoted": """return Fail(code, "'promise' is missing", "`promise` again; --fold-disguises");""",
        "comment": 'Note(  // anew\n "a plain text");  /* Fail("told") */',
        "character": """Fail(code, text.find('"') + " holds"); // "it was told" """,
        "digits": """Wait(1'000); // it was told, 2'000 times\nFail("a plain text");""",
    }
    bad = {
        "joined": 'Fail(code, "it is "\n  "all the " "same")',
        "values": 'LogWarning(name + " was " + Told(1, 2) + " told", 3);',
        "quote": """Reject('"', "it was told");""",
        "escaped": r"""observer.Warn('\'', ")" "it was told");""",
        "raw": 'warnings.push_back(R"x(a (text) of which)x")',
        "help": None,
    }
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory)
        (root / "src").mkdir()
        for name, text in {**good, **bad}.items():
            if text is not None:
                (root / "src" / f"{name}.cpp").write_text(text, encoding="utf-8")
        (root / "src" / "a_test.cpp").write_text('Fail("it was told")', encoding="utf-8")
        _, findings = findings_of(root, "A plain line.\nClassifies anew.\n")
    found = {re.split(r"[,:]", line)[0].removeprefix("src/").removesuffix(".cpp") for line in findings}
    assert found == set(bad), f"missed {set(bad) - found}, wrongly found {found - set(bad)}: {findings}"
    assert texts_of("Fail(text.find('(') + 1'000, \"in it\"); Do(\"not it\")") == [("Fail", "in it")]
    assert texts_of(r'Fail("größer \u00e4 \"x\"\n")') == [("Fail", 'größer ä "x"\n')], texts_of(r'Fail("größer \u00e4")')
    constants = 'const char* kHint = "try it again";\nint a = 1 + 2; Use(kHint, "use it"); Fail("use it"); Key("a_key", " ");'
    assert other_texts_of(constants) == ["try it again"], other_texts_of(constants)
    print(f"texts: finds all of {len(bad)} texts that break a rule and none in {len(good)} good ones")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", nargs="?")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--self-test", action="store_true")
    options = parser.parse_args()
    if options.self_test:
        self_test()
        return 0
    if options.winnow is None:
        parser.error("name the program winnow, or --self-test")
    pages = help_text(options.winnow)
    if not options.check:
        print(pages)
        for path, source in sources(ROOT):
            found = [f"- {call}: {text!r}" for call, text in texts_of(source)]
            found += [f"- {text!r}" for text in other_texts_of(source)]
            if found:
                print(f"\n## {path}\n")
                print("\n".join(found))
        return 0
    count, findings = findings_of(ROOT, pages)
    if findings:
        print("\n".join(findings))
    print(f"{count} texts of the source and {len(pages.splitlines())} lines of help, {len(findings)} to word otherwise")
    if count < 1000:  # fewer than the program has: this script no longer finds them
        print("too few texts were found")
        return 1
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
