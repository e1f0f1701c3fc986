"""Data files of a server's workspace over HTTP: uploads, previews, rows, changes, and what hostile clients and files do."""
import concurrent.futures
import gzip
import http.client
import json
import os
import random
import threading
import time
import urllib.parse

import winnow
from raw_http import PATIENCE
from serving import ServingTest
from winnow import MESSAGES


class DataTest(ServingTest):
    def setUp(self):
        super().setUp()
        self.serve("--workspace", "workspace")

    def ask(self, method, path, body=None, status=200, headers=None):
        response, data = self.send(method, "/v1/data" + path, body, headers)
        self.assertEqual(response.status, status, data)
        self.last = response
        return json.loads(data) if data else None

    def put(self, name, contents, status=200, query="", piece=4 << 20):
        """Uploads by pieces."""
        for begin in range(0, max(len(contents), 1), piece):
            part = contents[begin:begin + piece]
            final = begin + len(part) == len(contents)
            answer = self.ask("PUT", f"/{urllib.parse.quote(name)}?offset={begin}&final={str(final).lower()}{query}", part, status=status if final else 200)
        return answer

    def contents(self, name):
        with open(self.path("workspace", "data", name), "rb") as file:
            return file.read()

    def rows(self, name, query=""):
        return self.ask("GET", f"/{name}/rows?{query}")

    def end_of_job(self, job):
        """Waits until it has succeeded; returns its id."""
        state = lambda: json.loads(self.send("GET", f"/v1/jobs/{job}")[1])["state"]
        self.wait_for(lambda: state() not in ("queued", "running"), job)
        self.assertEqual(state(), "succeeded")
        return job


