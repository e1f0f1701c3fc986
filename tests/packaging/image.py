"""The image of deploy/docker/build-image.sh: what is in it, and that it runs as it says.

    python3 tests/packaging/image.py build/release/winnow

runc, crun or bubblewrap runs it, whichever works on this machine; without one, that part is skipped, and said."""
import contextlib
import filecmp
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "end_to_end"))
from ports import free_port  # noqa: E402

NETWORK = r"(?i)could not resolve|unable to connect|failed to fetch|temporary failure|connection (refused|timed out)"
MB = 1e6


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, **options)


def done(*command, **options):
    result = run(*command, **options)
    if result.returncode:
        raise AssertionError(f"{command}: exit code {result.returncode}\n{result.stdout}{result.stderr}")
    return result.stdout


class Image(unittest.TestCase):
    program = directory = layout = None

    @classmethod
    def setUpClass(cls):
        missing = [tool for tool in ("mmdebstrap", "umoci", "strip", "dpkg-query") if shutil.which(tool) is None]
        if missing or os.geteuid() != 0:
            raise unittest.SkipTest(f"not installed: {' '.join(missing)}" if missing else "this isn't root")
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.directory = pathlib.Path(temporary.name)
        models = cls.directory / "models"
        done(cls.program, "train", ROOT / "examples" / "data" / "messages.tsv", "--kind", "lr", "--output-dir", models / "spam")
        (models / "spam" / "checkpoint-7").mkdir()
        (models / "spam" / "checkpoint-7" / "optimizer.bin").write_bytes(b"state")
        cls.printed = cls.build("winnow.tar")
        cls.layout = cls.directory / "oci"
        with tarfile.open(cls.directory / "winnow.tar") as archive:
            archive.extractall(cls.layout)
        cls.bundle = cls.directory / "bundle"
        done("umoci", "unpack", "--image", f"{cls.layout}:latest", cls.bundle)
        cls.root = cls.bundle / "rootfs"
        cls.engine = cls.choose_engine()
        print(f"engine: {cls.engine}\n{cls.printed}", file=sys.stderr)

    @classmethod
    def build(cls, name):
        result = run(ROOT / "deploy" / "docker" / "build-image.sh", cls.program, cls.directory / name, "--models", cls.directory / "models")
        if result.returncode and re.search(NETWORK, result.stderr):
            raise unittest.SkipTest("Debian's packages can't be reached from here")
        if result.returncode:
            raise AssertionError(result.stdout + result.stderr)
        return result.stdout

    @classmethod
    def choose_engine(cls):
        for engine in ("runc", "crun", "bwrap"):
            if shutil.which(engine) and "winnow" in run(*cls.command(engine, ["winnow", "--version"])).stdout:
                return engine
        return None

    @classmethod
    def command(cls, engine, arguments, port=0, writable=False, network=True):
        """What runs these arguments in the image, as the user that the image names, with a read-only root."""
        config = json.loads((cls.bundle / "config.json").read_text())
        environment = [value for value in config["process"]["env"] if not value.startswith(("WINNOW_PORT", "WINNOW_HOST"))]
        environment += [f"WINNOW_PORT={port}", "WINNOW_HOST=127.0.0.1", "HF_HOME=/tmp"]
        if engine == "bwrap":
            options = ["--unshare-all", *(["--share-net"] if network else []), "--uid", "65532", "--gid", "65532", "--clearenv"]
            for value in environment:
                options += ["--setenv", *value.split("=", 1)]
            return ["bwrap", "--bind" if writable else "--ro-bind", cls.root, "/", "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp",
                    "--die-with-parent", *options, *arguments]
        config["root"]["readonly"] = not writable
        config["process"].update(terminal=False, args=arguments, env=environment)
        config["process"]["capabilities"] = {kind: [] for kind in config["process"]["capabilities"]}
        config["mounts"] = [mount for mount in config["mounts"] if not mount["destination"].startswith("/sys")]
        if network:
            config["linux"]["namespaces"] = [space for space in config["linux"]["namespaces"] if space["type"] != "network"]
        run_bundle = pathlib.Path(tempfile.mkdtemp(dir=cls.directory))
        config["root"]["path"] = str(cls.root)
        (run_bundle / "config.json").write_text(json.dumps(config))
        return [engine, "--root", cls.directory / "state", "run", "--bundle", run_bundle, f"winnow-test-{run_bundle.name.lower()}"]

    def need_engine(self):
        if self.engine is None:
            self.skipTest("neither runc nor crun nor bubblewrap runs containers here")

    @contextlib.contextmanager
    def served(self, writable=False):
        """The port of a server in the image, which ends by SIGTERM, at the latest with the test."""
        self.need_engine()
        port = free_port()
        with open(self.directory / "log", "w+", encoding="utf-8") as log:
            process = subprocess.Popen([str(part) for part in self.command(self.engine, ["winnow", "serve", "/models"], port, writable)],
                                       stdout=log, stderr=log)
            try:
                self.wait(process, port, log)
                yield port
                process.terminate()
                process.wait(timeout=240)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            log.seek(0)
            self.log = log.read()

    def wait(self, process, port, log):
        deadline = time.monotonic() + 240
        while True:
            with contextlib.suppress(OSError):
                if self.ask(port, "GET", "/ready")[0] == 200:
                    return
            log.seek(0)
            self.assertIsNone(process.poll(), log.read())
            self.assertLess(time.monotonic(), deadline, "the server does not answer")
            time.sleep(.1)

    @staticmethod
    def ask(port, method, path, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=240)
        try:
            connection.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def test_transferred_without_models_it_is_under_80_megabytes(self):
        index = json.loads((self.layout / "index.json").read_text())
        manifest = json.loads(self.blob(index["manifests"][0]["digest"]))
        program, models = manifest["layers"]
        self.assertLess(program["size"], 80 * MB)
        self.assertLess(models["size"], MB)
        self.assertIn("as it is transferred", self.printed)
        self.assertLess(sum(file.stat().st_size for file in self.root.rglob("*") if file.is_file() and not file.is_symlink()), 180 * MB)

    def blob(self, digest):
        return (self.layout / "blobs" / digest.replace(":", "/")).read_bytes()

    def test_the_configuration_is_that_of_the_dockerfile(self):
        index = json.loads((self.layout / "index.json").read_text())
        config = json.loads(self.blob(json.loads(self.blob(index["manifests"][0]["digest"]))["config"]["digest"]))["config"]
        self.assertEqual(config["User"], "65532:65532")
        self.assertEqual(config["Entrypoint"], ["winnow"])
        self.assertEqual(config["Cmd"], ["serve", "/models"])
        self.assertEqual(config["WorkingDir"], "/")
        self.assertEqual(list(config["ExposedPorts"]), ["8080/tcp"])
        self.assertEqual(config["Labels"]["org.opencontainers.image.licenses"], "Apache-2.0")
        dockerfile = (ROOT / "deploy" / "docker" / "Dockerfile").read_text()
        for variable in ("WINNOW_HOST=0.0.0.0", "WINNOW_PORT=8080"):
            self.assertIn(variable, config["Env"])
            self.assertIn(variable, dockerfile)

    def test_files_belong_to_root_and_there_is_no_shell_and_no_checkpoint(self):
        files = [file for file in self.root.rglob("*") if not file.is_symlink()]
        self.assertEqual([str(file) for file in files if file.stat().st_uid or file.stat().st_gid], [])
        self.assertEqual([str(file) for file in files if file.stat().st_mode & 0o6000], [])
        self.assertEqual([str(file) for file in files if file.stat().st_mode & 0o002 and file != self.root / "tmp"], [])
        self.assertEqual([file.name for file in (self.root / "usr" / "bin").iterdir()], ["winnow"])
        self.assertFalse((self.root / "bin").exists() or (self.root / "sbin").exists())
        self.assertTrue((self.root / "models" / "spam" / "winnow.json").is_file())
        self.assertEqual(list((self.root / "models").rglob("checkpoint-*")), [])

    def test_licenses_and_package_versions_are_in_it(self):
        packages = done(sys.executable, ROOT / "tools" / "sbom.py", self.program, "--packages").split()
        self.assertGreater(len(packages), 20)
        for package in packages:
            self.assertTrue((self.root / "usr/share/doc" / package / "copyright").is_file(), package)
            self.assertIn("\nVersion: ", "\n" + (self.root / "var/lib/dpkg/status.d" / package).read_text(), package)

    def test_it_serves_with_a_read_only_root(self):
        with self.served() as port:
            status, body = self.ask(port, "POST", "/v1/classify", {"texts": ["WIN a FREE prize now", "see you at lunch"]})
        self.assertEqual(status, 200, body)
        self.assertIn(b"spam", body)
        self.assertNotRegex(self.log, r"(?i)read-only file system|permission denied|cannot open shared object")

    def test_it_writes_nothing_outside_tmp_even_where_it_could(self):
        folders = [folder for folder in [self.root, *self.root.rglob("*")] if folder.is_dir() and not folder.is_symlink()]
        modes = {folder: folder.stat().st_mode & 0o7777 for folder in folders}
        for folder in folders:
            folder.chmod(0o777)
        try:
            before = self.snapshot()
            with self.served(writable=True) as port:
                self.assertEqual(self.ask(port, "POST", "/v1/classify", {"texts": ["a"]})[0], 200)
            self.assertEqual(self.snapshot(), before)
        finally:
            for folder, mode in modes.items():
                folder.chmod(mode)

    def snapshot(self):
        return {str(file): (file.lstat().st_mtime_ns, file.lstat().st_size) for file in self.root.rglob("*")
                if file.relative_to(self.root).parts[0] not in ("dev", "proc", "sys", "tmp")}

    def test_libraries_that_are_loaded_later_are_there(self):
        self.need_engine()
        result = run(*self.command(self.engine, ["winnow", "pull", "nobody/nothing"], network=False))
        self.assertNotEqual(result.returncode, 0)
        self.assertNotIn("libcurl", result.stderr)
        self.assertRegex(result.stderr, r"(?i)resolve|connect")

    def test_two_builds_are_equal(self):
        self.build("again.tar")
        self.assertTrue(filecmp.cmp(self.directory / "again.tar", self.directory / "winnow.tar", shallow=False))


if __name__ == "__main__":
    Image.program = os.path.abspath(sys.argv.pop(1))
    outcome = unittest.main(exit=False, verbosity=1).result
    for test, reason in outcome.skipped:
        print(f"skipped: {test}: {reason}", file=sys.stderr)
    sys.exit(1 if not outcome.wasSuccessful() else 77 if outcome.skipped and outcome.testsRun == 0 else 0)
