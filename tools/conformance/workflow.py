"""The example workflow of deploy/github-actions: against the schema of GitHub's workflows, and its steps run as a runner would
run them, with the files of the registry in an S3 server of the package index.

    python3 tools/conformance/workflow.py build/release/winnow [--venv DIR]

Not run are the actions of others (checkout, cache, upload-artifact), and the installation of the package."""
import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

import packages
import s3_servers

ROOT = pathlib.Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / "deploy" / "github-actions" / "train-and-gate.yml"
MESSAGES = ROOT / "examples" / "data"
SHELL = ["bash", "--noprofile", "--norc", "-eo", "pipefail"]  # what GitHub starts for shell: bash


class Runner:
    """Runs the steps of a job in a directory, with the environment and the outputs that GitHub's runner gives them."""

    def __init__(self, workflow, directory, program, secrets, settings):
        self.workflow, self.directory, self.secrets = workflow, directory, secrets
        self.outputs = {}
        (directory / "bin").mkdir()
        (directory / "bin" / "winnow").symlink_to(program)
        self.summary = directory / "summary.md"
        self.environment = {"PATH": f"{directory / 'bin'}:{os.environ['PATH']}", "HOME": str(directory), "GITHUB_ACTOR": "anna",
                            "GITHUB_REPOSITORY": "example/spam", "GITHUB_SHA": "0123abcd", "GITHUB_STEP_SUMMARY": str(self.summary),
                            "AWS_EC2_METADATA_DISABLED": "true", **workflow["env"], **settings}

    def value(self, text):
        """An expression of the workflow: a secret, or an output of an earlier step."""
        if not text.startswith("${{"):
            return text
        scope, _, name = text.strip("${} ").partition(".")
        if scope == "secrets":
            return self.secrets[name]
        step, kind, output = name.split(".")
        assert (scope, kind) == ("steps", "outputs"), text
        return self.outputs[step][output]

    def run(self, name):
        """Runs one step. Returns its exit code and what it printed."""
        step = next(step for step in self.workflow["jobs"]["train-and-gate"]["steps"] if step["name"] == name)
        output = self.directory / "output.txt"
        output.write_text("", encoding="utf-8")
        script = self.directory / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        environment = {key: self.value(value) for key, value in step.get("env", {}).items()}
        done = subprocess.run([*SHELL, str(script)], cwd=self.directory, env={**self.environment, **environment, "GITHUB_OUTPUT": str(output)},
                              capture_output=True, text=True, check=False)
        self.outputs[step.get("id", "")] = dict(line.split("=", 1) for line in output.read_text(encoding="utf-8").splitlines())
        return done.returncode, done.stdout + done.stderr


