#!/usr/bin/env python3
"""Asks winnow serve by clients that nobody here wrote, and checks that they find what they expect.

    tools/conformance/serve.py WINNOW [--venv DIR] [--part NAME]...

Parts:
  inference   huggingface_hub's InferenceClient.text_classification, as users of Text Embeddings Inference call it
  v2          tritonclient.http: the Open Inference Protocol, in JSON and in its binary form
  metrics     prometheus_client's parser reads /metrics
  openapi     schemathesis asks all that /openapi.json describes: no status 5xx, nothing that the description forbids

Needs those packages; where this Python has none, a virtual environment with them is made in DIR, and used again later.
Exits 0 when all is as it should be, 77 when the packages can't be had ("skipped: ..."), else 1.
"""
import argparse
import http.client
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import packages

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "data" / "messages.tsv"
TEXTS = ["You won a prize, claim it now", "See you at lunch", "ünïcödé — ✓ \u202e", "", "a " * 3000]
NEAR = 1e-4
MODEL = "spam"


class Failed(Exception):
    pass


def check(condition, message):
    if not condition:
        raise Failed(message)


class Server:
    def __init__(self, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, method, path, body=None):
        """(status, headers, body) as they are."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=240)
        connection.request(method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"} if body is not None else {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, response.headers, data

    def json(self, method, path, body=None):
        status, _, data = self.ask(method, path, body)
        check(status == 200, f"{method} {path}: status {status}: {data[:200]!r}")
        return json.loads(data)

    def classify(self, texts):
        """[{label: score}], as /v1/classify says it."""
        results = self.json("POST", "/v1/classify", {"texts": texts})["results"]
        return [{score["label"]: score["score"] for score in result["scores"]} for result in results]


@contextmanager
def serving(winnow, work):
    with open(work / "log", "ab") as log:
        process = subprocess.Popen([winnow, "serve", work / MODEL, "--port", "0", "--max-wait", "0", "--json"], stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            line = process.stdout.readline()
            check(line, f"winnow serve does not start: {(work / 'log').read_text(errors='replace')[-1000:]}")
            yield Server(json.loads(line)["port"])
            check(process.poll() is None, f"winnow serve has ended: {(work / 'log').read_text(errors='replace')[-1000:]}")
        finally:
            process.kill()
            process.communicate()


def inference(server, _):
    """The client posts {"inputs": text, "parameters": {...}} to the URL itself. Text Embeddings Inference answers at / as at /predict, with
    one list of scores, of which this client (2.4) takes the first for the whole; of a list of lists, Hugging Face's own form, it returns all."""
    from huggingface_hub import InferenceClient
    from huggingface_hub.errors import HfHubHTTPError

    truth = server.classify(TEXTS)
    forms = []
    for url in (server.url, server.url + "/predict"):
        client = InferenceClient(model=url, token="none")  # never the one that this machine's user may have
        for text, scores in zip(TEXTS, truth):
            found = client.text_classification(text)
            as_list = found if isinstance(found, list) else [found]
            check(as_list, f"{url}: nothing was found")
            forms.append((url, len(as_list)))
            check(as_list[0].label == max(scores, key=scores.get), f"{url}: {as_list[0].label} is not the best label of {scores}")
            for element in as_list:
                check(abs(element.score - scores[element.label]) < NEAR, f"{url}: {element} is not {scores[element.label]}")
            check([e.score for e in as_list] == sorted((e.score for e in as_list), reverse=True), f"{url}: not the best first")
            if isinstance(found, list):
                check(len(found) == len(scores), f"{url}: {len(found)} of {len(scores)} labels")
                one = client.text_classification(text, top_k=1)
                check(len(one) == 1 and one[0].label == found[0].label, f"{url}: top_k=1 gave {one}")
        try:
            client.text_classification("a" * (20 << 20))
            raise Failed(f"{url}: a text of 20 MB was taken")
        except HfHubHTTPError as error:
            check(error.response.status_code == 413, f"{url}: a text of 20 MB got {error.response.status_code}")
        check(client.text_classification("and now a good one"), f"{url}: no answer after an error")
    return f"{len(forms)} answers, {'all scores of each' if all(n > 1 for _, n in forms) else 'the best label of each'}"


