"""The units of deploy/systemd: systemd accepts them, and rates them at most 1.5 (0 is best, 10 is worst). Usage: units.py PROGRAM"""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SYSTEMD = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "deploy", "systemd")
PROGRAM = os.path.abspath(sys.argv.pop(1))


def analyze(directory, *arguments):
    return subprocess.run(["systemd-analyze", "--no-pager", *arguments], capture_output=True, text=True, check=False, cwd=directory,
                          env={**os.environ, "SYSTEMD_UNIT_PATH": f"{directory}:"})


class Units(unittest.TestCase):
    def setUp(self):
        held = tempfile.TemporaryDirectory()
        self.addCleanup(held.cleanup)
        self.directory = held.name
        for name in os.listdir(SYSTEMD):
            with open(os.path.join(SYSTEMD, name), encoding="utf-8") as file:
                self.write(name, file.read().replace("/usr/bin/winnow", PROGRAM))

    def write(self, name, text):
        with open(os.path.join(self.directory, name), "w", encoding="utf-8") as file:
            file.write(text)

    def services(self):
        return sorted(name.replace("@", "@spam") for name in os.listdir(SYSTEMD) if name.endswith(".service"))

    def verify(self, name):
        return analyze(self.directory, "verify", "--man=no", os.path.join(self.directory, name.replace("@spam", "@")))

    def exposure(self, name):
        path = os.path.join(self.directory, name)
        if "@" in name:
            shutil.copy(os.path.join(self.directory, name.replace("@spam", "@")), path)
        done = analyze(self.directory, "security", "--offline=true", path)
        found = re.search(rf"exposure level for {re.escape(name)}: ([\d.]+)", done.stdout)
        self.assertTrue(found, done.stdout + done.stderr)
        return float(found[1])

    def test_systemd_accepts_every_unit(self):
        for name in sorted(os.listdir(SYSTEMD)):
            with self.subTest(name):
                done = self.verify(name)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_an_option_that_systemd_does_not_know_is_noticed(self):
        self.write("winnow.service", "[Service]\nExecStart=/bin/true\nDynamikUser=true\n")
        self.assertIn("DynamikUser", self.verify("winnow.service").stderr)

    def test_the_services_leave_little_exposed(self):
        for name in self.services():
            with self.subTest(name):
                self.assertLessEqual(self.exposure(name), 1.5)

    def test_metrics_of_drift_reach_the_node_exporter(self):
        with open(os.path.join(SYSTEMD, "winnow-drift@.service"), encoding="utf-8") as file:
            unit = file.read()
        # With it, the runtime directory of a dynamic user lies in /run/private, where root alone may look.
        self.assertNotIn("RuntimeDirectoryPreserve", unit)
        self.assertIn("--metrics /run/winnow-drift-%i/metrics.prom\n", unit)
        self.assertIn("\nRuntimeDirectory=winnow-drift-%i\n", unit)
        [command] = re.findall(r"^ExecStartPost=\+/bin/sh -c '(.*)'$", unit, re.MULTILINE)
        run, collector = (os.path.join(self.directory, name) for name in ("winnow-drift-spam", "node-exporter"))
        command = command.replace("/run/winnow-drift-%i", run).replace("/var/lib/prometheus/node-exporter", collector).replace("%i", "spam")

        def publish():
            return subprocess.run(["sh", "-c", command], check=False, capture_output=True).returncode

        os.mkdir(run)
        self.write("winnow-drift-spam/metrics.prom", "winnow_drift 1\n")
        self.assertEqual(publish(), 0, "without a node exporter")
        os.mkdir(collector)
        self.assertEqual(publish(), 0)
        with open(os.path.join(collector, "winnow-spam.prom"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "winnow_drift 1\n")
        self.assertEqual(os.listdir(collector), ["winnow-spam.prom"])
        os.replace(os.path.join(run, "metrics.prom"), os.path.join(run, "secret"))
        os.symlink("secret", os.path.join(run, "metrics.prom"))
        self.assertNotEqual(publish(), 0, "root would read what the service may not")

    def test_a_start_may_take_as_long_as_a_migration(self):
        with open(os.path.join(SYSTEMD, "winnow.service"), encoding="utf-8") as file:
            self.assertIn("\nTimeoutStartSec=30min\n", file.read())

    def test_a_service_that_is_not_confined_is_noticed(self):
        self.write("winnow.service", f"[Service]\nExecStart={PROGRAM} serve\n")
        self.assertGreater(self.exposure("winnow.service"), 5)


if __name__ == "__main__":
    if shutil.which("systemd-analyze") is None:
        print("skipped: systemd-analyze is not installed")
        sys.exit(77)
    unittest.main()
