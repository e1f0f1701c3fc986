"""Whatever interrupts `winnow retrain` leaves whole models alone, and the next run completes.

WINNOW_TEST_KILLS=200 is the number of kills and power cuts, WINNOW_TEST_SEED repeats a run."""
import json
import os
import shutil
import signal
import subprocess
import time

import winnow
from power_cuts import PowerCuts
from retraining import SEED, RetrainTest

KILLS = int(os.environ.get("WINNOW_TEST_KILLS", "8"))


class Kill(RetrainTest):
    def check_whole(self, old, new, what):
        """The output directory is missing, the old model or the new one."""
        if os.path.exists(self.path("new", "winnow.json")):
            self.winnow("verify", "new")
            self.assertIn(self.lasting(), (old, new), what)

    def lasting(self):
        files = self.files("new")
        return {name: contents for name, contents in files.items() if name in ("model.safetensors", "linear.bin", "calibration.jsonl", "config.json")}

    def clean(self):
        for name in os.listdir(self.directory):
            if name.startswith(("new", ".new")):
                shutil.rmtree(self.path(name))

    def test_kills_leave_whole_models_and_the_next_run_completes(self):
        self.champion("--base-model", "scratch", "--epochs", 2, "--precision", "f32", "--threads", 2)
        self.report_both(25)
        command = [winnow.TestCase.program, *map(str, self.arguments("--threads", 2))]
        begin = time.monotonic()
        self.winnow(*command[1:])
        whole = time.monotonic() - begin
        new = self.lasting()
        resumed = 0
        for number in range(KILLS):
            self.clean()
            what = f"seed {SEED}, kill {number}"
            process = subprocess.Popen(command, cwd=self.directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.dice.uniform(0.1, 1) * whole)
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.check_whole(None, new, what)
            _, err = self.winnow(*command[1:])
            resumed += "resuming from" in err
            self.assertEqual(self.lasting(), new, what)
            self.assertFalse([name for name in os.listdir(self.directory) if name.startswith(".new")], f"{what}: something is left over")
        print(f"{KILLS} kills, {resumed} runs were resumed")

    def test_power_cuts(self):
        power = PowerCuts(self.directory, self.skipTest)
        self.champion()
        self.report_both(25)
        self.winnow(*self.arguments("--no-keep-data"))
        old = self.lasting()
        self.winnow(*self.arguments("--report", "gate"), environment=power.counting())
        new = self.lasting()
        self.assertNotEqual(old, new)
        calls = power.calls()
        self.assertGreater(calls, 20)
        for number in range(KILLS):
            self.clean()
            self.winnow(*self.arguments("--no-keep-data"))
            cut = self.dice.randint(1, calls)
            what = f"seed {SEED}, cut {number} at call {cut} of {calls}"
            died = subprocess.run([winnow.TestCase.program, *self.arguments("--report", "gate")], cwd=self.directory, capture_output=True, check=False, timeout=300,
                                  env={**os.environ, **power.at(cut, number, self.dice)})
            self.assertEqual(died.returncode, -9, f"{what}: {died.stderr.decode()}")
            self.assertTrue(os.path.exists(self.path("new", "winnow.json")), f"{what}: neither model is there")
            self.check_whole(old, new, what)
            self.winnow(*self.arguments("--report", "gate"))
            self.assertEqual(self.lasting(), new, what)
            with open(self.path("gate", "gate.json"), encoding="utf-8") as file:
                self.assertIn("passed", json.load(file))


if __name__ == "__main__":
    winnow.main()
