"""The message filter of servers that share a PostgreSQL database and a Redis cache: feedback, preferences, senders and history, while PostgreSQL stops and starts, too."""
import concurrent.futures
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import postgres
import winnow
from serving import ServingTest

SECONDS = float(os.environ.get("WINNOW_TEST_OUTAGE_SECONDS", "12"))  # of requests while PostgreSQL stops and starts
SPAM = "Congratulations! You've won a $1000 gift card. Click here to claim"
HAM = "See you at lunch, I will bring the report"


class Server:
    """One of several servers of a test."""

    def __init__(self, test, name, *arguments):
        self.test, self.name = test, name
        self.process = test.serve("spam", "--filter", "--store", test.database.url, "--spool", f"spool-{name}", *arguments)
        self.port = test.port

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, None if body is None else json.dumps(body), headers or {})
        response = connection.getresponse()
        data = response.read()
        connection.close()
        return response.status, json.loads(data)

    def check(self, text, **fields):
        status, verdict = self.ask("POST", "/v1/messages/check", {"text": text, **fields})
        self.test.assertEqual(status, 200, verdict)
        return verdict

    def report(self, key, **fields):
        return self.ask("POST", "/v1/feedback", fields, {"Idempotency-Key": key})


class SharedStore(ServingTest):
    def setUp(self):
        super().setUp()
        self.database = postgres.Postgres()
        self.addCleanup(self.database.stop)
        self.trained("--kind", "lr", output="spam")

    def sql(self, statement):
        return self.database.sql(statement).split("\n")[:-1]


class Routes(SharedStore):
    def test_every_route_works_on_postgresql(self):
        server = Server(self, "a")
        verdict = server.check(HAM, sender="Joe@Example.com", user="anna")
        self.assertFalse(verdict["isSpam"])
        status, stored = server.report("k1", id=verdict["id"], is_spam=True, user="anna")
        self.assertEqual((status, stored["status"]), (200, "stored"))
        self.assertEqual(server.report("k1", id=verdict["id"], is_spam=True, user="anna")[1]["status"], "duplicate")
        self.assertEqual(server.report("k1", id=verdict["id"], is_spam=False, user="anna")[0], 409)
        again = server.check(HAM, sender="joe@example.com", user="anna")
        self.assertTrue(again["isSpam"])
        self.assertIn("MEMORY_SPAM", [symbol["name"] for symbol in again["symbols"]])
        self.assertFalse(server.check(HAM, user="bob")["isSpam"], "the correction is anna's")
        self.assertEqual(server.ask("PUT", "/v1/users/anna/preferences", {"threshold": .9})[0], 200)
        self.assertEqual(server.check("hello", user="anna")["threshold"], .9)
        self.assertEqual(server.ask("PUT", "/v1/senders/@casino.example", {"list": "deny"})[0], 200)
        denied = server.check("hello", sender="win@casino.example")
        self.assertEqual((denied["isSpam"], denied["source"]), (True, "reputation"))
        # The history is written in the background, in several steps: all five messages, two of them of joe.
        self.wait_for(lambda: len(server.ask("GET", "/v1/history")[1]["messages"]) == 5, "history")
        self.assertEqual(len(server.ask("GET", "/v1/history?sender=joe%40example.com")[1]["messages"]), 2)
        page = server.ask("GET", "/v1/history?limit=2&isSpam=false")[1]
        self.assertEqual(len(page["messages"]), 2)
        self.assertNotIn(page["messages"][1]["id"], [m["id"] for m in server.ask("GET", f"/v1/history?isSpam=false&before={page['next']}")[1]["messages"]])
        self.assertEqual(self.sql("SELECT is_spam, user_id, feedback_type, text FROM spam_feedback"), [f"t|anna|user_rejection|{HAM}"])
        self.assertEqual(self.sql("SELECT count(*) FROM audit_log WHERE action LIKE 'preferences%'"), ["1"])

    def test_sql_in_any_field_is_text(self):
        server = Server(self, "a")
        evil = "x'); DROP TABLE spam_feedback; --\\ \" $1 %s \u0000"
        name = evil.replace("\u0000", "")
        verdict = server.check(evil, sender=name, sender_name=name, recipient=name, user=name)
        self.assertEqual(server.report(name.strip(), id=verdict["id"], is_spam=True, user=name)[0], 200)
        self.assertEqual(server.report("k1", text=evil, label=name, user="a")[0], 422)  # no model has this label
        self.assertEqual(server.report("k2", text=evil, is_spam=False, user="a")[0], 200)
        for parameter in ("text", "sender", "user", "symbol", "source"):
            status, found = server.ask("GET", f"/v1/history?{parameter}=x%27%29%3B+DROP+TABLE+messages%3B+--%25_")
            self.assertIn(status, (200, 422), found)
        for path in ("/v1/users/x%27%29%3B%20DROP%20TABLE%20preferences%3B--/preferences", "/v1/senders/x%27%29%3B%20DROP%20TABLE%20reputation%3B--"):
            self.assertEqual(server.ask("PUT", path, {"mode": "strict"} if "users" in path else {"list": "deny"})[0], 200)
            self.assertEqual(server.ask("GET", path)[0], 200)
        self.assertEqual(self.sql("SELECT count(*) FROM spam_feedback"), ["2"])


