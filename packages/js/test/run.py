"""The tests of packages/js: a copy of the package is built in the build folder, against models that the program trains here.

    run.py WINNOW [--directory DIR] [--only NAME]

Skips (77) where node, npm's registry or the WebAssembly module is missing."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = HERE.parent
SOURCE = PACKAGE.parent.parent
sys.path[:0] = [str(SOURCE / "tests"), str(SOURCE / "tests" / "end_to_end")]
import checked  # noqa: E402

SKIPPED = 77
TOOLS = {"vite": "^7.0.0", "webpack": "^5.100.0"}  # bundlers that pages are built with
RUNTIMES = {"bun": "^1.3.0", "deno": "^2.5.0", "workerd": "^1.20250901.0"}  # other runtimes; workerd is that of Cloudflare Workers
INSTALLED = ("node_modules", "tools", "runtimes", "next")
BUILD = ("dist", "LICENSE", "NOTICE")  # what build.js makes
BUILT = ".built"  # the digest of what it was made of
NEXT = {"next": "^15.5.0", "react": "^19.0.0", "react-dom": "^19.0.0"}


def skip(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def stage(directory):
    """A copy of the package with what its build reads of the project, beside node_modules of an earlier run."""
    for folder in ("packages/js", "examples/spamshield", "examples/browser"):
        if not (SOURCE / folder).exists():
            continue
        target = directory / folder
        target.mkdir(parents=True, exist_ok=True)
        for old in target.iterdir():
            if old.name in (*INSTALLED, *BUILD, BUILT):
                continue
            shutil.rmtree(old) if old.is_dir() and not old.is_symlink() else old.unlink()
        shutil.copytree(SOURCE / folder, target, dirs_exist_ok=True,
                        ignore=shutil.ignore_patterns("node_modules", "dist", "build", "bundled-*", "*.tgz", "package-lock.json"))
    for file in ("wasm/winnow.mjs", "share/winnow/rules/messages.toml", "LICENSE", "NOTICE"):
        (directory / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SOURCE / file, directory / file)
    return directory / "packages" / "js"


def install(folder, dependencies=None):
    """npm install, unless it was done for this package.json. Returns why it failed, or None."""
    folder.mkdir(exist_ok=True)
    if dependencies is not None:
        (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": dependencies}), encoding="utf-8")
    done = folder / "node_modules" / ".winnow-installed"
    wanted = (folder / "package.json").read_text(encoding="utf-8")
    if done.exists() and done.read_text(encoding="utf-8") == wanted:
        return None
    command = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"]
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=180, check=False)
    except subprocess.TimeoutExpired:
        return "npm install takes more than three minutes"
    if result.returncode != 0:
        return f"npm install failed: {result.stderr.strip().splitlines()[:1]}"
    done.write_text(wanted, encoding="utf-8")
    return None


def wasm_module():
    module = pathlib.Path(os.environ.get("WINNOW_TEST_WASM", SOURCE / "build" / "wasm" / "winnow.wasm"))
    if not module.exists() and shutil.which("clang++-19"):
        subprocess.run([SOURCE / "wasm" / "build.sh"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    if not module.exists():
        skip(f"{module} is missing (./dev wasm builds it)")
    return module


class Models:
    """Models, texts, and what the program says of them, for the tests in JavaScript."""

    def __init__(self, program, directory):
        self.program, self.directory = program, directory
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)

    def winnow(self, *arguments):
        result = subprocess.run([self.program, *map(str, arguments)], cwd=self.directory, capture_output=True, text=True, timeout=300, check=False)
        if result.returncode != 0:
            sys.exit(f"winnow {' '.join(map(str, arguments))}\n{result.stderr}")
        return result.stdout

    def write(self, name, contents):
        (self.directory / name).write_text(contents, encoding="utf-8")

    def lines(self, name, documents):
        self.write(name, "".join(json.dumps(document) + "\n" for document in documents))

    def expect(self, model, *options, name="expected"):
        out = self.winnow("classify", model, "--input", "texts.jsonl", "--format", "jsonl", "--text-field", "text", "--json", "--quiet", *options)
        self.write(f"{model}.{name}.jsonl", out)

    def make(self):
        import test_wasm  # pylint: disable=import-outside-toplevel
        import winnow
        texts = test_wasm.thousand_texts()
        self.lines("texts.jsonl", ({"text": text} for text in texts))
        self.winnow("train", winnow.MESSAGES, "--kind", "lr", "--output-dir", "lr", "--quiet")
        self.winnow("train", winnow.MESSAGES, "--base-model", "scratch", "--epochs", 1, "--quantize", "--max-drop", 1, "--output-dir", "tiny", "--quiet")
        self.winnow("train", test_wasm.MULTILINGUAL, "--kind", "lr", "--analyzer", "char_wb", "--ngrams", "1-3", "--text-field", "text",
                    "--label-field", "language", "--output-dir", "languages", "--quiet")
        kinds = {"money": ("win cash {}", "a prize of {}"), "travel": ("train at {}", "flight {}"), "food": ("soup for {}", "cake {}")}
        rows = [{"text": f"{forms[i % 2].format(i)} {other[0].format(i) if i % 3 == 0 else ''}",
                 "labels": sorted({kind, *([other_kind] if i % 3 == 0 else [])})}
                for i in range(60) for kind, forms in kinds.items() for other_kind, other in kinds.items()]
        self.lines("multi.jsonl", rows)
        self.winnow("train", "multi.jsonl", "--kind", "lr", "--text-field", "text", "--label-field", "labels", "--output-dir", "multi", "--quiet")
        intents = {"weather": "will it rain in {} on {} {}", "music": "play the song {} {} of {} again", "alarm": "wake me up at {} on {} {}"}
        self.write("intents.tsv", "".join(f"{label}\t{form.format(a, b, c)}\n" for a in "paris rome oslo delhi lima".split()
                                          for b in "monday friday sunday easter".split() for c in "early noon late night dawn dusk six eight ten nine".split()
                                          for label, form in intents.items()))
        self.write("outside.txt", "".join(f"how many kilos does elephant {i} weigh on the moon\n" for i in range(80)))
        self.winnow("train", "intents.tsv", "--kind", "lr", "--validation-size", .3, "--output-dir", "scope", "--quiet")
        self.winnow("calibrate", "scope", "--out-of-scope", "outside.txt", "--quiet")
        for model in ("lr", "tiny", "languages", "multi", "scope"):
            self.expect(model)
        self.expect("tiny", "--weights", "float", name="float")
        self.expect("lr", "--mode", "strict", name="strict")
        self.expect("lr", "--threshold", .2, name="threshold")
        self.expect("multi", "--threshold", .2, name="threshold")
        self.winnow("export", "tiny", "--format", "onnx")
        with open(SOURCE / "examples" / "data" / "messages_must_pass.jsonl", encoding="utf-8") as file:
            cases = [json.loads(line) for line in file]
        texts = [case["text"] for case in cases] + texts[:600]
        self.lines("messages.jsonl", ({"text": text} for text in texts))
        self.write("rules.jsonl", "".join(json.dumps(json.loads(self.winnow("rules", "explain", "--json", "--", text))) + "\n" for text in texts[:160]))


def built(directory):
    """The package, built in a copy in `directory`, with what npm has for its build."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        skip("node and npm are not installed (Debian: nodejs npm)")
    if not list((PACKAGE / "prebuilds").glob("*/winnow.node")):
        skip("the addon was not built: node_api.h was missing when CMake ran (Debian: libnode-dev)")
    module = wasm_module()
    package = stage(directory)
    if why := install(package):
        skip(why)
    build(package, module)
    return package


