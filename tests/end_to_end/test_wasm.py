"""The WebAssembly engine under Node and Chromium against the program: the same labels and probabilities on 1,000 texts."""
import http.server
import json
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

import browser
import winnow
from winnow import SOURCE

MODULE = os.environ.get("WINNOW_TEST_WASM", os.path.join(SOURCE, "build", "wasm", "winnow.wasm"))
MULTILINGUAL = os.path.join(SOURCE, "examples", "data", "multilingual.tsv")

# Reads {module, bundle, files, inputs, modes, options, cuts}, and prints a line of JSON for each input and mode, or {"error"}.
# With `cuts`, a line for each [file, bytes, place]: the error of a load with so many bytes of the file, or with the byte
# there changed.
DRIVER = """
import {readFileSync} from 'node:fs';
import {loadModel, loadTokenizer} from '%s';
const {module: path, bundle, files, inputs, modes, options, cuts} = JSON.parse(readFileSync(0, 'utf8'));
const module = await WebAssembly.compile(readFileSync(path));
const contents = {};
for (const name of files) contents[name] = readFileSync(`${bundle}/${name}`);
const show = value => console.log(JSON.stringify(value));
const load = async files => {
  try {
    if (modes.length === 0) {
      const tokenizer = await loadTokenizer(module, files);
      for (const text of inputs) show([...tokenizer.encode(text)]);
      tokenizer.release();
    } else {
      const model = await loadModel(module, files);
      for (const mode of modes) for (const text of inputs) show(model.classify(text, {mode, ...options}));
      model.release();
    }
  } catch (error) {
    show({error: error.message, trap: error instanceof WebAssembly.RuntimeError});
  }
};
if (cuts.length === 0) await load(contents);
for (const [name, length, place] of cuts) {
  const bytes = Buffer.from(contents[name].subarray(0, length));
  if (place >= 0) bytes[place] ^= 0xff;
  await load({...contents, [name]: bytes});
}
"""
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"
          r"|\s+(?!\S)|\s+")
FILES = ("winnow.json", "labels.json", "linear.bin")
ENCODER = ("winnow.json", "config.json", "labels.json", "model_int8.safetensors", "tokenizer.json", "tokenizer_config.json",
           "special_tokens_map.json")


def column(path, number):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t")[number] for line in file][1:]


def thousand_texts():
    """The example data, and changed copies of it: obfuscated, cut, in capitals, with other scripts and emoji."""
    texts = column(winnow.MESSAGES, 1) + column(MULTILINGUAL, 2)
    pick = random.Random(11)
    changes = (
        str.upper,
        lambda text: text.translate(str.maketrans("aeiop", "\u0430\u0435\u0456\u043e\u0440")),
        lambda text: text.translate(str.maketrans("aeiost", "431057")),
        lambda text: text.replace("e", "e\u0301\u200b"),
        lambda text: " ".join(text[:40]),
        lambda text: text[:pick.randrange(1, 30)] + "\U0001F389\U0001F1E9\U0001F1EA \u0130STANBUL \u039F\u0394\u039F\u03A3",
        lambda text: "".join(chr(ord(c) - 0x21 + 0xFF01) if "!" <= c <= "~" else c for c in text),
        lambda text: text * 30)
    kept = list(texts)
    while len(texts) < 999:
        texts.append(pick.choice(changes)(pick.choice(kept)))
    return texts + [""]


PAGE_SCRIPT = """
import {loadModel} from './winnow.mjs';
const bytes = async name => new Uint8Array(await (await fetch(name)).arrayBuffer());
try {
  const files = {};
  for (const name of %s) files[name] = await bytes('model/' + name);
  const model = await loadModel(await WebAssembly.compileStreaming(fetch('winnow.wasm')), files);
  postMessage(JSON.stringify({isolated: crossOriginIsolated, prediction: model.classify(%s)}));
} catch (error) {
  postMessage(JSON.stringify({error: error.stack}));
}
"""