class Workflow(unittest.TestCase):
    program = venv = None

    @classmethod
    def setUpClass(cls):
        script = "import json, sys, ruamel.yaml\nprint(json.dumps(ruamel.yaml.YAML(typ='safe').load(open(sys.argv[1]))))"
        read = subprocess.run([cls.venv / "bin" / "python", "-c", script, WORKFLOW], capture_output=True, text=True, check=True)
        cls.workflow = json.loads(read.stdout)

    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.work = pathlib.Path(directory.name)
        port = s3_servers.free_port()
        command = [str(self.venv / "bin" / "python"), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        self.enterContext(s3_servers.process(command, port, self.work / "moto.log"))
        self.bucket = f"http://127.0.0.1:{port}/models"
        urllib.request.urlopen(urllib.request.Request(self.bucket, method="PUT")).read()
        secrets = {"WINNOW_REGISTRY": f"sqlite:{self.work / 'registry.db'}", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
                   "WINNOW_ARTIFACTS": f"s3://models/team/?endpoint=http://127.0.0.1:{port}"}
        self.runner = Runner(self.workflow, self.work, self.program, secrets, {"TRAIN_OPTIONS": "--positive-label spam --kind lr"})
        (self.work / "data").mkdir()
        head, *rows = (MESSAGES / "messages.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
        rows = sorted(set(rows))
        self.write("train.tsv", [head, *(row for i, row in enumerate(rows) if i % 4)])
        self.write("test.tsv", [head, *rows[::4]])
        # Some messages of the training part, which every useful model decides rightly.
        texts = [row.rstrip("\n").split("\t", 1)[1] for row in rows[1::4] if row.startswith("ham\t")]
        self.write("must-pass.jsonl", [json.dumps({"text": text, "label": "ham"}) + "\n" for text in texts[:5]])
        self.winnow("train", "data/train.tsv", "--kind", "lr", "--output-dir", "first", "--no-keep-data", "--seed", "5", "--positive-label", "spam")

    def write(self, name, lines):
        (self.work / "data" / name).write_text("".join(lines), encoding="utf-8")

    def winnow(self, *arguments):
        done = subprocess.run([self.program, *arguments], cwd=self.work, env={**self.runner.environment, **self.runner.secrets},
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def aliases(self):
        return json.loads(self.winnow("registry", "list", "--json"))["aliases"]

    def passes(self, *steps):
        for step in steps:
            code, out = self.runner.run(step)
            self.assertEqual(code, 0, f"{step}:\n{out}")

    def test_the_workflow_has_the_form_that_github_reads(self):
        done = subprocess.run([self.venv / "bin" / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", WORKFLOW],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_a_model_that_passes_the_gate_becomes_the_challenger(self):
        self.winnow("registry", "push", "first", "--name", "spam", "--alias", "champion")
        self.write("train.tsv", [*(self.work / "data" / "train.tsv").read_text(encoding="utf-8").splitlines(keepends=True),
                                 "ham\tYour invoice number seven is attached, please pay\n"])
        self.passes("Train", "Pull the champion", "Gate", "Push")
        self.assertEqual(self.aliases(), {"champion": "1.0.0", "challenger": "1.1.0"})
        self.assertIn("challenger 1.0.0 against spam 1.0.0: passed", self.runner.summary.read_text(encoding="utf-8"))
        self.assertTrue((self.work / "gate" / "gate.html").is_file())
        self.assertIn("example/spam@0123abcd", self.winnow("registry", "history", "spam"))
        # The files are in the bucket, not beside the records.
        with urllib.request.urlopen(self.bucket + "?list-type=2") as reply:
            self.assertIn("<Key>team/spam/1.1.0/winnow.json</Key>", reply.read().decode())

    def test_a_model_that_is_worse_is_not_pushed(self):
        self.winnow("registry", "push", "first", "--name", "spam", "--alias", "champion")
        lines = (self.work / "data" / "train.tsv").read_text(encoding="utf-8").splitlines(keepends=True)
        # Somebody has swapped most labels.
        swap = {"ham": "spam", "spam": "ham"}
        examples = [line.split("\t", 1) for line in lines[1:]]
        swapped = [f"{swap[label] if i % 5 else label}\t{text}" for i, (label, text) in enumerate(examples)]
        self.write("train.tsv", [lines[0], *swapped])
        self.passes("Train", "Pull the champion")
        code, out = self.runner.run("Gate")
        self.assertEqual(code, 1, out)
        self.assertRegex(self.runner.summary.read_text(encoding="utf-8"), r"not passed\n +held .*\n +failed +accuracy: .*McNemar")
        self.assertTrue((self.work / "gate" / "gate.html").is_file())
        # A runner ends a job at a step that fails, unless later steps say otherwise; only the report does.
        steps = self.workflow["jobs"]["train-and-gate"]["steps"]
        after = steps[[step["name"] for step in steps].index("Gate") + 1:]
        self.assertEqual([step["name"] for step in after if "if" in step], ["Keep the report"])
        self.assertEqual(self.aliases(), {"champion": "1.0.0"})

    def test_without_a_champion_nothing_is_pushed(self):
        self.winnow("registry", "push", "first", "--name", "other", "--alias", "champion")
        code, out = self.runner.run("Pull the champion")
        self.assertEqual(code, 1, out)
        self.assertIn("spam", out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / "build" / "workflow-venv")
    arguments = parser.parse_args()
    for tool in ("bash", "jq"):
        if not shutil.which(tool):
            packages.skip(f"{tool} is not installed")
    packages.environment(("check-jsonschema", "moto[server,s3]"), arguments.venv.absolute())
    Workflow.program = arguments.program.resolve()
    Workflow.venv = arguments.venv.absolute()
    unittest.main(argv=[sys.argv[0], "--verbose"])


if __name__ == "__main__":
    main()
