"""Bundles of former programs, used by today's: the same predictions, and everything that changes a bundle; and bundles of a simulated
later program. README.md says how the bundles were made."""
import json
import os
import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end"))
import winnow  # noqa: E402

BUNDLES = HERE / "bundles"
PROGRAMS = sorted(path.stem for path in BUNDLES.glob("*.json"))
KINDS = ("lr", "svm", "bert", "int8")
TOLERANCE = 1e-4  # the former program rounds differently
# What WriteManifest of a commit wrote into winnow.json, and which kinds of models there were. Files came later, too.
FIRST_KEYS = ("winnow", "name", "version", "kind", "text_template", "max_length", "positive_label", "temperature", "thresholds", "sha256")
FORMER_MANIFESTS = {"488fe16d": (("bert",), FIRST_KEYS), "7ef755c6": (KINDS, (*FIRST_KEYS, "label_map", "long_text", "fold_disguises", "calibration", "abstain"))}
LATER_FILES = ("MODEL_VERSION.json", "README.md", "sentence_bert_config.json")


class FormerBundles(winnow.TestCase):
    def each(self):
        for name in PROGRAMS:
            expected = json.loads((BUNDLES / f"{name}.json").read_text(encoding="utf-8"))
            for kind in KINDS:
                yield f"{name}-{kind}", expected["texts"], expected["predictions"][kind]

    def predictions(self, bundle, texts):
        self.write("texts.txt", "".join(text + "\n" for text in texts))
        return [json.loads(line) for line in self.winnow("classify", bundle, "--input", "texts.txt", "--json")[0].splitlines()]

    def check_same(self, bundle, texts, expected):
        found = self.predictions(bundle, texts)
        self.assertEqual(len(found), len(expected))
        for now, then in zip(found, expected):
            self.assertEqual(now["label"], then["label"])
            self.assertAlmostEqual(now["confidence"], then["confidence"], delta=TOLERANCE)
            former = {each["label"]: each["score"] for each in then["scores"]}
            for each in now["scores"]:
                self.assertAlmostEqual(each["score"], former[each["label"]], delta=TOLERANCE)
            if "threshold" in then:
                self.assertAlmostEqual(now["threshold"], then["threshold"], delta=1e-6)
                self.assertEqual(now["decision"], then["decision"])

    def copy(self, bundle):
        shutil.copytree(BUNDLES / bundle, self.path(bundle))
        return bundle

    def test_the_corpus_is_there(self):
        self.assertTrue(PROGRAMS)

    def test_each_predicts_what_it_predicted(self):
        for bundle, texts, expected in self.each():
            self.winnow("verify", BUNDLES / bundle)
            self.check_same(BUNDLES / bundle, texts, expected)

    def test_manifests_of_the_first_programs_are_read(self):
        for bundle, texts, expected in self.each():
            for commit, (kinds, keys) in FORMER_MANIFESTS.items():
                if bundle.split("-")[1] not in kinds:
                    continue
                former = f"{commit}-{bundle}"
                shutil.copytree(BUNDLES / bundle, self.path(former))
                with open(self.path(former, "winnow.json"), encoding="utf-8") as file:
                    manifest = {key: value for key, value in json.load(file).items() if key in keys}
                for name in LATER_FILES:
                    manifest["sha256"].pop(name, None)
                    if os.path.exists(self.path(former, name)):
                        os.remove(self.path(former, name))
                with open(self.path(former, "winnow.json"), "w", encoding="utf-8") as file:
                    json.dump(manifest, file)
                self.winnow("verify", former)
                self.check_same(former, texts, expected)
                self.winnow("registry", "push", former, "--registry", "registry", "--name", former)

    def test_each_goes_through_a_registry(self):
        for bundle, texts, expected in self.each():
            self.winnow("registry", "push", self.copy(bundle), "--registry", "registry", "--name", bundle)
            version = json.loads(self.winnow("registry", "list", bundle, "--registry", "registry", "--json")[0].splitlines()[0])["version"]
            self.winnow("registry", "pull", f"{bundle}:{version}", "--registry", "registry", "-o", f"pulled-{bundle}")
            self.winnow("verify", f"pulled-{bundle}")
            self.check_same(f"pulled-{bundle}", texts, expected)

    def test_each_is_calibrated_exported_and_quantized(self):
        data = self.write("data.tsv", "".join(winnow.messages()[:1] + winnow.messages()[401:]))
        for bundle, texts, expected in self.each():
            name = self.copy(bundle)
            if bundle.endswith("-bert"):
                self.winnow("quantize", name, "--data", data, "--max-drop", "1", "--output", f"small-{bundle}")
                self.winnow("verify", f"small-{bundle}")
            if bundle.endswith(("-lr", "-bert")):
                self.winnow("export", name, "--format", "onnx", "--output", f"onnx-{bundle}")
            self.winnow("calibrate", name, data, "--max-fpr", ".2")
            self.winnow("verify", name)
            self.assertEqual(len(self.predictions(name, texts)), len(expected))

    def edit(self, bundle, **fields):
        """The manifest of a copy, with other fields."""
        path = self.path(bundle, "winnow.json")
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
        manifest.update(fields)
        with open(path, "w", encoding="utf-8") as file:
            json.dump(manifest, file)

    def test_fields_of_a_later_program_are_kept(self):
        for bundle, texts, expected in self.each():
            self.edit(self.copy(bundle), winnow="7.8.9", format=1, later={"of": ["a", 1, None]})
            self.check_same(bundle, texts, expected)
            self.winnow("registry", "push", bundle, "--registry", "registry", "--name", bundle)
            data = self.write("data.tsv", "".join(winnow.messages()[:1] + winnow.messages()[401:]))
            self.winnow("calibrate", bundle, data)
            with open(self.path(bundle, "winnow.json"), encoding="utf-8") as file:
                self.assertEqual(json.load(file)["later"], {"of": ["a", 1, None]})

    def test_a_later_format_is_refused_with_the_version_that_reads_it(self):
        bundle = self.copy(f"{PROGRAMS[0]}-lr")
        before = sorted(os.listdir(self.path(bundle)))
        self.edit(bundle, winnow="7.8.9", format=2)
        says = ["the bundle has format 2, written by Winnow 7.8.9", "reads formats up to 1", "use Winnow 7.8.9 or a newer version"]
        for command in (("classify", bundle, "a text"), ("verify", bundle), ("serve", bundle, "--port", "0"),
                        ("registry", "push", bundle, "--registry", "registry", "--name", "spam")):
            self.fails(*command, says=says)
        self.edit(bundle, format=1, long_text="another-mode")
        self.fails("classify", bundle, "a text", says=["'long_text' is 'another-mode'", "Winnow 7.8.9 wrote the file"])
        self.assertEqual(sorted(os.listdir(self.path(bundle))), before)


if __name__ == "__main__":
    winnow.main()
