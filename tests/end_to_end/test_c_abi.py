"""The C interface of libwinnow: used by a program in strict C99, by ctypes, and by the examples in C, Go and Rust; and the
symbols and struct layouts that programs were compiled with, which stay as tests/c_abi/abi.txt lists them."""
import ctypes
import json
import os
import re
import shutil
import subprocess

import winnow
from winnow import MESSAGES, SOURCE, TestCase

HEADER = os.path.join(SOURCE, "include", "winnow", "winnow.h")
ABI = os.path.join(SOURCE, "tests", "c_abi")
EXAMPLES = os.path.join(SOURCE, "examples")
STRICT = ("-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-D_POSIX_C_SOURCE=200809L")




class Prediction(ctypes.Structure):
    _fields_ = [("label", ctypes.c_char_p), ("label_id", ctypes.c_int32), ("score", ctypes.c_float),
                ("confidence", ctypes.c_float)]


class CAbi(TestCase):
    def setUp(self):
        super().setUp()
        self.build = os.path.dirname(os.path.abspath(TestCase.program))
        self.library = os.path.join(self.build, "libwinnow.so.0")

    def run_program(self, *arguments, cwd=None, **environment):
        result = subprocess.run([str(a) for a in arguments], check=False, capture_output=True, text=True, timeout=600,
                                cwd=cwd, env={**os.environ, "LD_LIBRARY_PATH": self.build, **environment})
        self.assertEqual(result.returncode, 0, f"{arguments}\n{result.stdout[-2000:]}\n{result.stderr[-4000:]}")
        return result.stdout

    def compile(self, source, *flags):
        program = self.path(os.path.basename(source) + ".out")
        self.run_program("cc", *STRICT, source, "-o", program, "-I", os.path.join(SOURCE, "include"), self.library,
                         "-lpthread", *flags)
        return program

    def texts(self):
        return [line.rstrip("\n").split("\t")[1] for line in winnow.messages()[1:]][:300] + ["", "\u00e9\u4f60\U0001F389"]

    def model(self, *arguments):
        self.winnow("train", MESSAGES, "--output-dir", "model", *arguments)
        texts = self.texts()
        self.write("texts.txt", "".join(text + "\n" for text in texts))
        self.write("texts.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts))
        return [json.loads(line) for line in
                self.winnow("classify", "model", "--input", "texts.jsonl", "--json")[0].splitlines()]

    def compare(self, printed, expected):
        self.assertEqual(len(printed), len(expected))
        for line, answer in zip(printed, expected):
            label, confidence = line.rsplit(" ", 1)
            self.assertEqual(label, answer["label"])
            self.assertAlmostEqual(float(confidence), answer["confidence"], delta=1e-5)

    def test_a_program_in_c_trains_and_classifies(self):
        expected = self.model("--base-model", "scratch", "--epochs", 1, "--quantize", "--max-drop", 1)
        program = self.compile(os.path.join(ABI, "use.c"))
        self.compare(self.run_program(program, MESSAGES, self.directory).splitlines(), expected)
        # What it trained is what the command trains, and a training that was ended leaves nothing.
        self.winnow("train", MESSAGES, "--output-dir", "by_command", "--kind", "lr", "--C", 10, "--threads", 1)
        self.assertEqual(self.files("by_c")["linear.bin"], self.files("by_command")["linear.bin"])
        self.assertFalse(os.path.exists(self.path("stopped")))

    def test_ctypes_classifies(self):
        expected = self.model("--kind", "lr")
        library = ctypes.CDLL(self.library)
        library.winnow_results_at.restype = ctypes.POINTER(Prediction)
        library.winnow_results_at.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        library.winnow_error_message.restype = ctypes.c_char_p
        library.winnow_label.restype = ctypes.c_char_p
        library.winnow_label.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
        library.winnow_version.restype = ctypes.c_char_p
        self.assertEqual("winnow " + library.winnow_version().decode(), self.winnow("--version")[0].strip())
        model, error, results = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
        code = library.winnow_load(self.path("nothing").encode(), None, ctypes.byref(model), ctypes.byref(error))
        self.assertEqual(code, 4)
        self.assertIn(b"nothing", library.winnow_error_message(error))
        library.winnow_error_free(error)
        self.assertEqual(library.winnow_load(self.path("model").encode(), None, ctypes.byref(model), None), 0)
        self.assertEqual([library.winnow_label(model, i) for i in range(3)], [b"ham", b"spam", None])
        texts = [text.encode() for text in self.texts()]
        array = (ctypes.c_char_p * len(texts))(*texts)
        sizes = (ctypes.c_size_t * len(texts))(*map(len, texts))
        self.assertEqual(library.winnow_classify_many(model, array, sizes, ctypes.c_size_t(len(texts)), None,
                                                      ctypes.byref(results), None), 0)
        found = [library.winnow_results_at(results, i).contents for i in range(len(texts))]
        self.compare([f"{one.label.decode()} {one.confidence:.6f}" for one in found], expected)
        library.winnow_results_free(results)
        library.winnow_free(model)

    def test_symbols_and_layouts_are_those_of_the_list(self):
        symbols = sorted(fields[2] for fields in map(str.split, self.run_program("nm", "-D", "--defined-only", self.library).splitlines())
                         if fields[2].startswith("winnow_"))
        layout = self.run_program(self.compile(os.path.join(ABI, "layout.c")))
        found = "".join(f"{symbol}\n" for symbol in symbols) + layout
        if os.environ.get("WINNOW_TEST_WRITE_ABI"):
            with open(os.path.join(ABI, "abi.txt"), "w", encoding="utf-8") as file:
                file.write(found)
            return
        with open(os.path.join(ABI, "abi.txt"), encoding="utf-8") as file:
            listed = file.read()
        self.assertEqual(found.splitlines(), listed.splitlines(),
                         "the C interface differs from tests/c_abi/abi.txt: add, never change; WINNOW_TEST_WRITE_ABI=1 writes the list anew")
        # The header declares what is exported, and layout.c leaves out no struct.
        with open(HEADER, encoding="utf-8") as file:
            header = file.read()
        declared = re.findall(r"\b(winnow_\w+)\(", re.sub(r"/\*.*?\*/", "", header, flags=re.DOTALL))
        self.assertEqual(sorted(f"{name}@@WINNOW_0.1" for name in declared), symbols)
        self.assertEqual(sorted(re.findall(r"^} (winnow_\w+);", header, re.MULTILINE)),
                         sorted(re.findall(r"^struct (winnow_\w+) ", layout, re.MULTILINE) + ["winnow_code"]))
        exported = self.run_program("nm", "-D", "-C", "--defined-only", self.library)
        others = [line for line in exported.splitlines() if not re.search(r" [TA] (winnow_|winnow::(Classifier|Train)\b|WINNOW_)", line)]
        self.assertEqual(others, [])

    def test_the_header_is_strict_c_and_c_plus_plus(self):
        for compiler, standard in (("cc", "c99"), ("cc", "c11"), ("c++", "c++11"), ("c++", "c++20")):
            language = "c" if compiler == "cc" else "c++"
            self.run_program(compiler, f"-std={standard}", "-pedantic", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-x",
                             language, HEADER, "-Wno-pragma-once-outside-header")

    def install(self):
        prefix = self.path("prefix")
        self.run_program("cmake", "--install", self.build, "--prefix", prefix)
        library = next(root for root, _, names in os.walk(prefix) if "libwinnow.so" in names)
        return library, os.path.join(library, "pkgconfig")

    def check_example(self, command, expected, **environment):
        texts = self.texts()[:20]
        lines = self.run_program(*command, self.path("model"), *texts, **environment).splitlines()
        self.compare([" ".join(line.split("\t")[:2]) for line in lines], expected[:20])

    def test_the_documentation_can_be_followed(self):
        """The program and the commands of docs/c.md, in an environment that does not know where the library is."""
        with open(os.path.join(SOURCE, "docs", "c.md"), encoding="utf-8") as file:
            page = file.read()
        blocks = [[line[4:] for line in block.splitlines()] for block in re.findall(r"(?m)^(?:(?: {4}.*)?\n)+", page)]
        blocks = ["\n".join(lines).strip("\n") for lines in blocks]
        (program,) = (block for block in blocks if "int main(void)" in block)
        printed, failed = blocks[blocks.index(program) + 1:][:2]
        (build,) = (block.splitlines()[1] for block in blocks if block.startswith("cmake --install"))
        self.write("my_program.c", program + "\n")
        _, pkgconfig = self.install()
        plain = {"cwd": self.directory, "LD_LIBRARY_PATH": "", "PKG_CONFIG_PATH": pkgconfig}
        self.run_program("sh", "-c", build, **plain)
        result = subprocess.run([self.path("my_program")], cwd=self.directory, capture_output=True, text=True, check=True,
                                env={**os.environ, "LD_LIBRARY_PATH": ""})
        self.assertEqual((result.stdout, result.stderr.strip()), ("", failed))
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", "spam")
        self.assertEqual(self.run_program(self.path("my_program"), **plain).strip(), printed)

    def test_the_examples_classify(self):
        expected = self.model("--kind", "lr")
        library, pkgconfig = self.install()
        with self.subTest("C"):
            flags = self.run_program("pkg-config", "--cflags", "--libs", "winnow-c", PKG_CONFIG_PATH=pkgconfig).split()
            self.run_program("cc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror",
                             os.path.join(EXAMPLES, "c", "classify.c"), "-o", self.path("classify"), *flags)
            self.check_example([self.path("classify")], expected, LD_LIBRARY_PATH=library)
        with self.subTest("Go"):
            if shutil.which("go") is None:
                self.skipTest("go is not installed (Debian: golang-go)")
            shutil.copytree(os.path.join(EXAMPLES, "go"), self.path("go"))
            self.run_program("go", "build", "-o", self.path("classify_go"), ".", cwd=self.path("go"), PKG_CONFIG_PATH=pkgconfig,
                             CGO_ENABLED="1", GOFLAGS="-mod=mod", GOPROXY="off", GOTOOLCHAIN="local")
            self.check_example([self.path("classify_go")], expected, LD_LIBRARY_PATH=library)
        with self.subTest("Rust"):
            # rustup's cargo runs only once a toolchain has been chosen for this user.
            if shutil.which("cargo") is None or subprocess.run(["cargo", "--version"], capture_output=True, check=False).returncode:
                self.skipTest("cargo is not installed (Debian: cargo)")
            shutil.copytree(os.path.join(EXAMPLES, "rust"), self.path("rust"))
            self.run_program("cargo", "build", "--quiet", "--offline", cwd=self.path("rust"), WINNOW_LIB=library)
            self.check_example([self.path("rust", "target", "debug", "classify")], expected)


if __name__ == "__main__":
    winnow.main()