def report_of_page(bundle, script):
    """What a module worker with this script posts, in Chromium, under the policy that WebAssembly needs."""
    report = queue.Queue()
    files = {"/": (b"<!doctype html><script type=module src=start.mjs></script>", "text/html"),
             "/start.mjs": (b"new Worker('worker.mjs', {type: 'module'}).onmessage = "
                            b"({data}) => fetch('report', {method: 'POST', body: data});", "text/javascript"),
             "/worker.mjs": (script.encode(), "text/javascript")}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path in files:
                contents, kind = files[self.path]
            else:
                path = {"/winnow.mjs": os.path.join(SOURCE, "wasm", "winnow.mjs"), "/winnow.wasm": MODULE}.get(
                    self.path, os.path.join(bundle, os.path.basename(self.path)))
                if not os.path.exists(path):
                    return self.send_error(404)
                with open(path, "rb") as file:
                    contents = file.read()
                kind = {".mjs": "text/javascript", ".wasm": "application/wasm"}.get(os.path.splitext(path)[1], "application/octet-stream")
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Security-Policy", "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'")
            self.end_headers()
            self.wfile.write(contents)

        def do_POST(self):
            report.put(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server, \
            tempfile.TemporaryDirectory(prefix="winnow-chromium-", ignore_cleanup_errors=True) as profile:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        command = [browser.PROGRAM, "--headless", "--disable-gpu", "--disable-dev-shm-usage", f"--user-data-dir={profile}"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")
        page = subprocess.Popen([*command, f"http://127.0.0.1:{server.server_address[1]}/"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            return report.get(timeout=300)
        finally:
            page.terminate()
            page.wait()
            server.shutdown()


class Wasm(winnow.TestCase):
    def engine(self, inputs, bundle="model", files=FILES, modes=("moderate",), options=None, cuts=(), module=None):
        self.write("driver.mjs", DRIVER % os.path.join(SOURCE, "wasm", "winnow.mjs"))
        linear = modes and "linear.bin" in files  # in the module that has nothing else
        module = module or (MODULE.replace(".wasm", "-linear.wasm") if linear else MODULE)
        request = {"module": module, "bundle": self.path(bundle), "files": files, "inputs": inputs, "modes": modes, "options": options or {}, "cuts": cuts}
        result = subprocess.run(["node", self.path("driver.mjs")], input=json.dumps(request).encode(), capture_output=True, timeout=600)
        self.assertEqual(result.returncode, 0, result.stderr.decode("utf-8", "replace"))
        return [json.loads(line) for line in result.stdout.decode().splitlines()]

    def compare(self, texts, modes=("moderate",), files=FILES, delta=1e-5):
        """Compares all predictions, whose probabilities may differ by `delta`. Returns their differences."""
        self.write("texts.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts))
        expected = []
        for mode in modes:
            out, _ = self.winnow("classify", "model", "--input", "texts.jsonl", "--format", "jsonl", "--text-field", "text",
                                 "--mode", mode, "--json", "--quiet")
            expected += [json.loads(line) for line in out.splitlines()]
        found = self.engine(texts, modes=modes, files=files)
        self.assertEqual(len(expected), len(texts) * len(modes))
        return self.compare_predictions(texts * len(modes), expected, found, delta)

    def compare_predictions(self, texts, expected, found, delta=1e-5):
        self.assertEqual(len(found), len(expected), found[:1])
        differences = []
        for text, of_program, of_engine in zip(texts, expected, found):
            self.assertEqual(of_engine["label"], of_program["label"], text)
            self.assertEqual(of_engine["abstained"], of_program["abstained"], text)
            self.assertAlmostEqual(of_engine["score"], of_program["score"], delta=delta, msg=text)
            self.assertAlmostEqual(of_engine["confidence"], of_program["confidence"], delta=delta, msg=text)
            scores = {score["label"]: score["score"] for score in of_engine["scores"]}
            self.assertEqual(len(scores), len(of_program["scores"]))
            differences.append(max(abs(scores[score["label"]] - score["score"]) for score in of_program["scores"]))
            self.assertLessEqual(differences[-1], delta, text)
        return differences

    def test_logistic_regression_predicts_as_the_program_does(self):
        self.winnow("train", winnow.MESSAGES, "--kind", "lr", "--output-dir", "model", "--quiet")
        self.compare(thousand_texts(), modes=("strict", "moderate", "lenient"))

    def test_svm_on_folded_text_predicts_as_the_program_does(self):
        self.winnow("train", winnow.MESSAGES, "--kind", "svm", "--analyzer", "both", "--fold-disguises", "--output-dir", "model",
                    "--quiet")
        self.compare(thousand_texts())

    def test_model_of_many_labels_predicts_as_the_program_does(self):
        self.winnow("train", MULTILINGUAL, "--kind", "lr", "--analyzer", "char_wb", "--ngrams", "1-3", "--text-field", "text",
                    "--label-field", "language", "--output-dir", "model", "--quiet")
        self.compare(thousand_texts())

    def compare_tokens(self, bundle, files):
        texts = [text for text in thousand_texts() if "\n" not in text]
        self.write("texts.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts))
        out, _ = self.winnow("tokenize", bundle, "--input", "texts.jsonl", "--no-verify")
        expected = [json.loads(line)["ids"] for line in out.splitlines()]
        self.assertEqual(len(expected), len(texts))
        found = self.engine(texts, bundle=bundle, files=files, modes=())
        self.assertEqual(len(found), len(texts))
        for text, of_program, of_engine in zip(texts, expected, found):
            self.assertEqual(of_engine, of_program, text)

    def test_tokens_are_those_of_the_program(self):
        self.trained()
        self.compare_tokens("model", ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"))
        tokenizer = json.loads(self.files()["tokenizer.json"])
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            split = {"type": "Split", "pattern": {"Regex": LLAMA3}, "behavior": "Isolated", "invert": False}
            changed = {**tokenizer, "normalizer": {"type": form}, "pre_tokenizer": split}
            self.write("model/tokenizer.json", json.dumps(changed))
            self.compare_tokens("model", ("tokenizer.json",))

    def test_expressions_without_code_are_refused_by_name(self):
        self.trained()
        tokenizer = json.loads(self.files()["tokenizer.json"])
        split = {"type": "Split", "pattern": {"Regex": "[a-c]+"}, "behavior": "Isolated", "invert": False}
        self.write("model/tokenizer.json", json.dumps({**tokenizer, "pre_tokenizer": split}))
        self.assertIn("'[a-c]+'", self.engine(["a"], files=("tokenizer.json",), modes=())[0]["error"])

    def test_broken_and_unsupported_bundles_are_refused_by_name(self):
        self.winnow("train", winnow.MESSAGES, "--kind", "lr", "--output-dir", "model", "--quiet")
        linear = MODULE.replace(".wasm", "-linear.wasm")
        self.assertIn("linear.bin: no such file", self.engine(["a"], files=FILES[:2], module=linear)[0]["error"])
        whole = self.files()
        for length in (0, 7, 127, 128, 1000, len(whole["linear.bin"]) - 1):
            self.write("model/linear.bin", whole["linear.bin"][:length])
            self.assertIn("linear.bin", self.engine(["a"])[0]["error"])
        self.write("model/linear.bin", whole["linear.bin"])
        self.write("model/labels.json", '["a", "b", "c"]')
        self.assertIn("3", self.engine(["a"])[0]["error"])
        self.write("model/labels.json", "{")
        self.assertIn("labels.json: not valid JSON", self.engine(["a"])[0]["error"])
        self.write("model/labels.json", whole["labels.json"])
        manifest = json.loads(whole["winnow.json"])
        self.write("model/winnow.json", json.dumps({**manifest, "temperature": -1}))
        self.assertIn("winnow.json", self.engine(["a"])[0]["error"])

    # The encoder. Sums of integers are equal everywhere; floats between them are rounded as each instruction set does, which
    # now and then makes a byte of the next product another one. A small model's probabilities stay within 1e-5 of each
    # other on nearly all texts.
    def compare_encoder(self, modes=("moderate",), files=ENCODER):
        differences = self.compare(thousand_texts(), modes=modes, files=files, delta=1e-3)
        self.assertLess(sum(difference > 1e-5 for difference in differences), len(differences) / 50)

    def quantized(self, *arguments, data=winnow.MESSAGES):
        self.trained(*arguments, data=data)
        self.winnow("quantize", "model", "--quiet")

    def test_int8_encoder_predicts_as_the_program_does(self):
        self.quantized("--epochs", 4)
        self.compare_encoder(modes=("strict", "moderate", "lenient"))

    def test_bundle_for_browsers_predicts_as_the_program_does(self):
        self.train("--epochs", 8, output="base")
        self.winnow("quantize", "base", "--target", "browser", "--output", "model", "--vocabulary", 1500, "--train-data", winnow.MESSAGES,
                    "--max-drop", ".1", "--quiet")
        self.compare_encoder(files=[name for name in ENCODER if name in self.files()])

    def test_windows_of_long_texts_are_those_of_the_program(self):
        self.quantized("--max-length", 32, "--long-text", "windows", "--fold-disguises")
        self.compare_encoder()

    def test_out_of_scope_texts_are_those_of_the_program(self):
        self.quantized()
        self.winnow("calibrate", "model", "--out-of-scope", MULTILINGUAL, "--text-field", "text", "--max-rejected", 0.3, "--quiet")
        texts = thousand_texts()[:300]
        self.write("texts.jsonl", "".join(json.dumps({"text": text}) + "\n" for text in texts))
        out, _ = self.winnow("classify", "model", "--input", "texts.jsonl", "--format", "jsonl", "--text-field", "text", "--json", "--quiet")
        expected = [json.loads(line) for line in out.splitlines()]
        found = self.engine(texts, files=(*ENCODER, "out_of_scope.safetensors"))
        self.assertTrue(any(prediction["outOfScope"] for prediction in found))
        self.compare_predictions(texts, expected, found, delta=1e-3)

    def test_fields_and_thresholds_are_read_as_by_the_program(self):
        rows = [{"subject": text[:20], "body": text[20:], "label": label} for label, text in
                (line.rstrip("\n").split("\t")[:2] for line in winnow.messages()[1:])]
        self.write("rows.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        self.quantized("--template", "{subject} [SEP] {body}", "--label-field", "label", data=self.path("rows.jsonl"))
        out, _ = self.winnow("classify", "model", "--input", "rows.jsonl", "--threshold", "0.3", "--json", "--quiet")
        expected = [json.loads(line) for line in out.splitlines()]
        texts = [{"subject": row["subject"], "body": row["body"]} for row in rows]
        self.compare_predictions(texts, expected, self.engine(texts, files=ENCODER, options={"threshold": 0.3}), delta=1e-3)
        self.assertIn("none of the fields", self.engine([{"title": "a"}], files=ENCODER)[0]["error"])
        self.assertIn("must be a string", self.engine([{"subject": 1}], files=ENCODER)[0]["error"])
        self.assertIn("threshold", self.engine(["a"], files=ENCODER, options={"threshold": 2})[0]["error"])

    def test_damaged_encoders_are_errors_and_never_traps(self):
        self.quantized()
        whole = self.files()
        weights = whole["model_int8.safetensors"]
        header = int.from_bytes(weights[:8], "little")
        cuts = [("model_int8.safetensors", length, -1) for length in (0, 7, 8, 100, 8 + header, 8 + header + 1, len(weights) - 1)]
        cuts += [("model_int8.safetensors", len(weights), place) for place in (0, 3, 7, 8, 9, *range(16, 8 + header, header // 60))]
        cuts += [(name, len(whole[name]) // parts, -1) for name in ENCODER for parts in (1000, 3, 2)]
        random.seed(3)
        cuts += [(name, len(whole[name]), random.randrange(len(whole[name]))) for name in ENCODER[:2] + ENCODER[4:] for _ in range(20)]
        found = self.engine(["You won a prize"], files=ENCODER, cuts=cuts)
        self.assertEqual(len(found), len(cuts))
        self.assertGreater(sum("error" in each for each in found), 60)
        for cut, each in zip(cuts, found):
            self.assertFalse(each.get("trap", False), f"{cut}: {each}")
        config = json.loads(whole["config.json"])
        for change in ({"hidden_size": 64}, {"num_hidden_layers": 1000}, {"vocab_size": 5}, {"vocab_size": 1 << 24}, {"intermediate_size": 1 << 20},
                       {"max_position_embeddings": 1}, {"num_attention_heads": 3}, {"model_type": "gpt2"}, {"hidden_act": "swish"}):
            self.write("model/config.json", json.dumps({**config, **change}))
            found = self.engine(["You won a prize"], files=ENCODER)[0]
            self.assertFalse(found.get("trap", True), f"{change}: {found}")

    def test_float_weights_alone_are_refused_by_name(self):
        self.trained()
        files = [name for name in ENCODER if name != "model_int8.safetensors"]
        self.assertIn("winnow quantize", self.engine(["a"], files=files)[0]["error"])
        self.assertIn("linear models alone", self.engine(["a"], files=files, module=MODULE.replace(".wasm", "-linear.wasm"))[0]["error"])

    def test_module_for_wordpiece_predicts_the_same_and_names_what_it_lacks(self):
        self.quantized()
        module, texts = MODULE.replace(".wasm", "-wordpiece.wasm"), thousand_texts()[:50]
        self.assertEqual(self.engine(texts, files=ENCODER, module=module), self.engine(texts, files=ENCODER))
        tokenizer = json.loads(self.files()["tokenizer.json"])
        self.write("model/tokenizer.json", json.dumps({**tokenizer, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}))
        self.assertIn("use winnow.wasm", self.engine(["a"], files=("tokenizer.json",), modes=(), module=module)[0]["error"])

    def test_products_are_exact(self):
        script = ("const {readFileSync} = require('fs');"
                  "const module = new WebAssembly.Module(readFileSync(process.argv[1]));"
                  "const imports = {};"
                  "for (const {module: name, name: call} of WebAssembly.Module.imports(module)) (imports[name] ??= {})[call] = () => 58;"
                  "const {exports} = new WebAssembly.Instance(module, imports);"
                  "exports._initialize();"
                  "console.log(exports.winnow_check_products());")
        found = subprocess.run(["node", "-e", script, os.path.join(os.path.dirname(MODULE), "check-products.wasm")], capture_output=True, timeout=300)
        self.assertEqual(found.stdout.decode().strip(), "0", found.stderr.decode("utf-8", "replace"))

    @unittest.skipIf(browser.PROGRAM is None, "needs Chromium")
    def test_worker_of_a_page_that_allows_no_scripts_but_its_own_predicts_the_same(self):
        self.quantized()
        text = "You won a prize"
        script = PAGE_SCRIPT % (json.dumps(ENCODER), json.dumps(text))
        found = json.loads(report_of_page(self.path("model"), script))
        self.assertEqual(found["isolated"], False)
        self.assertEqual(found["prediction"], self.engine([text], files=ENCODER)[0])


if __name__ == "__main__":
    if not os.path.exists(MODULE) or shutil.which("node") is None:
        print("skipped: needs node and the module that ./dev wasm builds")
        sys.exit(77)
    winnow.main()
