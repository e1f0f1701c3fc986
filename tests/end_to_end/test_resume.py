"""A training that is killed, at any moment and with whatever the disk had not kept, goes on to the same model."""
import json
import os
import random
import shutil
import subprocess
import time

import winnow
from power_cuts import PowerCuts
from winnow import TestCase

ARGUMENTS = ("--base-model", "scratch", "--epochs", 3, "--batch-size", 8, "--save-steps", 9, "--save-total-limit", 2, "--threads", 2, "--precision", "f32")
# What a training leaves but for times and dates.
LASTING = ("model.safetensors", "config.json", "labels.json", "tokenizer.json", "calibration.jsonl")


class Resume(TestCase):
    def setUp(self):
        super().setUp()
        self.data = self.write("messages.tsv", "".join(winnow.messages()[:126]))  # few: they are trained on dozens of times

    def command(self, *arguments, output="model"):
        return [winnow.TestCase.program, "train", self.data, "--output-dir", output, *map(str, winnow.with_defaults(ARGUMENTS, arguments))]

    def run_to_the_end(self, *arguments, output="model", environment=None):
        done = subprocess.run(self.command(*arguments, output=output), cwd=self.directory, capture_output=True, text=True, timeout=300,
                              env={**os.environ, **(environment or {})}, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def lasting(self, output="model"):
        files = self.files(output)
        return {name: files[name] for name in LASTING} | {"manifest": {**json.loads(files["winnow.json"]), "name": "", "sha256": {}, "version": "", "sealed_version": ""}}

    def expected(self):
        if not os.path.exists(self.path("through")):
            self.run_to_the_end(output="through")
        return self.lasting("through")

    def checkpoints(self):
        return [name for name in os.listdir(self.path("model")) if name.startswith("checkpoint-")] if os.path.isdir(self.path("model")) else []

    def test_kills_at_random_moments(self):
        begin = time.monotonic()
        expected = self.expected()
        whole = time.monotonic() - begin
        dice = random.Random(time.time_ns())
        resumed = 0
        for _ in range(4):
            shutil.rmtree(self.path("model"), ignore_errors=True)
            for _ in range(3):
                process = subprocess.Popen(self.command("--resume"), cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(dice.uniform(0.2, 0.9) * whole)
                process.kill()
                process.wait()
                resumed += bool(self.checkpoints())
                if process.returncode == 0:
                    break  # it was done already
            else:
                self.run_to_the_end("--resume")
            self.assertEqual(self.lasting(), expected)
        if not resumed:  # each kill came before the first checkpoint, since the machine has become slower
            shutil.rmtree(self.path("model"), ignore_errors=True)
            process = subprocess.Popen(self.command(), cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            while not self.checkpoints() and process.poll() is None:
                time.sleep(0.002)
            process.kill()
            process.wait()
            self.run_to_the_end("--resume")
            self.assertEqual(self.lasting(), expected)

    def count_calls(self, *arguments):
        """Runs a training, and returns how many of its calls a power cut may come before."""
        self.run_to_the_end(*arguments, environment=self.power.counting())
        calls = self.power.calls()
        self.assertGreater(calls, 100)
        return calls

    def cut_power(self, at, *arguments):
        died = subprocess.run(self.command(*arguments), cwd=self.directory, capture_output=True, check=False, timeout=300,
                              env={**os.environ, **self.power.at(at)})
        self.assertEqual(died.returncode, -9, f"call {at}: {died.stderr.decode()}")

    def test_power_cuts_leave_the_old_model_or_the_new(self):
        self.power = PowerCuts(self.directory, self.skipTest)
        self.run_to_the_end("--seed", 7)
        new = self.lasting()
        self.run_to_the_end()
        old = self.lasting()
        self.assertNotEqual(old, new)
        calls = self.count_calls("--seed", 7)  # the last of which remove the old model
        self.run_to_the_end()
        seen = []
        for cut in range(calls - 60, calls + 1, 5):
            self.cut_power(cut, "--seed", 7)
            self.winnow("verify", "model")
            now = self.lasting()
            self.assertIn(now, (old, new), f"call {cut} of {calls}")
            seen.append(now == new)
            if now == new:
                self.run_to_the_end()
        self.assertEqual(set(seen), {False, True}, f"cuts before the exchange and after it: {seen}")

    def test_power_cuts(self):
        self.power = PowerCuts(self.directory, self.skipTest)
        expected = self.expected()
        calls = self.count_calls()
        self.assertEqual(self.lasting(), expected)
        dice = random.Random(time.time_ns())
        cuts = sorted(dice.sample(range(1, calls + 1), 12))
        for cut in cuts:
            shutil.rmtree(self.path("model"), ignore_errors=True)
            self.cut_power(cut)
            self.run_to_the_end("--resume")
            self.assertEqual(self.lasting(), expected, f"cut {cut} of {calls}")
            self.winnow("verify", "model")

    def test_event_files_of_a_training_are_a_run_of_their_own(self):
        self.run_to_the_end("--report-to", "tensorboard")
        process = subprocess.Popen(self.command("--epochs", 12, "--report-to", "tensorboard"), cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not self.checkpoints():
            time.sleep(0.02)
            self.assertIsNone(process.poll())
        process.kill()
        process.wait()
        self.run_to_the_end("--epochs", 12, "--report-to", "tensorboard", "--resume")
        runs = self.path("model", "runs")
        self.assertEqual([len(os.listdir(os.path.join(runs, name))) for name in sorted(os.listdir(runs))], [1, 2])
        self.winnow("verify", "model")

    def test_what_can_not_be_gone_on_from(self):
        process = subprocess.Popen(self.command("--epochs", 400), cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not self.checkpoints():
            time.sleep(0.02)
            self.assertIsNone(process.poll())
        process.kill()
        process.wait()
        again = self.command("--epochs", 400, "--resume")[1:]
        self.fails(*again, "--lr", 1e-4, code=2, says=["checkpoint-", "learning_rate", "0.0001"])
        self.fails(*self.command("--epochs", 400, "--threads", 1, "--resume")[1:], code=2, says=["threads"])
        self.fails(*again, "--label-smoothing", 0.1, code=2, says=["label_smoothing"])
        other = self.write("other.tsv", "".join(winnow.messages()[:100]))
        self.fails(*[other if argument == self.data else argument for argument in again], code=2, says=["training_data"])
        # A fresh start warns, and takes the place of the old checkpoints.
        err = self.run_to_the_end()
        self.assertIn("unfinished", err)
        self.assertEqual(self.checkpoints(), [])


if __name__ == "__main__":
    winnow.main()
