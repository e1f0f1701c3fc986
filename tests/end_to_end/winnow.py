"""Runs the real program in a temporary directory. Standard library alone."""
import atexit
import functools
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("WINNOW_SHARED", os.path.join(SOURCE, "..", "shared"))
VERIFYING = ("bench", "calibrate", "classify", "compare", "evaluate", "export", "quantize", "serve", "tokenize", "train")  # commands with --no-verify
MESSAGES = os.path.join(SOURCE, "examples", "data", "messages.tsv")


def with_defaults(defaults, arguments):
    """The arguments, after those pairs of an option and its value in `defaults` whose option they lack: no option with a value may be repeated."""
    pairs = zip(defaults[::2], defaults[1::2])
    return [item for name, value in pairs if name not in arguments for item in (name, value)] + list(arguments)


class TestCase(unittest.TestCase):
    """A test in a directory of its own."""
    program = os.environ.get("WINNOW", "build/release/winnow")  # that is tested; main() takes another
    environment = {}  # of every run
    unverified = False  # in tests whose models are changed on purpose: whether models are loaded with --no-verify

    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="winnow-e2e-")
        self.addCleanup(shutil.rmtree, self.directory, True)

    def path(self, *parts):
        return os.path.join(self.directory, *parts)

    def write(self, name, contents):
        mode = "wb" if isinstance(contents, bytes) else "w"
        with open(self.path(name), mode, **({} if mode == "wb" else {"encoding": "utf-8"})) as file:
            file.write(contents)
        return self.path(name)

    def winnow(self, *arguments, code=0, stdin=None, environment=None, program=None):
        """Runs it; returns (stdout, stderr). A crash or another exit code than `code` fails the test."""
        if self.unverified and arguments and arguments[0] in VERIFYING:
            arguments = (arguments[0], "--no-verify", *arguments[1:])
        result = subprocess.run([program or self.program, *map(str, arguments)], input=stdin, capture_output=True, cwd=self.directory, timeout=300,
                                env={**os.environ, **self.environment, **(environment or {})})
        out, err = result.stdout.decode("utf-8", "replace"), result.stderr.decode("utf-8", "replace")
        self.assertEqual(result.returncode, code, f"winnow {' '.join(map(str, arguments))}\n{out}\n{err}")
        return out, err

    def fails(self, *arguments, code=1, says=(), **options):
        """Runs it, and expects an error that says all of `says`. Returns standard error."""
        _, err = self.winnow(*arguments, code=code, **options)
        for part in says:
            self.assertIn(part, err)
        return err

    def train(self, *arguments, data=MESSAGES, output="model", **options):
        """In numbers that don't depend on which were faster just now."""
        small = with_defaults(["--base-model", "scratch", "--epochs", 2, "--precision", "f32"], arguments)
        return self.winnow("train", data, "--output-dir", self.path(output), *small, **options)

    def trained(self, *arguments, data=MESSAGES, output="model"):
        """A new model in `output`, as `winnow train DATA ARGUMENTS` makes it (as `train` does, unless the arguments name a kind). It is a copy if an earlier test of this
        process has trained the same, so it is for tests of what models are used for, and not for those of training."""
        target = self.path(output)
        self.assertFalse(os.path.exists(target), "a model that replaces another one has a version of its own")
        files = [contents(self.path(name)) for name in (data, *map(str, arguments)) if os.path.isfile(self.path(name))]
        key = repr((os.path.basename(data), os.path.basename(output), arguments, files, sorted(self.environment.items()), self.unverified)).replace(self.directory, "")
        kept = os.path.join(kept_models(), hashlib.sha256(key.encode()).hexdigest())
        if os.path.exists(kept):
            shutil.copytree(kept, target)
            return
        if "--kind" in arguments:
            self.winnow("train", data, "--output-dir", target, *arguments)
        else:
            self.train(*arguments, data=data, output=output)
        shutil.copytree(target, kept)

    def files(self, directory="model"):
        """Contents by relative name."""
        found = {}
        for root, _, names in os.walk(self.path(directory)):
            for name in names:
                with open(os.path.join(root, name), "rb") as file:
                    found[os.path.relpath(os.path.join(root, name), self.path(directory))] = file.read()
        return found


@functools.cache
def kept_models():
    """The directory of the models of `TestCase.trained`, which lasts as long as the process."""
    directory = tempfile.mkdtemp(prefix="winnow-e2e-kept-")
    atexit.register(shutil.rmtree, directory, True)
    return directory


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def messages():
    """The lines of the example messages, heading first."""
    with open(MESSAGES, encoding="utf-8") as file:
        return file.read().splitlines(True)


def read_safetensors(path):
    """{name: (dtype, shape, bytes)}"""
    with open(path, "rb") as file:
        data = file.read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    return {name: (t["dtype"], t["shape"], data[8 + length + t["data_offsets"][0]:8 + length + t["data_offsets"][1]])
            for name, t in header.items()}


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [offset, offset + len(data)]}
        offset += len(data)
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in tensors.values()))


def main():
    if len(sys.argv) > 1 and os.path.exists(sys.argv[1]):
        TestCase.program = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