class Files(DataTest):
    def test_from_an_upload_to_a_model(self):
        self.assertEqual(self.ask("GET", "")["files"], [])
        with open(MESSAGES, "rb") as file:
            messages = file.read()
        done = self.put("my messages.tsv", messages, piece=1000)
        self.assertEqual((done["name"], done["bytes"]), ("my messages.tsv", len(messages)))
        self.assertEqual(self.contents("my messages.tsv"), messages)
        listed = self.ask("GET", "")["files"]
        self.assertEqual(listed, [done])
        self.assertFalse(done["undo"])
        preview = self.ask("GET", "/my%20messages.tsv/preview?limit=3")
        self.assertEqual((len(preview["cells"]), preview["columns"], preview["error"]), (3, ["label", "text"], None))
        self.assertEqual(preview["version"], done["version"])
        self.assertEqual(self.last.getheader("ETag"), f'"{done["version"]}"')
        summary = self.ask("GET", "/my%20messages.tsv/summary")
        self.assertEqual(summary["labels"], [{"label": "ham", "count": 360}, {"label": "spam", "count": 240}])
        response, data = self.send("POST", "/v1/jobs", {"kind": "train", "data": "my messages.tsv", "model": "spam", "options": {"kind": "lr"}})
        self.assertEqual(response.status, 200, data)
        self.end_of_job(json.loads(data)["id"])

    def test_what_is_there_is_not_replaced_by_chance(self):
        self.put("a.csv", b"label,text\nx,1\ny,2\n")
        self.put("a.csv", b"other", status=409)
        self.put("a.csv", b"label,text\nx,3\ny,4\n", query="&replace=true")
        self.assertTrue(self.ask("GET", "")["files"][0]["undo"])
        self.ask("POST", "/a.csv/undo")
        self.assertEqual(self.contents("a.csv"), b"label,text\nx,1\ny,2\n")
        self.ask("POST", "/a.csv/undo", status=404)

    def test_a_lost_piece_is_sent_again(self):
        self.ask("PUT", "/a.csv?offset=0", b"label,")
        self.assertEqual(self.ask("PUT", "/a.csv?offset=12&final=true", b"x", status=409)["offset"], 6)
        self.process.kill()
        self.process.wait()
        self.serve("--workspace", "workspace")
        self.assertEqual(self.ask("PUT", "/a.csv?offset=0&final=false", b"label,text\n")["bytes"], 11, "an upload begins anew")
        self.process.kill()
        self.process.wait()
        self.serve("--workspace", "workspace")
        self.assertEqual(self.ask("GET", "")["files"], [])
        self.assertEqual(self.ask("PUT", "/a.csv?offset=11&final=true", b"x,1\n")["bytes"], 15, "an upload survives the end of the server")

    def test_pages_are_told_of_changes(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", "/v1/events")
        stream = connection.getresponse()
        audited = lambda: json.loads(self.send("GET", "/v1/audit")[1])["entries"]
        actions = (lambda: self.put("a.csv", b"label,text\nx,1\ny,2\nx,3\n"), lambda: self.ask("POST", "/a.csv/changes", {"remove": [4]}),
                   lambda: self.ask("POST", "/a.csv/undo"), lambda: self.ask("DELETE", "/a.csv", status=204))
        for count, act in enumerate(actions, 1):
            act()
            self.wait_for(lambda: len(audited()) == count, "entries of the audit log follow the responses")
        told = []
        while len(told) < 4:
            line = stream.readline().decode()
            self.assertTrue(line, self.logged())
            if line == "event: data\n":
                told.append(json.loads(stream.readline().decode().removeprefix("data: ")))
        self.assertEqual(told, [{"name": "a.csv"}] * 4)
        self.assertEqual([(entry["action"], entry["object"]) for entry in audited()], [(f"data.{action}", "a.csv") for action in ("delete", "undo", "change", "upload")])

    def test_downloads(self):
        self.put("my file.csv", b"label,text\nx,1\ny,2\n")
        response, data = self.send("GET", "/v1/data/my%20file.csv")
        self.assertEqual((response.status, data), (200, b"label,text\nx,1\ny,2\n"))
        self.assertEqual(response.getheader("Content-Disposition"), 'attachment; filename="my file.csv"')
        self.assertEqual(response.headers.get_all("X-Content-Type-Options"), ["nosniff"])
        self.ask("GET", "/none.csv", status=404)
        with open(self.path("workspace", "data", "large.csv"), "wb") as file:
            file.truncate(65 << 20)
        self.ask("GET", "/large.csv", status=413)

    def test_deletion_and_restoration(self):
        self.put("a.csv", b"label,text\nx,1\ny,2\n")
        self.ask("DELETE", "/a.csv?version=0123456789abcdef", status=409)
        self.ask("DELETE", "/a.csv", status=204)
        self.ask("DELETE", "/a.csv", status=404)
        self.ask("GET", "/a.csv/preview", status=404)
        self.assertEqual(self.ask("POST", "/a.csv/restore")["bytes"], 19)
        self.ask("POST", "/a.csv/restore", status=404)

    def test_names_lead_nowhere_else(self):
        os.symlink("/etc/passwd", self.path("workspace", "data", "link"))
        before = sorted(os.listdir(self.path("workspace")))
        for name in ("..", "../x", ".hidden", "a/b", "/etc/passwd", "a\\b", "a\nb", "x" * 101, "%", "a\u202eb", " a", "a ", "~", "*"):
            for method, rest in (("PUT", "?final=true"), ("GET", "/preview"), ("DELETE", ""), ("POST", "/undo"), ("POST", "/restore"), ("GET", "/rows")):
                response, data = self.send(method, f"/v1/data/{urllib.parse.quote(name, safe='')}{rest}", b"x" if method == "PUT" else None)
                self.assertIn(response.status, (400, 404, 422), (name, method, data))
        self.ask("GET", "/link/preview", status=404)
        self.ask("PUT", "/link?final=true&replace=true", b"x", status=409)
        self.assertEqual(sorted(os.listdir(self.path("workspace"))), before)
        self.assertEqual(sorted(os.listdir(self.path("workspace", "data"))), [".former", ".trash", ".uploads", "link"])
        response, _ = self.send("POST", "/v1/jobs", {"kind": "train", "data": ".uploads/x", "model": "m"})
        self.assertEqual(response.status, 422)

    def test_samples(self):
        sample = self.ask("GET", "/samples")["samples"][0]
        made = self.ask("POST", "/samples", {"name": sample["name"]})
        self.assertEqual(self.ask("GET", f"/{made['name']}/summary")["texts"], sample["texts"])
        self.assertEqual([each["label"] for each in self.ask("GET", f"/{made['name']}/summary")["labels"]], sample["labels"])
        self.ask("POST", "/samples", {"name": sample["name"]}, status=409)
        self.ask("POST", "/samples", {"name": "none"}, status=404)

    def test_uploads_of_several_clients_do_not_mix(self):
        def upload(i):
            contents = bytes([ord("a") + i]) * 3000
            for begin in range(0, 3000, 1000):
                response, data = self.send("PUT", f"/v1/data/same.txt?offset={begin}&final={str(begin == 2000).lower()}&upload={i}", contents[begin:begin + 1000])
            return response.status
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(upload, range(8)))
        self.assertEqual(sorted(set(statuses)), [200, 409])
        self.assertEqual(statuses.count(200), 1)
        self.assertEqual(len(set(self.contents("same.txt"))), 1)


