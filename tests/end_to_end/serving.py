"""A server, and asking it. Standard library alone."""
import http.client
import json
import os
import subprocess

import winnow


class ServingTest(winnow.TestCase):
    def serve(self, *arguments, environment=None):
        """Starts it on a free port, in the test's directory; it ends with the test at the latest. It refuses nobody because of a machine that is busy with other things."""
        log = open(self.path("log"), "w", encoding="utf-8")
        self.addCleanup(log.close)
        self.process = subprocess.Popen([winnow.TestCase.program, "serve", "--max-wait", "0", *map(str, arguments), "--port", "0", "--json"], stdout=subprocess.PIPE, stderr=log, text=True,
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

    def send(self, method, path, body=None, headers=None, connection=None):
        """(response, bytes). A body that is neither text nor bytes goes as JSON."""
        connection = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body if body is None or isinstance(body, (bytes, str)) else json.dumps(body), headers or {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response, data
