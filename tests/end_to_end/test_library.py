"""The installed library, used by a program outside the tree, through CMake and through pkg-config."""
import json
import os
import subprocess

import winnow
from winnow import MESSAGES, TestCase

EXAMPLE = os.path.join(winnow.SOURCE, "examples", "cpp")
TRAINING = os.path.join(winnow.SOURCE, "examples", "train_from_cpp")


class Library(TestCase):
    def run_program(self, *arguments, **environment):
        return subprocess.run([str(a) for a in arguments], check=False, capture_output=True, text=True, timeout=600,
                              env={**os.environ, **environment})

    def succeeds(self, *arguments, **environment):
        result = self.run_program(*arguments, **environment)
        self.assertEqual(result.returncode, 0, f"{arguments}\n{result.stdout}\n{result.stderr}")
        return result.stdout

    def install(self):
        build = os.path.dirname(os.path.abspath(winnow.TestCase.program))
        prefix = self.path("prefix")
        self.succeeds("cmake", "--install", build, "--prefix", prefix)
        return prefix

    def test_a_program_outside_the_tree_trains(self):
        prefix = self.install()
        self.succeeds("cmake", "-S", TRAINING, "-B", self.path("build"), f"-DCMAKE_PREFIX_PATH={prefix}")
        self.succeeds("cmake", "--build", self.path("build"))
        program = self.path("build", "train_classifier")
        text = "You have won a prize, call now"
        printed = dict(line.split("\t") for line in
                       self.succeeds(program, MESSAGES, self.path("model"), text).splitlines())
        # The bundle is the one that `winnow train` makes: the same metrics, the same prediction.
        self.winnow("train", MESSAGES, "--base-model", "scratch", "--epochs", 2, "--output-dir", "by_command")
        for name in ("model", "by_command"):
            with open(self.path(name, "training_info.json"), encoding="utf-8") as file:
                metrics = json.load(file)["metrics"]
            self.assertEqual(set(printed) - {"label"}, {key for key, value in metrics.items() if value is not None})
            self.assertAlmostEqual(float(printed["accuracy"]), metrics["accuracy"], delta=1e-4)
            answer = json.loads(self.winnow("classify", name, "--json", "--", text)[0])
            self.assertEqual(printed["label"], answer["label"])
        wrong = self.run_program(program, self.path("nothing.tsv"), self.path("other"), text)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("nothing.tsv", wrong.stderr)
        self.assertFalse(os.path.exists(self.path("other")))

    def test_a_program_outside_the_tree_classifies(self):
        prefix = self.install()
        self.succeeds("cmake", "-S", EXAMPLE, "-B", self.path("build"), f"-DCMAKE_PREFIX_PATH={prefix}")
        self.succeeds("cmake", "--build", self.path("build"))
        library = next(root for root, _, names in os.walk(prefix) if "libwinnow.so" in names)
        flags = self.succeeds("pkg-config", "--cflags", "--libs", "winnow",
                              PKG_CONFIG_PATH=os.path.join(library, "pkgconfig")).split()
        self.succeeds("c++", "-std=c++23", os.path.join(EXAMPLE, "classify_messages.cpp"), "-o", self.path("by_pkg_config"),
                      *flags, f"-Wl,-rpath,{library}")

        self.winnow("train", MESSAGES, "--base-model", "scratch", "--epochs", 2, "--output-dir", "model", "--quantize",
                    "--max-drop", 1)
        texts = ["You have won a prize, call now", "see you at six", ""]
        expected = [json.loads(line) for line in self.winnow("classify", "model", "--json", "--", *texts)[0].splitlines()]
        for program in (self.path("build", "classify_messages"), self.path("by_pkg_config")):
            lines = self.succeeds(program, self.path("model"), *texts).splitlines()
            self.assertEqual([line.split("\t")[0] for line in lines], [answer["label"] for answer in expected])
            for line, answer in zip(lines, expected):
                self.assertAlmostEqual(float(line.split("\t")[1]), answer["confidence"], delta=1e-5)
            missing = self.run_program(program, self.path("nothing"), "text")
            self.assertEqual(missing.returncode, 1)
            self.assertIn("nothing", missing.stderr)


if __name__ == "__main__":
    winnow.main()