class Limits(ServingTest):
    def test_the_workspace_has_a_limit(self):
        self.serve("--workspace", "workspace", "--max-data-mb", "1")
        put = lambda name, size, offset=0: self.send("PUT", f"/v1/data/{name}?offset={offset}&final=true", b"x" * size)
        self.assertEqual(put("a.txt", 600_000)[0].status, 200)
        response, data = put("b.txt", 600_000)
        self.assertEqual(response.status, 507, data)
        self.assertIn("delete some first", json.loads(data)["error"])
        self.assertEqual(self.send("DELETE", "/v1/data/a.txt")[0].status, 204)
        self.assertEqual(put("b.txt", 600_000)[0].status, 200, "the trash makes room")

    def test_only_administrators(self):
        key = self.winnow("keys", "add", "keys", "--name", "reader", "--role", "feedback")[0].strip()
        self.serve("--workspace", "workspace", "--api-key-file", "keys")
        for method, path in (("GET", "/v1/data"), ("PUT", "/v1/data/a.csv?final=true"), ("DELETE", "/v1/data/a.csv"), ("GET", "/v1/data/a.csv/rows"), ("POST", "/v1/data/a.csv/changes")):
            self.assertEqual(self.send(method, path, b"" if method != "GET" else None)[0].status, 401, path)
            self.assertEqual(self.send(method, path, b"" if method != "GET" else None, {"Authorization": f"Bearer {key}"})[0].status, 403, path)


