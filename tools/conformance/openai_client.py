#!/usr/bin/env python3
"""Asks winnow serve by OpenAI's own Python package, as tools that are made for OpenAI's API do.

    tools/conformance/openai_client.py WINNOW [--venv DIR]

Models, moderations and embeddings (as floats and as base64, of texts and of token ids), and errors as the exceptions that the package has
for them. Exits 0 when all is as it should be, 77 when the package can't be had ("skipped: ..."), else 1.
"""
import argparse
import json
import math
import subprocess
import tempfile
import urllib.request
from pathlib import Path

import packages

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples" / "data" / "messages.tsv"
TEXTS = ["You won a prize, claim it now", "See you at lunch", "ünïcödé — ✓", "a " * 3000]
COMMENTS = [("you stupid idiot", "toxic,insult"), ("what a stupid idea", "toxic"), ("i will find you", "threat"), ("thanks for the help", ""),
            ("see you tomorrow", ""), ("i will hurt you, idiot", "toxic,threat,insult")]


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def train(winnow, work):
    with open(work / "comments.csv", "w", encoding="utf-8") as file:
        file.write("text,toxic,threat,insult\n")
        for i in range(20):
            for text, labels in COMMENTS:
                marks = ",".join(str(int(name in labels.split(","))) for name in ("toxic", "threat", "insult"))
                file.write(f'"{text} {i}",{marks}\n')
    transformer = ["--base-model", "scratch", "--epochs", "1", "--precision", "f32"]
    for name, data, options in (("spam", EXAMPLES, transformer), ("words", EXAMPLES, ["--kind", "lr"]), ("comments", work / "comments.csv", ["--kind", "lr"])):
        done = subprocess.run([winnow, "train", data, *options, "--output-dir", work / name, "--quiet"], capture_output=True, text=True, check=False)
        check(done.returncode == 0, done.stderr)


def models(client):
    names = [model.id for model in client.models.list()]
    check(sorted(names) == ["comments", "spam", "words"], f"models: {names}")
    model = client.models.retrieve("spam")
    check(model.id == "spam" and model.object == "model" and model.created > 1.5e9 and model.owned_by == "winnow", f"{model}")


def classified(url, model, texts):
    request = urllib.request.Request(url + "/v1/classify", json.dumps({"texts": texts, "model": model}).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=240) as response:
        return json.load(response)["results"]


def moderations(client, url):
    for model in ("comments", "spam", "words"):
        texts = [text for text, _ in COMMENTS] + TEXTS
        found = client.moderations.create(input=texts, model=model)
        check(found.model == model and found.id.startswith("modr-") and len(found.results) == len(texts), f"{found}")
        for result, truth in zip(found.results, classified(url, model, texts)):
            # The package has fields for OpenAI's own categories, which stay empty.
            categories, scores = result.categories.model_dump(exclude_none=True), result.category_scores.model_dump(exclude_none=True)
            decided = truth["decision"] if isinstance(truth["decision"], list) else [truth["decision"]]
            check({name for name, yes in categories.items() if yes} == set(decided) - {"ham"}, f"{categories} is not {decided}")
            check(result.flagged == any(categories.values()), f"{result}")
            for score in truth["scores"]:
                if score["label"] in scores:
                    check(abs(scores[score["label"]] - score["score"]) < 1e-5, f"{scores} is not {truth['scores']}")
            check(set(scores) == ({"toxic", "threat", "insult"} if model == "comments" else {"spam"}), f"{scores}")
    check(client.moderations.create(input=COMMENTS[0][0], model="comments").results[0].flagged, "an insult is not flagged")
    check(len(client.moderations.create(input=[{"type": "text", "text": "you"}, {"type": "text", "text": "idiot"}]).results) == 1, "parts")


