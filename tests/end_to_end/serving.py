"""A server, and asking it. Standard library alone."""
import http.client
import json
import os
import subprocess
import time

import winnow
from raw_http import PATIENCE


class ServingTest(winnow.TestCase):
    def serve(self, *arguments, environment=None):
        """Starts it on a free port, in the test's directory; it ends with the test at the latest. It refuses nobody because of a machine that is busy with other things."""
        log = open(self.path("log"), "w", encoding="utf-8")
        self.addCleanup(log.close)
        self.process = subprocess.Popen([winnow.TestCase.program, "serve", *map(str, winnow.with_defaults(["--max-wait", 0], arguments)), "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=log, text=True,
                                        cwd=self.directory, env={**os.environ, **(environment or {})})
        self.addCleanup(self.stop, self.process)
        line = self.process.stdout.readline()
        self.assertTrue(line, self.logged())
        self.port = json.loads(line)["port"]
        return self.process

    @staticmethod
    def stop(process):
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()

    def logged(self):
        with open(self.path("log"), encoding="utf-8") as file:
            return file.read()

    def wait_for(self, condition, what="", pause=.02):
        """Until a condition holds, which is asked for after each pause. Returns what it returned then."""
        deadline = time.monotonic() + PATIENCE
        while not (holds := condition()):
            if time.monotonic() > deadline:
                self.fail(f"{what}\n{self.logged()[-3000:]}")
            time.sleep(pause)
        return holds

    def wait_for_log(self, text):
        """Until the log, which a thread of the server's own writes, has the text."""
        self.wait_for(lambda: text in self.logged(), text)

    def access_log(self, name="access.jsonl"):
        """The text of all lines until now, which a thread of the server's own writes: the line of one more request comes after them."""
        mark = f"mark-{time.monotonic_ns()}"
        self.send("GET", "/health", headers={"X-Request-Id": mark})
        deadline = time.monotonic() + PATIENCE
        while True:
            with open(self.path(name), encoding="utf-8") as file:
                text = file.read()
            lines = text.splitlines(keepends=True)
            marked = [i for i, line in enumerate(lines) if mark in line and line.endswith("\n")]
            if marked:
                return "".join(lines[:marked[0]])
            self.assertLess(time.monotonic(), deadline, text)
            time.sleep(.01)

    @staticmethod
    def cpu_seconds(process):
        """What a process has used of the cores until now, however busy they are with other things."""
        with open(f"/proc/{process.pid}/stat", encoding="utf-8") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def send(self, method, path, body=None, headers=None, connection=None):
        """(response, bytes). A body that is neither text nor bytes goes as JSON."""
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        connection.request(method, path, body if body is None or isinstance(body, (bytes, str)) else json.dumps(body), headers or {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response, data