def build(package, module):
    """Builds the package, unless it was built of these files."""
    done = package / BUILT
    project = package.parent.parent
    sources = [package.relative_to(project) / name for name in ("src", "build.js", "package.json", "tsconfig.json", "node_modules/.package-lock.json")]
    key = checked.digest(project, [*sources, pathlib.Path("share"), pathlib.Path("LICENSE"), pathlib.Path("NOTICE")]) + checked.digest(module.parent, [module.name])
    if done.exists() and done.read_text(encoding="utf-8") == key:
        return
    done.unlink(missing_ok=True)
    subprocess.run(["node", "build.js", str(module)], cwd=package, check=True)
    done.write_text(key, encoding="utf-8")


def is_well_published(package):
    """What npm, Node and TypeScript make of the package as it is published."""
    strict = ["tsc", "--noEmit", "--strict", "--exactOptionalPropertyTypes", "--noUncheckedIndexedAccess", "--module", "nodenext", "--target", "es2022"]
    for command in (["tsc", "--noEmit", "-p", "."], [*strict, "--lib", "es2022", "--types", "node", "test/types.mts", "test/types.cts"],
                    [*strict, "--lib", "es2022,dom", "test/types-browser.mts"], ["publint", "--strict"], ["attw", "--pack", "."]):
        if subprocess.run([package / "node_modules" / ".bin" / command[0], *command[1:]], cwd=package, check=False).returncode != 0:
            return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("winnow", type=pathlib.Path)
    parser.add_argument("--directory", type=pathlib.Path)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    program = arguments.winnow.resolve()
    directory = (arguments.directory or program.parent / "js").resolve()
    package = built(directory)
    for folder, dependencies in (("tools", TOOLS), ("runtimes", RUNTIMES), ("next", NEXT)):
        if why := install(package / folder, dependencies):
            print(f"{folder} are left out: {why}")
    published = [path.name for path in package.iterdir() if path.name not in INSTALLED]
    if not checked.once("js-package", checked.digest(package, [*published, "node_modules/.package-lock.json"]), lambda: is_well_published(package)):
        sys.exit("the package is not fit to be published")
    example = build_example(directory, package)
    models = Models(program, directory / "models")
    models.make()
    environment = {**os.environ, "WINNOW_MODELS": str(directory / "models"), "WINNOW_PROGRAM": str(program),
                   "WINNOW_CHROMIUM": next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")}
    for folder, tests in ((package, (package / "test").glob("*.test.js")), (example, (example / "dist" / "test").glob("*.test.js"))):
        names = sorted(str(path.relative_to(folder)) for path in tests if arguments.only in path.name)
        if names and subprocess.run(["node", "--test", "--test-concurrency=2", *names], cwd=folder, env=environment, check=False).returncode != 0:
            sys.exit(f"tests of {folder.name} failed")


def build_example(directory, package):
    """examples/spamshield, with the package and its tools in place of an installation."""
    example = directory / "examples" / "spamshield"
    modules = example / "node_modules"
    modules.mkdir(exist_ok=True)
    for name, target in (("winnow", package), ("@types", package / "node_modules" / "@types")):
        if not (modules / name).is_symlink():
            (modules / name).symlink_to(target)
    subprocess.run([package / "node_modules" / ".bin" / "tsc", "-p", "."], cwd=example, check=True)
    sources = [str(path) for folder in ("src", "test") for path in (example / folder).glob("*.ts")]
    subprocess.run([package / "node_modules" / ".bin" / "esbuild", *sources, f"--outdir={example / 'dist'}", "--format=esm", "--platform=node",
                    "--log-level=warning"], check=True)
    return example


if __name__ == "__main__":
    main()