class Rows(DataTest):
    CSV = b"label,text\r\nham,\"one, two\"\r\nspam,buy\r\nham,see you\r\n,nothing\r\n"

    def test_changes_keep_all_other_bytes(self):
        self.put("a.csv", self.CSV)
        version = self.rows("a.csv")["version"]
        self.assertEqual([(row["row"], row["label"]) for row in self.rows("a.csv")["rows"]], [(2, "ham"), (3, "spam"), (4, "ham"), (5, None)])
        done = self.ask("POST", f"/a.csv/changes?version={version}", {"remove": [3], "relabel": [{"row": 5, "label": "spam, \"x\""}, {"row": 2, "label": "spam"}]})
        self.assertEqual((done["changed"], done["removed"]), (2, 1))
        self.assertEqual(self.contents("a.csv"), b"label,text\r\nspam,\"one, two\"\r\nham,see you\r\n\"spam, \"\"x\"\"\",nothing\r\n")
        self.ask("POST", f"/a.csv/changes?version={version}", {"remove": [2]}, status=409)
        self.ask("POST", "/a.csv/changes", {"remove": [2]}, status=409, headers={"If-Match": f'"{version}"'})
        self.ask("POST", f"/a.csv/undo?version={done['version']}")
        self.assertEqual(self.contents("a.csv"), self.CSV)
        self.assertEqual(self.rows("a.csv")["version"], version)

    def test_bad_changes_are_refused(self):
        self.put("a.csv", self.CSV)
        self.put("a.json", b'[{"text": "a", "label": "x"}, {"text": "b", "label": "y"}]')
        for name, change in (("a.csv", {}), ("a.csv", {"remove": [1]}), ("a.csv", {"remove": [99]}), ("a.csv", {"remove": ["2"]}), ("a.csv", {"remove": 2}),
                             ("a.csv", {"relabel": [{"row": 2}, {"row": 2, "label": "x"}]}), ("a.csv", {"relabel": [{"row": 2, "label": ""}]}), ("a.csv", {"relabel": [{"row": 2, "label": "a\nb"}]}),
                             ("a.csv", {"relabel": [{"row": 2, "label": 7}]}), ("a.csv", {"remove": [2], "relabel": [{"row": 2, "label": "x"}]}), ("a.csv", {"relabel": [{"row": 2, "label": ["a", "b"]}]}),
                             ("a.csv", {"unknown": []}), ("a.json", {"relabel": [{"row": 1, "label": "y"}]})):
            self.ask("POST", f"/{name}/changes", change, status=422)
        self.assertEqual(self.contents("a.csv"), self.CSV)
        self.assertEqual(os.listdir(self.path("workspace", "data", ".uploads")), [])

    def test_of_two_changes_of_one_version_one_is_refused(self):
        self.put("a.csv", b"label,text\n" + b"".join(b"ham,text %d\nspam,other %d\n" % (i, i) for i in range(1000)))
        version = self.rows("a.csv")["version"]
        change = lambda row: self.send("POST", f"/v1/data/a.csv/changes?version={version}", {"remove": [row]})[0].status
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = list(pool.map(change, range(2, 10)))
        self.assertEqual(statuses.count(200), 1, statuses)
        self.assertEqual(statuses.count(409), 7, statuses)
        self.assertEqual(self.rows("a.csv")["total"], 1999)

    def test_a_kill_leaves_the_old_or_the_new_file(self):
        old = b"label,text\n" + b"".join(b"ham,text %d\nspam,other %d\n" % (i, i) for i in range(20_000))
        new = old.replace(b"ham,text 0\n", b"")
        self.put("a.csv", old)
        for _ in range(4):
            def change_and_undo():
                try:
                    while True:
                        self.send("POST", "/v1/data/a.csv/changes", {"remove": [2]})
                        self.send("POST", "/v1/data/a.csv/undo")
                except (OSError, http.client.HTTPException):
                    pass  # the server is gone
            thread = threading.Thread(target=change_and_undo)
            thread.start()
            time.sleep(random.uniform(.1, .6))
            self.process.kill()
            self.process.wait()
            thread.join()
            self.assertIn(self.contents("a.csv"), (old, new))
            self.serve("--workspace", "workspace")
            if self.contents("a.csv") == new:
                self.ask("POST", "/a.csv/undo")
            self.assertEqual(self.contents("a.csv"), old)

    def test_searches(self):
        self.put("a.csv", self.CSV)
        self.assertEqual([row["row"] for row in self.rows("a.csv", "contains=SEE")["rows"]], [4])
        self.assertEqual([row["row"] for row in self.rows("a.csv", "label=ham&offset=1")["rows"]], [4])
        self.assertEqual([row["row"] for row in self.rows("a.csv", "unlabelled=true")["rows"]], [5])
        self.assertEqual(self.rows("a.csv", "limit=1")["total"], 4)
        self.assertEqual([row["row"] for row in self.rows("a.csv", "row=3,5,99")["rows"]], [3, 5])
        for query in ("limit=0", "limit=1001", "offset=-1", "unknown=1", "format=xls", "header=maybe", "row=0", "row=2-3", "delimiter=ab"):
            self.ask("GET", f"/a.csv/rows?{query}", status=422)

    def test_what_the_doctor_finds_can_be_removed(self):
        self.ask("POST", "/samples", {"name": "messages"})
        name = "sample-messages.tsv"
        lines = self.contents(name).splitlines(keepends=True)
        self.put("double.tsv", b"".join(lines + lines[1:40]))

        def duplicates():
            response, data = self.send("POST", "/v1/jobs", {"kind": "doctor", "data": "double.tsv"})
            self.assertEqual(response.status, 200, data)
            job = self.end_of_job(json.loads(data)["id"])
            report = json.loads(self.send("GET", f"/v1/jobs/{job}/output")[1])
            return [finding["line"] for finding in report["findings"] if finding["kind"] == "duplicate"]
        found = duplicates()
        self.assertGreaterEqual(len(found), 39)
        shown = self.rows("double.tsv", "row=" + ",".join(map(str, found)))
        self.assertEqual(shown["total"], len(set(found)))
        self.ask("POST", "/double.tsv/changes", {"remove": sorted(set(found))})
        self.assertLess(len(duplicates()), len(found))

    def test_gzip_files(self):
        self.put("a.csv.gz", gzip.compress(self.CSV))
        self.assertEqual(self.rows("a.csv.gz")["total"], 4)
        self.ask("POST", "/a.csv.gz/changes", {"remove": [3]})
        self.assertEqual(gzip.decompress(self.contents("a.csv.gz")), self.CSV.replace(b"spam,buy\r\n", b""))


