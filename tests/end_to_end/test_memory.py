"""Memory: what memcheck says about a short classification, and what happens where there is too little of it.

The longer form: WINNOW_TEST_MEMORY_LIMITS=FIRST,LAST,STEP in MB trains under each of these limits, in place of a few, and WINNOW_TEST_MEMCHECK=all
also classifies with float weights."""
import json
import os
import resource
import shutil
import subprocess
import unittest

import winnow
from winnow import MESSAGES, SOURCE, TestCase

# Errors end the program by this exit code, which is none of its own.
FOUND = 99
MEMCHECK = ("valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", f"--error-exitcode={FOUND}",
            f"--suppressions={os.path.join(SOURCE, 'cmake', 'valgrind.supp')}")


def is_instrumented(program):
    """Whether it was built with a sanitizer, which goes neither with memcheck nor with a limit."""
    with open(program, "rb") as file:
        contents = file.read()
    return b"__asan_init" in contents or b"__tsan_init" in contents


class Memory(TestCase):
    def setUp(self):
        super().setUp()
        if is_instrumented(self.program):
            self.skipTest("the program is built with a sanitizer")

    @unittest.skipUnless(shutil.which("valgrind"), "valgrind isn't installed")
    def test_memcheck_finds_nothing_in_a_classification(self):
        # Valgrind cannot emulate AVX-512.
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            isa = {"WINNOW_ISA": "avx2" if " avx2 " in file.read() else "portable"}
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", "linear")
        self.train()
        self.winnow("quantize", "model", "--output", "int8", "--max-drop", 1)
        self.write("texts.txt", "See you at seven?\nYou won a prize, claim it now\n")
        for model in ("linear", "int8", *(["model"] if os.environ.get("WINNOW_TEST_MEMCHECK") == "all" else [])):
            with self.subTest(model):
                arguments = ["classify", model, "--input", "texts.txt", "--json", "--threads", "2"]
                done = subprocess.run([*MEMCHECK, self.program, *arguments], cwd=self.directory, capture_output=True, text=True, timeout=600, check=False,
                                      env={**os.environ, **isa})
                self.assertEqual(done.returncode, 0, done.stderr)
                labels = [[json.loads(line)["label"] for line in out.splitlines()] for out in (done.stdout, self.winnow(*arguments, environment=isa)[0])]
                self.assertEqual(labels[0], labels[1])
                self.assertEqual(len(labels[0]), 2)

    @unittest.skipUnless(shutil.which("valgrind") and shutil.which("cc"), "valgrind or a C compiler isn't installed")
    def test_memcheck_would_find_it(self):
        source = self.write("bad.c", "#include <stdlib.h>\nint main(void) { volatile char* p = malloc(4); return p[4] == 1 ? 1 : 0; }\n")
        subprocess.run(["cc", "-O0", "-o", self.path("bad"), source], check=True)
        self.assertEqual(subprocess.run([*MEMCHECK, self.path("bad")], capture_output=True, timeout=600, check=False).returncode, FOUND)

    def test_a_training_without_enough_memory_says_so(self):
        """oneDNN, which generates code, crashes where it gets no memory for it."""
        first, last, step = map(int, os.environ.get("WINNOW_TEST_MEMORY_LIMITS", "10,100,10").split(","))
        refused = 0
        for megabytes in range(first, last + 1, step):
            with self.subTest(megabytes=megabytes):
                limit = megabytes << 20
                done = subprocess.run([self.program, "train", MESSAGES, "--base-model", "scratch", "--epochs", "1", "--threads", "2", "--output-dir", "model",
                                       "--overwrite"], cwd=self.directory, capture_output=True, text=True, timeout=300, check=False,
                                      preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)))
                self.assertIn(done.returncode, (0, 1), done.stderr)
                if done.returncode == 1:
                    self.assertRegex(done.stderr, "error: out of memory(\n  reduce --batch-size| or of processes: a thread could not be started)")
                    self.assertFalse(os.path.exists(self.path("model")), "nothing is left behind")
                    refused += 1
                shutil.rmtree(self.path("model"), ignore_errors=True)
        self.assertGreater(refused, 0, "no limit was too low: the test showed nothing")


if __name__ == "__main__":
    winnow.main()