class Outage(SharedStore):
    def test_postgresql_that_stops_and_starts_changes_no_verdict_and_loses_no_feedback(self):
        server = Server(self, "a")
        expected = {text: server.check(text)["isSpam"] for text in (SPAM, HAM, "hello there", "You won! Claim your prize now")}
        self.assertTrue(expected[SPAM])
        until = time.monotonic() + SECONDS
        reported, lock = {}, threading.Lock()

        def load(client):
            count = 0
            while time.monotonic() < until:
                for text, is_spam in expected.items():
                    self.assertEqual(server.check(text, user=f"client{client}")["isSpam"], is_spam, text)
                key = f"{client}-{count}"
                status, stored = server.report(key, text=f"message {key}", is_spam=count % 2 == 0, user=f"reporter{client}")
                self.assertEqual(status, 200, stored)
                with lock:
                    reported[key] = stored["status"]
                count += 1

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            work = [pool.submit(load, client) for client in range(4)]
            while time.monotonic() < until:
                time.sleep(1)
                self.database.halt(signal.SIGINT if len(reported) % 2 else signal.SIGQUIT)  # fast, or as a crash does
                time.sleep(1.5)
                self.database.start()
                time.sleep(1.5)
            for each in work:
                each.result()
        self.assertIn("spooled", reported.values())
        self.assertIn("stored", reported.values())
        self.wait_for(lambda: self.sql("SELECT count(DISTINCT text) FROM spam_feedback") == [str(len(reported))], "feedback is missing")
        self.assertEqual(self.sql("SELECT text FROM spam_feedback GROUP BY text HAVING count(*) > 1"), [])
        self.assertEqual(sorted(self.sql("SELECT text FROM spam_feedback")), sorted(f"message {key}" for key in reported))
        for key in list(reported)[::50]:
            self.assertEqual(server.report(key, text=f"message {key}", is_spam=int(key.split("-")[1]) % 2 == 0, user=f"reporter{key.split('-')[0]}")[1]["status"], "duplicate")

    def test_postgresql_that_hangs_delays_verdicts_and_feedback_by_seconds_and_the_end_of_the_server_too(self):
        server = Server(self, "a")
        self.assertEqual(server.report("k0", text="the first one", is_spam=True, user="anna")[1]["status"], "stored")
        server.check(HAM, user="anna")
        self.addCleanup(self.database.signal_all, signal.SIGCONT)
        self.database.signal_all(signal.SIGSTOP)

        def takes(most, call, *arguments, **fields):
            begin = time.monotonic()
            result = call(*arguments, **fields)
            self.assertLess(time.monotonic() - begin, most, f"{arguments} {fields}\n{self.logged()[-3000:]}")
            return result

        self.assertEqual(takes(10, server.report, "k1", text="a report", sender="joe@example.com", is_spam=True, user="ben")[1]["status"], "spooled")
        self.assertEqual(takes(3, server.report, "k2", text="another one", is_spam=True, user="ben")[1]["status"], "spooled")
        takes(8, server.check, HAM, user="cleo")
        takes(3, server.check, HAM, user="dora")
        for method, path, body in (("GET", "/v1/history", None), ("PUT", "/v1/users/anna/preferences", {"mode": "strict"}), ("GET", "/v1/senders", None)):
            connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
            connection.request(method, path, body and json.dumps(body))
            response = connection.getresponse()
            self.assertEqual((response.status, response.getheader("Retry-After")), (503, "5"), path)
            self.assertIn("the store is not available", json.loads(response.read())["error"])
            connection.close()
        server.process.send_signal(signal.SIGTERM)
        takes(30, server.process.wait, timeout=60)
        self.database.signal_all(signal.SIGCONT)
        Server(self, "a")
        self.wait_for(lambda: self.sql("SELECT count(*) FROM spam_feedback") == ["3"], "feedback")

    def test_feedback_of_a_server_that_is_killed_during_an_outage_is_delivered_by_the_next(self):
        server = Server(self, "a")
        verdict = server.check(HAM, sender="joe@example.com", user="anna")
        self.database.halt(signal.SIGINT)
        status, stored = server.report("k", id=verdict["id"], is_spam=True, user="anna")
        self.assertEqual((status, stored["status"]), (200, "spooled"))
        server.process.kill()
        server.process.wait()
        again = Server(self, "a")
        self.assertFalse(again.check("hello")["isSpam"])
        self.database.start()
        self.wait_for(lambda: self.sql("SELECT count(*) FROM spam_feedback") == ["1"], "feedback")
        self.wait_for(lambda: self.sql("SELECT round(score::numeric, 1) FROM reputation WHERE sender = 'joe@example.com' AND user_id = 'anna'") == ["1.0"], "the sender's score")