def v2(server, _):
    import numpy as np
    import tritonclient.http as triton
    from tritonclient.utils import InferenceServerException

    client = triton.InferenceServerClient(url=f"127.0.0.1:{server.port}", concurrency=4)
    check(client.is_server_live(), "not live")
    check(client.is_server_ready(), "not ready")
    check(client.is_model_ready(MODEL), "the model is not ready")
    check(not client.is_model_ready("none"), "a model that there is none of is ready")
    about = client.get_server_metadata()
    check({"name", "version", "extensions"} <= about.keys(), f"server metadata: {about}")
    model = client.get_model_metadata(MODEL)
    check(model["name"] == MODEL and model["versions"] and model["platform"], f"model metadata: {model}")
    inputs = [i for i in model["inputs"] if i["datatype"] == "BYTES"]
    check(len(inputs) == len(model["inputs"]) == 1, f"there should be one input, of BYTES: {model['inputs']}")
    kinds = {output["datatype"] for output in model["outputs"]}
    check({"FP32", "BYTES"} <= kinds, f"outputs should be of FP32 and BYTES: {model['outputs']}")
    version = model["versions"][-1]
    check(client.is_model_ready(MODEL, version), f"version {version} is not ready")
    check(client.get_model_metadata(MODEL, version)["name"] == MODEL, "metadata of a version")
    index = client.get_model_repository_index()
    check(any(entry["name"] == MODEL for entry in index), f"repository index: {index}")

    truth = server.classify(TEXTS)
    labels = server.json("GET", "/info")["model_type"]["classifier"]["id2label"]
    labels = [labels[str(i)] for i in range(len(labels))]

    def texts_input(texts, binary):
        width = len(inputs[0]["shape"])
        given = triton.InferInput(inputs[0]["name"], [len(texts)] + [1] * (width - 1), "BYTES")
        given.set_data_from_numpy(np.array([text.encode() for text in texts], dtype=object).reshape([-1] + [1] * (width - 1)), binary_data=binary)
        return given

    def compare(result, truth, how):
        for output in model["outputs"]:
            values = result.as_numpy(output["name"])
            check(values is not None, f"{how}: no output {output['name']}")
            check(values.shape[0] == len(truth), f"{how}: {output['name']} has shape {values.shape} for {len(truth)} texts")
            if output["datatype"] == "FP32" and values.size == len(truth) * len(labels):
                for row, scores in zip(values.reshape(len(truth), -1), truth):
                    check(all(abs(value - scores[label]) < NEAR for label, value in zip(labels, row)), f"{how}: {output['name']} is {row}, not {scores}")
            if output["datatype"] == "BYTES" and values.size == len(truth):
                for value, scores in zip(values.reshape(-1), truth):
                    value = value.decode() if isinstance(value, bytes) else value  # strings where JSON brought them
                    check(value == max(scores, key=scores.get), f"{how}: {output['name']} is {value}, not of {scores}")

    count = 0
    for binary in (False, True):
        for texts, expected in ((TEXTS, truth), (TEXTS[:1], truth[:1])):
            how = f"infer of {len(texts)} texts, {'binary' if binary else 'JSON'}"
            wanted = [triton.InferRequestedOutput(output["name"], binary_data=binary) for output in model["outputs"]]
            for options in ({"outputs": wanted}, {}, {"model_version": version}, {"priority": 1, "timeout": 10000000, "sequence_id": 7, "sequence_start": True}, {"outputs": wanted, "request_compression_algorithm": "gzip", "response_compression_algorithm": "gzip"}):
                result = client.infer(MODEL, [texts_input(texts, binary)], request_id="mine", **options)
                compare(result, expected, f"{how}, {sorted(options)}")
                response = result.get_response()
                check(response["model_name"] == MODEL and response.get("id") == "mine", f"{how}: {response}")
                count += 1
            for output in wanted:
                result = client.infer(MODEL, [texts_input(texts, binary)], outputs=[output])
                check([o["name"] for o in result.get_response()["outputs"]] == [output.name()], f"{how}: more outputs than were asked for")

    under_way = [client.async_infer(MODEL, [texts_input([text], True)]) for text in TEXTS * 10]
    for result, expected in zip(under_way, truth * 10):
        compare(result.get_result(), [expected], "async_infer")

    def refused(what, call):
        try:
            call()
        except InferenceServerException as error:
            check((error.status() or "4").startswith("4"), f"{what}: {error}")
            check(error.message(), f"{what}: without a word")
        else:
            raise Failed(f"{what} was taken")

    refused("a model that there is none of", lambda: client.infer("none", [texts_input(TEXTS, True)]))
    refused("a version that there is none of", lambda: client.infer(MODEL, [texts_input(TEXTS, True)], model_version="99999"))
    wrong = triton.InferInput("wrong", [1], "BYTES")
    wrong.set_data_from_numpy(np.array([b"a"], dtype=object))
    refused("an input of another name", lambda: client.infer(MODEL, [wrong]))
    number = triton.InferInput(inputs[0]["name"], [1], "FP32")
    number.set_data_from_numpy(np.array([1], dtype=np.float32))
    refused("an input of another type", lambda: client.infer(MODEL, [number]))
    refused("an output that there is none of", lambda: client.infer(MODEL, [texts_input(TEXTS, True)], outputs=[triton.InferRequestedOutput("none")]))
    client.close()
    return f"{count} kinds of requests, {len(under_way)} at once"


