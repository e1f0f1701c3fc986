"""The bill of materials and the license texts of tools/sbom.py.

    python3 tests/packaging/sbom.py build/release/winnow"""
import importlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
debian_copyright = importlib.import_module("debian_copyright")

# What the schema of CycloneDX 1.5 requires and allows, of what tools/sbom.py writes.
TYPES = {"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver", "firmware",
         "file", "machine-learning-model", "data"}
COMPONENT = {"type", "mime-type", "bom-ref", "supplier", "author", "publisher", "group", "name", "version", "description", "scope",
             "hashes", "licenses", "copyright", "cpe", "purl", "swid", "modified", "pedigree", "externalReferences", "components",
             "evidence", "releaseNotes", "modelCard", "data", "properties", "signature"}
HASH = {"SHA-256": 64, "SHA-512": 128}
DOCUMENT = {"$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "services",
            "externalReferences", "dependencies", "compositions", "vulnerabilities", "annotations", "formulation", "properties", "signature"}


def faults_of_component(component):
    name = component.get("name", "?")
    if not {"type", "name"} <= set(component) <= COMPONENT:
        yield f"{name}: fields {sorted(component)}"
    if component.get("type") not in TYPES:
        yield f"{name}: type {component.get('type')}"
    for digest in component.get("hashes", []):
        if not re.fullmatch(f"[0-9a-f]{{{HASH.get(digest.get('alg'), 0)}}}", digest.get("content", "")):
            yield f"{name}: hash {digest}"
    licenses = component.get("licenses", [])
    if any("expression" in entry for entry in licenses) and len(licenses) != 1:
        yield f"{name}: an expression stands alone"
    for entry in licenses:
        choice = entry.get("license", {})
        if "expression" not in entry and len({"id", "name"} & set(choice)) != 1:
            yield f"{name}: license {entry}"
        if "id" in choice and choice["id"] not in debian_copyright.SPDX_IDS:
            yield f"{name}: license id {choice['id']}"
    if not re.fullmatch(r"pkg:(deb/debian|npm|generic)/[\w.+%/-]+@[\w.%~+-]+(\?[\w=&.-]+)?", component.get("purl", "")):
        yield f"{name}: purl {component.get('purl')}"


def faults(document):
    """Sentences about what the schema does not allow."""
    if not {"bomFormat", "specVersion"} <= set(document) <= DOCUMENT:
        yield f"fields {sorted(document)}"
    if document.get("bomFormat") != "CycloneDX" or document.get("specVersion") != "1.5":
        yield "format or version"
    if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", document.get("serialNumber", "")):
        yield "serial number"
    if not isinstance(document.get("version"), int) or document["version"] < 1:
        yield "version"
    main = document["metadata"]["component"]
    for component in [main, *document["components"]]:
        yield from faults_of_component(component)
    references = [component["bom-ref"] for component in [main, *document["components"]]]
    if len(set(references)) != len(references):
        yield "references are not unique"
    for dependency in document.get("dependencies", []):
        for reference in [dependency["ref"], *dependency.get("dependsOn", [])]:
            if reference not in references:
                yield f"dependency on {reference}"


class Sbom(unittest.TestCase):
    program = None

    @classmethod
    def setUpClass(cls):
        if shutil.which("dpkg-query") is None:
            raise unittest.SkipTest("this isn't Debian")
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.directory = pathlib.Path(temporary.name)
        cls.document = json.loads(cls.write("--sbom", "sbom.json"))

    @classmethod
    def write(cls, option, name):
        file = cls.directory / name
        done = subprocess.run([sys.executable, ROOT / "tools" / "sbom.py", cls.program, option, file], capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(done.stderr)
        return file.read_text(encoding="utf-8")

    def test_it_is_what_the_schema_requires(self):
        self.assertEqual(list(faults(self.document)), [])

    def test_the_check_finds_faults(self):
        for change in ({"type": "lib"}, {"hashes": [{"alg": "SHA-256", "content": "12"}]}, {"licenses": [{"license": {}}]}, {"purl": "x"},
                       {"licenses": [{"license": {"id": "Expat"}}]}, {"color": "red"}):
            self.assertNotEqual(list(faults_of_component({**self.document["components"][0], **change})), [], change)
        self.assertNotEqual(list(faults({**self.document, "specVersion": "1.4"})), [])
        self.assertNotEqual(list(faults({**self.document, "components": self.document["components"] * 2})), [])

    def test_it_names_what_the_program_loads_and_what_the_page_is_made_of(self):
        names = {component["name"] for component in self.document["components"]}
        self.assertLessEqual({"libdnnl2", "libcurl4", "libicu72", "libc6", "libpq5", "nlohmann-json3-dev", "vue", "echarts"}, names)
        self.assertFalse({"vite", "vitest", "typescript"} & names)
        for component in self.document["components"]:
            self.assertTrue(component["licenses"], component["name"])

    def test_two_runs_are_equal(self):
        self.assertEqual(self.write("--sbom", "again.json"), (self.directory / "sbom.json").read_text(encoding="utf-8"))

    def test_license_texts_are_complete(self):
        if not (ROOT / "web" / "node_modules").is_dir():
            self.skipTest("web/node_modules is missing (web/build.sh makes it)")
        text = self.write("--licenses", "THIRD_PARTY_LICENSES")
        for component in self.document["components"]:
            name = f"{component['group']}/{component['name']}" if "group" in component else component["name"]
            self.assertRegex(text, rf"(?m)^{re.escape(name)}( |$)")
        self.assertIn("GNU LESSER GENERAL PUBLIC LICENSE", text)

    def test_names_of_debian_become_those_of_spdx(self):
        text = "Format: https://x/1.0/\n\nFiles: *\nLicense: Expat or GPL-2+\n\nFiles: a\nLicense: Odd\n text\n .\n more\n\nFiles: debian/*\nLicense: GPL-3+\n"
        self.assertEqual(debian_copyright.licenses(text, "x"),
                         [{"license": {"id": "MIT"}}, {"license": {"id": "GPL-2.0-or-later"}}, {"license": {"name": "Odd"}}])
        self.assertEqual(debian_copyright.licenses("Prose.", "gcc-12"), [{"expression": "GPL-3.0-or-later WITH GCC-exception-3.1"}])
        self.assertEqual(debian_copyright.licenses("Prose.", "unknown"), [{"license": {"name": "see THIRD_PARTY_LICENSES"}}])


if __name__ == "__main__":
    Sbom.program = os.path.abspath(sys.argv.pop(1))
    outcome = unittest.main(exit=False, verbosity=1).result
    for test, reason in outcome.skipped:
        print(f"skipped: {test}: {reason}", file=sys.stderr)
    sys.exit(1 if not outcome.wasSuccessful() else 77 if outcome.skipped and outcome.testsRun == 0 else 0)