class TwoServers(SharedStore):
    def setUp(self):
        super().setUp()
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        if not program:
            self.skipTest("redis is not installed (Debian: redis-tools)")
        socket = self.path("redis.sock")
        with open(self.path("log"), "wb") as log:
            redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"], executable=program,
                                     cwd=self.directory, stdout=log, stderr=log)
        self.addCleanup(lambda: (redis.kill(), redis.wait()))
        self.wait_for(lambda: os.path.exists(socket), "redis")
        self.servers = [Server(self, name, "--redis", "unix://" + socket) for name in ("a", "b")]

    def agree(self, condition, what):
        """Both servers come to say so, and go on to."""
        for server in self.servers:
            self.wait_for(lambda: condition(server), f"{what}: server {server.name}")
        for server in self.servers:
            self.assertTrue(condition(server), f"{what}: server {server.name}, afterwards")

    def test_what_one_is_told_the_other_does(self):
        one, other = self.servers
        texts = [SPAM, HAM, "Your parcel waits at the depot, pay the fee of 2 EUR"]
        for text in texts:
            self.assertAlmostEqual(one.check(text)["score"], other.check(text)["score"], places=6)
        verdict = one.check(texts[2], sender="post@example.com", user="anna")
        other.check(texts[2], sender="post@example.com", user="anna")  # its cache knows the sender now
        self.assertEqual(one.report("k", id=verdict["id"], is_spam=not verdict["isSpam"], user="anna")[1]["status"], "stored")
        self.agree(lambda server: server.check(texts[2].replace("2", "3"), user="anna")["isSpam"] != verdict["isSpam"], "the correction")
        self.agree(lambda server: "SENDER_USER" in [s["name"] for s in server.check("hello again", sender="post@example.com", user="anna")["symbols"]], "the sender's score")
        self.assertEqual(other.report("k", id=verdict["id"], is_spam=not verdict["isSpam"], user="anna")[1]["status"], "duplicate", "keys are shared")
        self.assertEqual(other.ask("PUT", "/v1/users/anna/preferences", {"mode": "lenient"})[0], 200)
        self.agree(lambda server: server.check("hello", user="anna")["mode"] == "lenient", "preferences")
        self.assertEqual(one.ask("PUT", "/v1/senders/@casino.example", {"list": "deny"})[0], 200)
        self.agree(lambda server: server.check("hello", sender="joe@casino.example")["isSpam"], "the list of senders")
        self.wait_for(lambda: len(other.ask("GET", "/v1/history?user=anna&limit=100")[1]["messages"]) >= 4, "history of both")
        self.assertEqual(one.ask("GET", f"/v1/history?text=parcel&limit=1")[0], 200)

    def test_feedback_to_both_at_once_counts_each_key_once(self):
        keys = [f"k{i}" for i in range(60)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda work: work[0].report(work[1], text=f"text {work[1]}", is_spam=True, user="u"), [(server, key) for key in keys for server in self.servers]))
        self.assertEqual([status for status, _ in answers], [200] * len(answers))
        self.assertEqual(sorted(answer["status"] for _, answer in answers), ["duplicate"] * len(keys) + ["stored"] * len(keys))
        self.assertEqual(self.sql("SELECT count(*), count(DISTINCT text) FROM spam_feedback"), [f"{len(keys)}|{len(keys)}"])


if __name__ == "__main__":
    if postgres.PROGRAMS is None:
        print("skipped: PostgreSQL is not installed (Debian: postgresql)")
        sys.exit(77)
    winnow.main()
