"""Files of models that are not what was written: changed, unsigned, written by two processes, truncated while they are in use."""
import json
import os
import shutil
import signal
import subprocess
import time
import unittest

import serving
import winnow
from winnow import MESSAGES, TestCase

MINISIGN = shutil.which("minisign")
# Made with minisign 0.11 (minisign -G -W) for these tests; the secret key is not kept.
OTHER_KEY = "RWRl/lJkjIalBa1EL7wSQNx0xu9gRBlbPb8tsTjM7Qt8+t/VgepITSE4"


def change(path):
    """Another byte in the middle of a file."""
    with open(path, "r+b") as file:
        file.seek(os.path.getsize(path) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))


class Digests(TestCase):
    def loads(self):
        """Commands by the file that they read besides configuration and tokenizer."""
        model = self.path("model")
        return {
            "model.safetensors": [["classify", model, "--weights", "float", "text"], ["evaluate", model, MESSAGES, "--weights", "float"], ["quantize", model],
                                  ["export", model, "--format", "onnx", "--output", self.path("web")], ["calibrate", model, "--weights", "float", "--dry-run"],
                                  ["bench", model, MESSAGES, "--weights", "float"], ["compare", MESSAGES, model, "--weights", "float"],
                                  ["train", MESSAGES, "--base-model", model, "--epochs", 1, "--output-dir", self.path("again")]],
            "model_int8.safetensors": [["classify", model, "text"], ["evaluate", model, MESSAGES], ["calibrate", model, "--dry-run"], ["serve", model, "--port", 0]],
            "calibration.jsonl": [["quantize", model], ["calibrate", model, "--dry-run"]],
            "config.json": [["classify", model, "text"], ["serve", model, "--port", 0]],
            "tokenizer.json": [["classify", model, "text"], ["tokenize", model, "text"], ["serve", model, "--port", 0]],
        }

    def test_every_load_checks_what_it_reads(self):
        self.train("--quantize", "--max-drop", 1)
        for name, commands in self.loads().items():
            file = self.path("model", name)
            shutil.copy2(file, self.path("former"))
            change(file)
            for command in commands:
                with self.subTest(file=name, command=command[0]):
                    error = self.fails(*command, says=[name, "SHA-256", "winnow.json", "expected"])
                    if command[0] != "compare":  # which lists the errors of its models without their hints
                        self.assertIn("winnow verify", error)
                        self.assertIn("--no-verify", error)
            shutil.copy2(self.path("former"), file)
        # What a command does not read may have changed.
        change(self.path("model", "model.safetensors"))
        change(self.path("model", "training_info.json"))
        self.winnow("classify", "model", "text")
        self.winnow("tokenize", "model", "text")
        self.winnow("classify", "model", "--weights", "float", "--no-verify", "text")
        self.fails("classify", "model", "--weights", "float", "text", says=["model.safetensors"])

    def test_linear_models_and_plain_directories(self):
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", "model")
        change(self.path("model", "linear.bin"))
        self.fails("classify", "model", "text", says=["linear.bin", "SHA-256", "--no-verify"])
        shutil.rmtree(self.path("model"))
        self.train()
        os.remove(self.path("model", "winnow.json"))
        with open(self.path("model", "config.json"), "a", encoding="utf-8") as file:
            file.write("\n")
        self.winnow("classify", "model", "text")

    def test_verified_files_are_remembered_until_they_change(self):
        # A megabyte and more is hashed once.
        self.train("--max-length", 512)
        file = self.path("model", "model.safetensors")
        self.assertGreater(os.path.getsize(file), 1 << 20)
        environment = {"XDG_CACHE_HOME": self.path("cache")}
        time.sleep(2.1)  # newer files are not remembered
        self.winnow("classify", "model", "text", environment=environment)
        with open(self.path("cache", "winnow", "verified-files"), encoding="utf-8") as memory:
            self.assertIn(json.loads(self.files()["winnow.json"])["sha256"]["model.safetensors"], memory.read())
        self.winnow("classify", "model", "text", environment=environment)
        stamp = os.stat(file)
        change(file)
        os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        self.fails("classify", "model", "text", environment=environment, says=["model.safetensors", "SHA-256"])


@unittest.skipUnless(MINISIGN, "minisign is not installed")
class Signatures(TestCase):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr")
        subprocess.run([MINISIGN, "-G", "-W", "-f", "-p", self.path("key.pub"), "-s", self.path("key")], check=True, capture_output=True)

    def sign(self, *options):
        subprocess.run([MINISIGN, "-S", *options, "-s", self.path("key"), "-m", self.path("model", "winnow.json")], check=True, capture_output=True)

    def test_a_signed_model_is_loaded_with_its_key(self):
        self.fails("classify", "model", "text", "--public-key", "key.pub", says=["winnow.json.minisig", "not signed", "minisign -S"])
        for options in ([], ["-l"]):
            self.sign(*options)
            self.winnow("classify", "model", "text", "--public-key", "key.pub")
            self.winnow("evaluate", "model", MESSAGES, "--public-key", self.read_key())
            out, _ = self.winnow("verify", "model", "--public-key", "key.pub")
            self.assertIn("is signed with key", out)
            self.assertNotIn("unlisted", out)
            self.assertIs(json.loads(self.winnow("verify", "model", "--public-key", "key.pub", "--json")[0])["signed"], True)
        self.fails("classify", "model", "text", "--public-key", OTHER_KEY, says=["signed with key", "the trusted key is 05A5868C6452FE65"])
        self.fails("classify", "model", "text", "--public-key", "key.pub", "--no-verify", code=2, says=["cannot be combined"])
        self.fails("classify", "model", "text", "--public-key", "nothing", says=["neither a file nor a public key"])

    def test_nothing_that_is_not_signed_is_read(self):
        self.sign()
        self.winnow("verify", "model", "--public-key", "key.pub")
        change(self.path("model", "linear.bin"))
        self.fails("classify", "model", "text", "--public-key", "key.pub", says=["linear.bin", "SHA-256"])
        self.fails("verify", "model", "--public-key", "key.pub", says=["linear.bin"])
        change(self.path("model", "linear.bin"))
        self.write("model/out_of_scope.safetensors", b"from elsewhere")
        for command in (["classify", "model", "text"], ["verify", "model"], ["serve", "model", "--port", 0]):
            self.fails(*command, "--public-key", "key.pub", says=["out_of_scope.safetensors", "does not list the file"])
        os.remove(self.path("model", "out_of_scope.safetensors"))
        with open(self.path("model", "winnow.json"), "a", encoding="utf-8") as file:
            file.write("\n")
        out, _ = self.winnow("verify", "model", "--public-key", "key.pub", "--json", code=1)
        self.assertEqual([json.loads(out)[key] for key in ("ok", "signed")], [False, False])
        self.fails("classify", "model", "text", "--public-key", "key.pub", says=["the signature does not match"])
        # Whatever writes the manifest takes the signature away.
        self.sign()
        self.winnow("calibrate", "model")
        self.fails("classify", "model", "text", "--public-key", "key.pub", says=["not signed"])

    def read_key(self):
        with open(self.path("key.pub"), encoding="utf-8") as file:
            return file.read().splitlines()[1]


