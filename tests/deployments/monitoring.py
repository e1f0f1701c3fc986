"""What watches servers, against a real server: the metrics that the dashboard of Grafana, the alerting rules and the autoscaler name.

    python3 tests/deployments/monitoring.py build/release/winnow

Needs promtool and prometheus (Debian's package prometheus); what is not there is skipped, and said. A real Prometheus, with the
configuration of deploy/docker, reads a real server, and answers every question of the dashboard."""
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "end_to_end"))
from ports import free_port  # noqa: E402

RULES = ROOT / "deploy" / "prometheus" / "winnow.rules.yml"
DASHBOARD = ROOT / "deploy" / "grafana" / "winnow.json"
# Names of the interface of Text Embeddings Inference, which promtool does not like.
OF_TEI = "te_request_"


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)
    if done.returncode:
        raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def fetch(url, body=None):
    request = urllib.request.Request(url, body and json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.read().decode()


def expressions():
    """Of the dashboard's panels, with its variables filled in as Grafana does."""
    found = []

    def walk(value):
        if isinstance(value, dict):
            found.extend(value[key] for key in ("expr",) if isinstance(value.get(key), str))
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list):
            for inner in value:
                walk(inner)
    walk(json.loads(DASHBOARD.read_text(encoding="utf-8")))
    return [re.sub(r"\$(job|instance|model)\b", ".*", text).replace("$__rate_interval", "1m") for text in found]


def rule_expressions():
    """Text between `expr:` and the next key."""
    return re.findall(r"expr:(.*?)\n +(?:for|labels):", RULES.read_text(encoding="utf-8"), re.S)


