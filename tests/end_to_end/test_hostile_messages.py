"""Messages, names and rules that are made to do harm: through the routes of the filter, and through the command."""
import base64
import json
import os
import resource
import sqlite3
import urllib.parse

import winnow
from serving import ServingTest

SQL = "x'); DROP TABLE spam_feedback; DROP TABLE messages; --\\ \"' $1 ?1 :a %s %' OR '1'='1"
PATHS = ["../../../../etc/passwd", "..\\..\\x", "/etc/passwd", "a/../../b", "file:///etc/passwd", "store.db", ".", "..", "%00", "con:", "a\u0000b", "~root"]
QUICKLY = 20  # seconds of a core; what is not bounded takes minutes
RULES = """
[[rule]]
name = "NESTED"
score = 1.0
pattern = '(a+)+$'
[[rule]]
name = "ALTERNATIVES"
score = 1.0
pattern = '(a|aa|a?)*b'
[[rule]]
name = "COUNTED"
score = 1.0
pattern = '(.*a){12}'
[[rule]]
name = "EMAIL"
score = 1.0
pattern = '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*(@){1}[a-z0-9]+[.]{1}(([a-z]{2,3})|([a-z]{2,3}[.]{1}[a-z]{2,3}))$'
"""


class Filter(ServingTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="spam")

    def ask(self, method, path, body=None, headers=None):
        response, data = self.send(method, path, body, headers)
        self.assertLess(response.status, 500, data)
        return response.status, json.loads(data)

    @staticmethod
    def cpu_seconds_of_commands():
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def snapshot(self):
        """Names of all files, those of the database aside, which come and go."""
        return sorted(name for root, _, names in os.walk(self.directory) for name in (os.path.join(root, each) for each in names) if "store.db" not in name)

    def test_sql_in_every_place_is_text(self):
        self.serve("spam", "--filter", "--store", "store.db", "--redact-history", "none")
        status, verdict = self.ask("POST", "/v1/messages/check", {"text": SQL, "sender": SQL, "sender_name": SQL, "recipient": SQL, "user": SQL})
        self.assertEqual(status, 200)
        self.assertEqual(self.ask("POST", "/v1/messages/check", {"text": "a", "model": SQL})[0], 404)
        self.assertEqual(self.ask("POST", "/v1/feedback", {"id": verdict["id"], "is_spam": True, "user": SQL}, {"Idempotency-Key": SQL})[1]["status"], "stored")
        self.assertEqual(self.ask("POST", "/v1/feedback", {"text": SQL, "label": SQL, "sender": SQL, "user": SQL})[0], 422)  # no model has this label
        self.assertEqual(self.ask("POST", "/v1/feedback", {"text": SQL, "label": "spam", "sender": SQL, "user": SQL})[0], 200)
        self.assertEqual(self.ask("POST", "/v1/feedback", {"id": SQL, "is_spam": True})[0], 404)
        name = urllib.parse.quote(SQL, safe="")
        self.assertEqual(self.ask("PUT", f"/v1/users/{name}/preferences", {"mode": "strict"})[0], 200)
        self.assertEqual(self.ask("GET", f"/v1/users/{name}/preferences")[1]["mode"], "strict")
        self.assertEqual(self.ask("GET", "/v1/users/anna/preferences")[1]["mode"], "moderate", "nobody else's")
        self.assertIn(self.ask("PUT", f"/v1/senders/{name}", {"list": "deny"})[0], (200, 422))
        self.assertEqual(self.ask("PUT", "/v1/users/a/preferences", {"mode": SQL})[0], 422)
        self.wait_for(lambda: self.ask("GET", "/v1/history?user=" + name)[1]["messages"], "history")
        for parameter in ("text", "sender", "user", "symbol", "source", "isSpam", "min_score", "since", "before", "limit"):
            status, found = self.ask("GET", f"/v1/history?{parameter}={name}")
            self.assertIn(status, (200, 422), parameter)
            if parameter in ("text", "sender", "user"):
                self.assertTrue(found["messages"], parameter)
            for message in found.get("messages", []):
                self.assertIn("DROP TABLE", json.dumps(message), parameter)
        self.assertEqual(self.ask("GET", "/v1/history?text=%25")[1]["messages"][0]["text"], SQL, "a percent sign is a percent sign")
        self.assertEqual(self.ask("GET", "/v1/history?text=_%25_")[1]["messages"], [])
        connection = sqlite3.connect(self.path("store.db"))
        self.assertEqual(connection.execute("SELECT COUNT(*) FROM spam_feedback").fetchone(), (2,))
        self.assertEqual(connection.execute("SELECT COUNT(*) FROM preferences").fetchone(), (1,))
        connection.close()

    def test_names_are_no_paths(self):
        self.serve("spam", "--filter", "--store", "store.db")
        self.ask("POST", "/v1/feedback", {"text": "a", "is_spam": True})
        before = self.snapshot()
        for path in PATHS:
            name = urllib.parse.quote(path, safe="")
            self.assertIn(self.ask("POST", "/v1/messages/check", {"text": "hello", "user": path, "sender": path})[0], (200, 422), path)
            self.assertIn(self.ask("POST", "/v1/feedback", {"text": "hello " + path, "is_spam": True, "user": path, "sender": path}, {"Idempotency-Key": path.replace("\0", "0")})[0], (200, 422), path)
            self.assertIn(self.ask("POST", "/v1/feedback", {"id": path, "is_spam": True})[0], (404, 422), path)
            for form in (f"/v1/users/{name}/preferences", f"/v1/senders/{name}"):
                body = {"mode": "strict"} if "users" in form else {"list": "allow"}
                self.assertIn(self.ask("PUT", form, body)[0], (200, 400, 404, 405, 422), form)
            for method, route, body in (("POST", "/v1/classify", {"text": "a", "model": path}), ("POST", "/v1/embeddings", {"input": "a", "model": path}),
                                        ("POST", "/v1/moderations", {"input": "a", "model": path}), ("POST", "/v1/messages/check", {"text": "a", "model": path}),
                                        ("POST", "/models/switch", {"model": path}), ("GET", f"/v1/models/{name}", None), ("GET", f"/v2/models/{name}", None),
                                        ("POST", f"/v2/repository/models/{name}/load", {})):
                status, answer = self.ask(method, route, body)
                self.assertIn(status, (400, 404, 405, 422), (route, path))
                self.assertNotIn("root:", json.dumps(answer))
        self.assertEqual(self.snapshot(), before)

    def test_patterns_and_texts_that_make_others_backtrack(self):
        self.write("rules.toml", RULES)
        self.serve("spam", "--filter", "--rules", "rules.toml")
        for text in ("a" * 1_000_000, "a" * 500_000 + "!", "aA0-." * 200_000, "<b>" * 300_000, "http://" + "a." * 400_000, "\u0430\u0301" * 200_000):
            used = self.cpu_seconds(self.process)
            status, verdict = self.ask("POST", "/v1/messages/check", {"text": text})
            self.assertEqual(status, 200)
            self.assertLess(self.cpu_seconds(self.process) - used, QUICKLY, text[:10])
        self.fails("rules", "check", self.write("bomb.toml", "[[rule]]\nname = \"BOMB\"\nscore = 1.0\npattern = '((a{100}){100}){100}'\n"), says=["bomb.toml", "BOMB"])
        self.fails("rules", "check", self.write("back.toml", "[[rule]]\nname = \"BACK\"\nscore = 1.0\npattern = '(a+)\\1'\n"), says=["back.toml", "BACK"])

    def test_nested_tags_and_mime_bombs(self):
        tags = "".join(f"<{tag}>" for tag in ("div", "b", "table", "span", "a")) * 20_000
        part = base64.encodebytes(b"x" * (6 << 20)).decode()
        multipart = "Content-Type: multipart/mixed; boundary=b0\n\n" + "".join(f"--b{i}\nContent-Type: multipart/mixed; boundary=b{i + 1}\n\n" for i in range(5000))
        for name, mail in (("tags", "Content-Type: text/html\n\n" + tags + "claim your prize"), ("parts", "Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * 50_000 + "--b--\n"),
                           ("deep", multipart + "--\n"), ("large", "Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n" + part)):
            self.write(f"{name}.eml", "From: a@example.com\nSubject: hello\nMIME-Version: 1.0\n" + mail)
            used = self.cpu_seconds_of_commands()
            out, _ = self.winnow("filter", "spam", "--json", f"{name}.eml")
            self.assertIn(json.loads(out)["isSpam"], (True, False))
            self.assertLess(self.cpu_seconds_of_commands() - used, QUICKLY, name)
        self.serve("spam", "--filter")
        for body in ({"text": tags}, {"subject": "hello", "body": tags * 2}, {"body": multipart}):
            used = self.cpu_seconds(self.process)
            self.assertEqual(self.ask("POST", "/v1/messages/check", body)[0], 200)
            self.assertLess(self.cpu_seconds(self.process) - used, QUICKLY)
        self.assertEqual(self.ask("POST", "/v1/messages/check", {"text": "a", "sender": "b" * 2000})[0], 422)
        self.assertEqual(self.ask("POST", "/v1/messages/check", '{"text":' + "[" * 100_000)[0], 422)
        self.assertEqual(self.ask("POST", "/v1/messages/check", {"text": "hello"})[0], 200)


if __name__ == "__main__":
    winnow.main()