class OutputLocks(TestCase):
    def start(self, *arguments):
        process = subprocess.Popen([TestCase.program, *map(str, arguments)], cwd=self.directory, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        while not any(name.startswith(".model.winnow-") for name in os.listdir(self.directory)):
            self.assertIsNone(process.poll())
            time.sleep(.05)
        return process

    def test_a_second_training_is_refused_at_its_start(self):
        training = ["train", MESSAGES, "--base-model", "scratch", "--output-dir", "model"]
        first = self.start(*training, "--epochs", 5000, "--save-steps", 0)
        for command in (training, ["train", MESSAGES, "--kind", "lr", "--output-dir", "model/"]):
            self.fails(*command, says=["model: another process is writing this directory", "wait until it is finished"])
        self.assertIsNone(first.poll(), "they wait for nobody")
        first.send_signal(signal.SIGKILL)
        first.wait()
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", "model")
        self.assertEqual([name for name in os.listdir(self.directory) if name.startswith(".")], [])

    def test_commands_that_change_a_model_wait_for_nobody(self):
        self.train()
        self.start("train", MESSAGES, "--base-model", "scratch", "--output-dir", "model", "--epochs", 5000, "--save-steps", 0)
        for command in (["quantize", "model"], ["calibrate", "model"], ["export", "model"], ["calibrate", "model", "--output", "model2", "--overwrite"],
                        ["export", "model", "--output", "web"]):
            if "--output" in command:
                self.winnow(*command)
            else:
                self.fails(*command, says=["another process is writing this directory"])
        self.winnow("calibrate", "model", "--dry-run")
        self.winnow("classify", "model", "text")


class Truncated(serving.ServingTest):
    def classify(self):
        return self.send("POST", "/v1/classify", {"texts": [f"win a prize {i} now" for i in range(20)]})

    def check_served(self, name):
        file = self.path("model", name)
        shutil.copy2(file, self.path("whole"))
        process = self.serve(self.path("model"), "--cache-mb", 0)
        self.assertEqual(self.classify()[0].status, 200)
        os.truncate(file, 64)
        for _ in range(3):
            response, body = self.classify()
            self.assertEqual(response.status, 503, body)
            self.assertEqual(json.loads(body)["error_type"], "Unavailable")
            self.assertNotIn(self.directory, body.decode())
        self.assertIsNone(process.poll())
        self.wait_for_log("was truncated or overwritten")
        self.wait_for(lambda: json.loads(self.send("GET", "/models")[1])["models"][0].get("error"), "it was loaded again, without success")
        # Overwritten by as many bytes: no page is missing, but what was loaded is no more there.
        shutil.copyfile(self.path("whole"), file)
        self.assertEqual(self.classify()[0].status, 503)
        process.send_signal(signal.SIGHUP)
        self.wait_for(lambda: self.classify()[0].status == 200, "it is loaded again")
        self.stop(process)

    def test_weights_whose_time_alone_changes_are_loaded_again(self):
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", "model")
        self.serve(self.path("model"), "--cache-mb", 0)
        os.utime(self.path("model", "linear.bin"))
        self.assertEqual(self.classify()[0].status, 503)
        self.wait_for(lambda: self.classify()[0].status != 503)
        self.assertEqual(self.classify()[0].status, 200)

    def test_float_weights(self):
        self.train()
        self.check_served("model.safetensors")

    def test_int8_weights(self):
        self.train("--quantize", "--max-drop", 1)
        self.check_served("model_int8.safetensors")

    def test_linear_weights(self):
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", "model")
        self.check_served("linear.bin")

    def test_a_model_that_is_truncated_while_it_is_loaded(self):
        self.train()
        file = self.path("model", "model.safetensors")
        shutil.copy2(file, self.path("whole"))
        size = os.path.getsize(file)
        for attempt in range(24):
            process = subprocess.Popen([TestCase.program, "classify", self.path("model"), *(["--no-verify"] if attempt % 2 else []), "text"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            while process.poll() is None:
                os.truncate(file, size // 2)
                shutil.copyfile(self.path("whole"), file)
            error = process.stderr.read().decode()
            process.stderr.close()
            self.assertIn(process.returncode, (0, 1), error)
            self.assertEqual("error" in error, process.returncode == 1, error)


if __name__ == "__main__":
    winnow.main()