def metrics_named(text):
    """{metric: labels} of the selectors in an expression."""
    named = {}
    for name, selector in re.findall(r"\b(winnow_\w+)(\{[^}]*\})?", text):
        named.setdefault(name, set()).update(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', selector)))
    return named


class Monitoring(unittest.TestCase):
    program = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.directory = pathlib.Path(cls.folder.name)
        messages = ROOT / "examples" / "data" / "messages.tsv"
        run(cls.program, "train", messages, "--kind", "lr", "--output-dir", cls.directory / "spam")
        run(cls.program, "registry", "push", cls.directory / "spam", "--registry", cls.directory / "registry", "--alias", "champion")
        cls.server = subprocess.Popen([cls.program, "serve", "spam", "--registry", cls.directory / "registry", "--registry-cache", cls.directory / "cache",
                                       "--filter", "--store", cls.directory / "store.db", "--port", "0", "--json"],
                                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        cls.addClassCleanup(cls.stop, cls.server)
        cls.port = json.loads(cls.server.stdout.readline())["port"]
        for text in ("You won a prize", "Shall we meet?", "You won a prize"):
            fetch(f"http://127.0.0.1:{cls.port}/v1/classify", {"text": text})
        cls.metrics = fetch(f"http://127.0.0.1:{cls.port}/metrics")
        # For a file of node_exporter.
        run(cls.program, "drift", cls.directory / "spam", "--data", messages, "--reference", messages, "--metrics", cls.directory / "drift.prom")
        cls.drift = (cls.directory / "drift.prom").read_text(encoding="utf-8")

    @staticmethod
    def stop(process):
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        if process.stdout:
            process.stdout.close()

    def tool(self, name):
        found = shutil.which(name)
        if not found:
            self.skipTest(f"{name} is not installed (Debian: prometheus)")
        return found

    def exported(self):
        """{series: labels} of the server, and of 'winnow drift --metrics'."""
        found = {}
        for name, labels in re.findall(r"^(\w+)(\{.*\})? \S+$", self.metrics + self.drift, re.M):
            found.setdefault(name, set()).update(re.findall(r'(\w+)="', labels))
        return found

    def check_named(self, text, where):
        exported = self.exported()
        for name, labels in metrics_named(text).items():
            self.assertIn(name, exported.keys(), f"{where} names a metric that does not exist")
            # job and instance are Prometheus' own.
            self.assertLessEqual(labels - {"job", "instance"}, exported[name], f"{where}: labels of {name}")

    def test_the_server_has_every_metric_of_the_dashboard(self):
        self.assertGreater(len(expressions()), 10)
        for text in expressions():
            with self.subTest(text):
                self.check_named(text, "the dashboard")

    def test_every_metric_of_the_rules_exists(self):
        self.assertGreater(len(rule_expressions()), 7)
        for text in rule_expressions():
            with self.subTest(text):
                self.check_named(text, "the rules")

    def test_the_server_has_the_metric_by_which_the_chart_scales(self):
        for file in ("deploy/helm/winnow/templates/autoscaler.yaml", "deploy/kubernetes/prometheus-adapter.yaml"):
            named = set(re.findall(r"\bwinnow_\w+", (ROOT / file).read_text(encoding="utf-8")))
            self.assertTrue(named, file)
            self.assertLessEqual(named, set(self.exported()), file)

    def test_a_metric_that_does_not_exist_is_noticed(self):
        with self.assertRaises(AssertionError):
            self.check_named('rate(winnow_request_total{job="winnow"}[5m])', "a test")
        with self.assertRaises(AssertionError):
            self.check_named('winnow_models{job="winnow",status="failed"}', "a test")

    def test_promtool_finds_no_fault_with_the_metrics(self):
        for metrics in (self.metrics, self.drift):
            done = subprocess.run([self.tool("promtool"), "check", "metrics"], input=metrics, capture_output=True, text=True, check=False)
            faults = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith(OF_TEI)]
            self.assertEqual(faults, [])

    def test_the_rules_are_valid_and_alert_when_they_should(self):
        self.assertIn("SUCCESS", run(self.tool("promtool"), "check", "rules", "--lint-fatal", RULES))
        tests = sorted((ROOT / "tests" / "deployments").glob("*.test.yml"))
        self.assertIn("SUCCESS", run(self.tool("promtool"), "test", "rules", *tests))
        tested = set(re.findall(r"alertname: (\w+)", "".join(file.read_text(encoding="utf-8") for file in tests)))
        self.assertEqual(tested, set(re.findall(r"alert: (\w+)", RULES.read_text(encoding="utf-8"))))

    def configuration(self):
        """That of compose.yaml, with the rules and the server where they are here."""
        text = (ROOT / "deploy" / "docker" / "prometheus.yml").read_text(encoding="utf-8")
        for old, new in (("/etc/prometheus/rules/*.yml", str(RULES)), ("winnow:8080", f"127.0.0.1:{self.port}"), ("scrape_interval: 15s", "scrape_interval: 1s")):
            self.assertIn(old, text)
            text = text.replace(old, new)
        file = self.directory / "prometheus.yml"
        file.write_text(text, encoding="utf-8")
        run(self.tool("promtool"), "check", "config", file)
        return file

    def test_prometheus_reads_the_server_and_answers_the_dashboard(self):
        port = free_port()
        with subprocess.Popen([self.tool("prometheus"), f"--config.file={self.configuration()}", f"--storage.tsdb.path={self.directory / 'tsdb'}",
                               f"--web.listen-address=127.0.0.1:{port}", "--log.level=error"]) as process:
            try:
                self.ask_prometheus(f"http://127.0.0.1:{port}/api/v1/")
            finally:
                process.terminate()

    def ask_prometheus(self, api):
        def query(text):
            return json.loads(fetch(api + "query?" + urllib.parse.urlencode({"query": text})))["data"]["result"]

        deadline = time.monotonic() + 160
        while True:  # until the server has been read twice, which a rate needs
            try:
                if any(float(row["value"][1]) >= 2 for row in query('count_over_time(up{job="winnow"}[1m])')):
                    break
            except OSError:
                pass
            self.assertLess(time.monotonic(), deadline, "Prometheus does not read the server")
            time.sleep(.2)
        self.assertEqual([row["value"][1] for row in query('up{job="winnow"}')], ["1"])
        silent = [text for text in expressions() if not query(text)]
        # Without a cache there are no lookups, which gives no share.
        self.assertEqual([text for text in silent if "cache" not in text], [])
        groups = json.loads(fetch(api + "rules"))["data"]["groups"]
        self.assertEqual([rule["name"] for group in groups for rule in group["rules"] if rule.get("lastError")], [])


if __name__ == "__main__":
    Monitoring.program = os.path.abspath(sys.argv.pop(1))
    unittest.main(verbosity=2)