def embeddings(client, url):
    packed = client.embeddings.create(input=TEXTS, model="spam")  # the package asks for base64, and unpacks it
    plain = client.embeddings.create(input=TEXTS, model="spam", encoding_format="float")
    check([e.index for e in packed.data] == list(range(len(TEXTS))), "indices")
    check(packed.model == "spam" and packed.usage.prompt_tokens == packed.usage.total_tokens > len(TEXTS), f"{packed.usage}")
    for one, other in zip(packed.data, plain.data):
        check(math.isclose(sum(x * x for x in one.embedding), 1, abs_tol=1e-4), "an embedding has not length 1")
        check(all(abs(a - b) < 1e-7 for a, b in zip(one.embedding, other.embedding, strict=True)), "base64 and float differ")
    short = client.embeddings.create(input=TEXTS[0], model="spam", dimensions=8, user="anna").data[0].embedding
    check(len(short) == 8 and math.isclose(sum(x * x for x in short), 1, abs_tol=1e-4), "dimensions")
    request = urllib.request.Request(url + "/tokenize", json.dumps({"inputs": TEXTS[:2], "model": "spam"}).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=240) as response:
        ids = [[token["id"] for token in text] for text in json.load(response)]
    of_ids = client.embeddings.create(input=ids, model="spam")
    check(of_ids.usage.prompt_tokens == sum(map(len, ids)), "tokens")
    for one, other in zip(packed.data, of_ids.data):
        check(all(abs(a - b) < 1e-5 for a, b in zip(one.embedding, other.embedding, strict=True)), "ids and texts differ")


def errors(client, openai, url):
    def refused(kind, call, code=None, param=None):
        try:
            call()
        except kind as error:
            check(error.code == code and error.param == param, f"{error.code}, {error.param}: {error}")
            check(isinstance(error.body, dict) and error.body["message"], f"{error.body}")
        else:
            raise AssertionError("a request was not refused")

    refused(openai.NotFoundError, lambda: client.embeddings.create(input="a", model="text-embedding-3-small"), "model_not_found", "model")
    refused(openai.NotFoundError, lambda: client.models.retrieve("gpt-4"), "model_not_found", "model")
    refused(openai.UnprocessableEntityError, lambda: client.embeddings.create(input="a", model="words"), None, "model")
    refused(openai.UnprocessableEntityError, lambda: client.embeddings.create(input=[1, 2, 3], model="spam"), None, "input")
    refused(openai.UnprocessableEntityError, lambda: client.embeddings.create(input=[], model="spam"), None, "input")
    refused(openai.UnprocessableEntityError, lambda: client.moderations.create(input=[{"type": "image_url", "image_url": {"url": "https://a.example/b.png"}}]), None, "input")
    refused(openai.APIStatusError, lambda: client.embeddings.create(input="a" * (20 << 20), model="spam"))
    wrong = openai.OpenAI(base_url=url + "/v1", api_key="wrong", max_retries=0)
    refused(openai.AuthenticationError, lambda: wrong.with_options(base_url=url + "/v1").models.list(), "invalid_api_key")


def serve(winnow, work, *options):
    log = open(work / "log", "ab")
    process = subprocess.Popen([winnow, "serve", work / "spam", work / "words", work / "comments", "--port", "0", "--json", *options], stdout=subprocess.PIPE, stderr=log, text=True)
    line = process.stdout.readline()
    check(line, f"winnow serve does not start: {(work / 'log').read_text(errors='replace')[-1000:]}")
    return process, f"http://127.0.0.1:{json.loads(line)['port']}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("--venv", type=Path, default=ROOT / "build" / "openai-venv")
    arguments = parser.parse_args()
    packages.use(("openai",), arguments.venv.absolute())
    import openai

    winnow = arguments.winnow.absolute()
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        train(winnow, work)
        process, url = serve(winnow, work)
        try:
            client = openai.OpenAI(base_url=url + "/v1", api_key="none", max_retries=0)
            models(client)
            moderations(client, url)
            embeddings(client, url)
        finally:
            process.kill()
            process.communicate()
        key = subprocess.run([winnow, "keys", "add", work / "keys", "--name", "tool", "--role", "classify"], capture_output=True, text=True, check=True).stdout.strip()
        process, url = serve(winnow, work, "--api-key-file", work / "keys")
        try:
            errors(openai.OpenAI(base_url=url + "/v1", api_key=key, max_retries=0), openai, url)
        finally:
            process.kill()
            process.communicate()
    print(f"openai {openai.__version__}: models, moderations, embeddings and errors are as it expects them")


if __name__ == "__main__":
    main()