class Hostile(DataTest):
    def bytes_read(self):
        """What the server has read until now."""
        with open(f"/proc/{self.process.pid}/io", encoding="ascii") as file:
            return int(next(line for line in file if line.startswith("rchar:")).split()[1])

    def test_no_file_does_harm(self):
        noise = random.Random(7).randbytes(300_000)
        files = {"zip.csv": b"PK\3\4" + noise, "noise.csv": noise, "nul.csv": b"\0" * 300_000, "line.jsonl": b'{"text": "' + b"x" * 70_000_000, "quote.csv": b'label,text\nham,"' + b"x\n" * 2_000_000,
                 "commas.csv": b"," * 3_000_000, "deep.json": b"[" * 1_000_000, "utf16.csv": "label,text\nham,a\nspam,b\n".encode("utf-16"), "ends.csv": b"label,text\rham,a\r\nspam,b\nham,c\n\rspam,d",
                 "half.csv": "label,text\nham,é".encode()[:-1], "empty.csv": b"", "bomb.csv.gz": gzip.compress(b"label,text\n" + b"ham,a\n" * 3_000_000), "cut.csv.gz": gzip.compress(b"label,text\nham,a\nspam,b\n" * 9000)[:-900]}
        for name, contents in files.items():
            with open(self.path("workspace", "data", name), "wb") as file:
                file.write(contents)
        for name in files:
            used = self.cpu_seconds(self.process)
            preview = self.ask("GET", f"/{name}/preview")
            self.assertLess(self.cpu_seconds(self.process) - used, 20, name)
            self.assertNotIn(self.directory, json.dumps(preview))
            for path in ("summary", "rows"):
                response, data = self.send("GET", f"/v1/data/{name}/{path}")
                self.assertIn(response.status, (200, 422), (name, path, data[:200]))
                self.assertNotIn(self.directory.encode(), data)
            response, data = self.send("POST", f"/v1/data/{name}/changes", {"remove": [2]})
            self.assertIn(response.status, (200, 422), (name, data[:200]))
        self.assertIsNone(self.process.poll(), self.logged())
        self.assertEqual(os.listdir(self.path("workspace", "data", ".uploads")), [])

    def test_a_large_file_delays_nobody(self):
        block = b"".join(b"%s,text number %d with a few more words to read\n" % (random.choice((b"ham", b"spam")), i) for i in range(100_000))
        with open(self.path("workspace", "data", "large.csv"), "wb") as file:
            file.write(b"label,text\n")
            for _ in range(60):
                file.write(block)
        read = self.bytes_read()
        self.assertEqual(len(self.ask("GET", "/large.csv/preview")["cells"]), 50)
        self.assertLess(self.bytes_read() - read, 50 << 20, "a preview reads the beginning alone")
        connections = []
        for _ in range(4):  # clients that leave
            connection = http.client.HTTPConnection("127.0.0.1", self.port)
            connection.request("GET", "/v1/data/large.csv/summary")
            connections.append(connection)
        for _ in range(20):
            used = self.cpu_seconds(self.process)
            self.assertEqual(self.send("GET", "/health")[0].status, 200)
            self.assertLess(self.cpu_seconds(self.process) - used, 2, "it does not wait for the summaries")
            time.sleep(.02)
        for connection in connections:
            connection.close()
        self.put("small.csv", b"label,text\nham,a\nspam,b\n")
        self.assertEqual(self.rows("small.csv")["total"], 2)


if __name__ == "__main__":
    winnow.main()