def metrics(server, _):
    from prometheus_client.parser import text_string_to_metric_families

    def scrape():
        status, headers, data = server.ask("GET", "/metrics")
        check(status == 200, f"GET /metrics: status {status}")
        check(headers["Content-Type"].startswith("text/plain"), f"Content-Type: {headers['Content-Type']}")
        families = list(text_string_to_metric_families(data.decode()))
        names = [family.name for family in families]
        check(len(names) == len(set(names)), "a family twice")
        check(all(name.startswith(("te_", "winnow_", "process_", "exposer_")) for name in names), f"names: {names}")
        for family in families:
            check(family.documentation and family.type != "unknown", f"{family.name}: without HELP or TYPE")
            seen = set()
            buckets = {}
            for sample in family.samples:
                labels = tuple(sorted(sample.labels.items()))
                check((sample.name, labels) not in seen, f"{sample.name}{labels} twice")
                seen.add((sample.name, labels))
                check(not math.isnan(sample.value) and (family.type == "gauge" or sample.value >= 0), f"{sample}")
                if sample.name.endswith("_bucket") and family.type == "histogram":
                    rest = tuple(item for item in labels if item[0] != "le")
                    buckets.setdefault(rest, []).append((float(sample.labels["le"]), sample.value))
            counts = {tuple(sorted(s.labels.items())): s.value for s in family.samples if s.name == family.name + "_count"}
            for rest, values in buckets.items():
                check(values == sorted(values) and [v for _, v in values] == sorted(v for _, v in values), f"{family.name}{rest}: buckets")
                check(values[-1] == (math.inf, counts[rest]), f"{family.name}{rest}: +Inf is not the count")
        # By the names of samples: a counter's family may lack the "_total" that its samples have.
        return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}, len(families)

    def total(samples, *names):
        return sum(value for (name, _), value in samples.items() if name in names)

    before, _ = scrape()
    asked = 10
    for i in range(asked):
        server.json("POST", "/predict", {"inputs": f"text {i}"})
    server.ask("POST", "/predict", {"inputs": 7})
    after, families = scrape()
    for name in ("te_request_count", "te_request_success"):
        grown = total(after, name, name + "_total") - total(before, name, name + "_total")
        check(grown >= asked, f"{name} grew by {grown} over {asked} requests")
    for name in ("te_queue_size", "te_request_duration_count", "te_request_inference_duration_count", "te_request_queue_duration_count", "te_batch_next_size_count"):
        check(any(n == name for n, _ in after), f"there is no {name}")
    check(any(n.startswith("winnow_") for n, _ in after), "there is nothing of winnow's own")
    for (name, labels), value in before.items():
        if name.endswith(("_total", "_count", "_bucket")):
            check(after.get((name, labels), -1) >= value, f"{name}{labels} fell from {value}")
    return f"{len(after)} samples of {families} families"


def openapi(server, work):
    status, headers, data = server.ask("GET", "/openapi.json")
    check(status == 200, f"GET /openapi.json: status {status}")
    check(headers["Content-Type"].startswith("application/json"), f"Content-Type: {headers['Content-Type']}")
    paths = json.loads(data)["paths"]
    for path in ("/v1/classify", "/predict", "/models", "/tokenize", "/health", "/ready", "/info"):
        check(path in paths, f"{path} is not described")
    # Unloading, or making another model the default, would pull the rug from under what comes after; a stream of events has no end; a parameter without a value counts as left out. And a description can't say all that
    # makes a request bad (a shape that is not that of its data, a function that the model has not): that it gets 422 is right.
    done = subprocess.run([Path(sys.executable).parent / "schemathesis", "run", server.url + "/openapi.json", "--checks", "all", "--exclude-checks", "positive_data_acceptance", "--seed", "1", "--max-examples", "15",
                           "--phases", "examples,coverage,fuzzing", "--generation-database", "none", "--suppress-health-check", "all", "--request-timeout", "60",
                           "--exclude-path-regex", "(load|unload|switch|/events|operation/history)$", "--continue-on-failure", "--no-color"],
                          cwd=work, capture_output=True, text=True, check=False)
    report = done.stdout + done.stderr
    if done.returncode != 0:
        raise Failed(f"schemathesis (exit {done.returncode}):\n{report[-20000:]}")
    check(server.ask("GET", "/health")[0] == 200, "the server answers no more")
    return next((line.strip() for line in report.splitlines() if re.match(r"\s*\d+ generated", line)), "no failure")


PARTS = {"inference": inference, "v2": v2, "metrics": metrics, "openapi": openapi}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "serve-venv")
    parser.add_argument("--part", action="append", choices=PARTS)
    arguments = parser.parse_args()
    packages.use(("huggingface_hub", "tritonclient", "geventhttpclient", "numpy", "schemathesis", "prometheus_client"), arguments.venv.absolute(),
                 ("huggingface_hub", "tritonclient[http]", "schemathesis", "prometheus_client"))
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    failures = 0
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        done = subprocess.run([arguments.winnow.absolute(), "train", EXAMPLES, "--kind", "lr", "--output-dir", work / MODEL, "--quiet"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(done.stderr)
        for name in arguments.part or PARTS:
            try:
                with serving(arguments.winnow.absolute(), work) as server:
                    print(f"{name}: {PARTS[name](server, work)}", flush=True)
            except Exception as error:  # the clients' own, of any kind: each part is tried
                failures += 1
                print(f"{name}: FAILED: {'' if isinstance(error, Failed) else type(error).__name__ + ': '}{error}", flush=True)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
