"""Power cuts, kills and full disks while a store is written: nothing acknowledged is lost, nothing counts twice, and the next start needs no hand.

WINNOW_TEST_POWER_CUTS=200 is the number of cuts, at random calls that change the file system; WINNOW_TEST_SEED repeats a run."""
import concurrent.futures
import contextlib
import http.client
import json
import os
import random
import re
import resource
import shutil
import sqlite3
import subprocess
import time

import winnow
from power_cuts import PowerCuts
from raw_http import PATIENCE
from serving import ServingTest
from winnow import MESSAGES

CUTS = int(os.environ.get("WINNOW_TEST_POWER_CUTS", "24"))
SEED = int(os.environ.get("WINNOW_TEST_SEED", time.time_ns() % 10**9))
CLIENTS, REPORTS = 4, 10  # of a run of the server
ROWS = 40  # of a run of a command


class PowerCutTest(ServingTest):
    def setUp(self):
        super().setUp()
        self.dice = random.Random(f"{SEED}-{self.id()}")
        self.power = PowerCuts(self.directory, self.skipTest)

    def cut(self, call, number):
        return self.power.at(call, number, self.dice)

    def rows(self, query, store="store.db"):
        connection = sqlite3.connect(self.path(store), timeout=60)
        try:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            return connection.execute(query).fetchall()
        finally:
            connection.close()

    def clean(self):
        for name in os.listdir(self.directory):
            if name.startswith(("store.db", "spool", "out.jsonl")):
                path = self.path(name)
                shutil.rmtree(path) if os.path.isdir(path) else os.remove(path)


class Feedback(PowerCutTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="spam")

    def report(self, key, connection):
        """Returns true if the feedback was acknowledged."""
        body = {"text": f"message {key}", "is_spam": True, "user": "anna", "sender": f"{key}@example.com"}
        connection.request("POST", "/v1/feedback", json.dumps(body), {"Idempotency-Key": key})
        response = connection.getresponse()
        answer = response.read()
        return response.status == 200 and json.loads(answer)["status"] in ("stored", "spooled", "duplicate")

    def run_clients(self):
        """Reports from several clients until all is reported or the server is dead. Returns the keys that were acknowledged."""
        def client(number):
            acknowledged = []
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            try:
                for i in range(REPORTS):
                    key = f"{number}-{i}"
                    if self.report(key, connection):
                        acknowledged.append(key)
            except (OSError, http.client.HTTPException, ValueError):
                pass
            connection.close()
            return acknowledged

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            return [key for keys in pool.map(client, range(CLIENTS)) for key in keys]

    def start(self, down, environment=None):
        """False if the server died before it listened."""
        store = "store.db"
        if down:
            os.makedirs(self.path("store.db"), exist_ok=True)  # no SQLite file can be there
        try:
            self.serve("spam", "--filter", "--store", store, "--spool", "spool", "--no-history", environment=environment)
            return True
        except AssertionError:
            if environment is None:
                raise
            return False

    def expect_all_once(self, acknowledged, what):
        """Starts the server as anybody would, and lets clients repeat what they don't know to be stored."""
        if os.path.isdir(self.path("store.db")):
            os.rmdir(self.path("store.db"))
        self.start(down=False)
        texts = {f"message {key}" for key in acknowledged}
        self.wait_for(lambda: texts <= {text for (text,) in self.rows("SELECT text FROM spam_feedback")}, f"{what}: feedback that was acknowledged is lost")
        self.assertEqual(len(self.run_clients()), CLIENTS * REPORTS, what)
        # Some wait in the spool, behind those of the server before.
        self.wait_for(lambda: len(self.rows("SELECT id FROM spam_feedback")) >= CLIENTS * REPORTS, f"{what}: feedback is missing")
        self.stop(self.process)
        self.assertEqual(sorted(self.rows("SELECT text, COUNT(*) FROM spam_feedback GROUP BY text")),
                         sorted((f"message {number}-{i}", 1) for number in range(CLIENTS) for i in range(REPORTS)), what)
        scores = self.rows("SELECT sender, score FROM reputation")
        self.assertLessEqual(max((score for _, score in scores), default=0), 1.0001, f"{what}: a sender's score counts twice")

    def test_feedback(self):
        for down in (False, True):
            self.clean()
            self.assertTrue(self.start(down, self.power.counting()))
            self.assertEqual(len(self.run_clients()), CLIENTS * REPORTS)
            self.process.terminate()
            self.assertEqual(self.process.wait(PATIENCE), 0, self.logged())
            calls, died = self.power.calls(), 0
            for number in range(CUTS // 4):
                self.clean()
                call = self.dice.randint(1, calls)
                what = f"seed {SEED}, cut {number} at call {call} of {calls}, store {'down' if down else 'up'}"
                listening = self.start(down, self.cut(call, number))
                acknowledged = self.run_clients() if listening else []
                try:  # calls at the end come only when it ends
                    self.process.terminate()
                    died += self.process.wait(PATIENCE) == -9
                except subprocess.TimeoutExpired:
                    self.fail(f"{what}: the server hangs")
                self.expect_all_once(acknowledged, what)
            self.assertGreater(died, CUTS // 16, "few cuts hit the server")


class Commands(PowerCutTest):
    """Commands that change a store; each is cut, repeated as a person would, and must have done its work once."""

    def setUp(self):
        super().setUp()
        self.winnow("feedback", "add", "--store", "store.db", "--text", "old", "--label", "spam", "--user", "u")
        connection = sqlite3.connect(self.path("store.db"))
        connection.executemany("INSERT INTO spam_feedback (text, is_spam, feedback_type, user_id, source, created_at) VALUES (?, 1, 'user_rejection', 'u', 'user', '2026-01-02T03:04:05.006Z')",
                               [(f"kept {i}",) for i in range(ROWS)])
        connection.commit()
        connection.execute("VACUUM INTO ?", (self.path("current.db"),))
        connection.execute("VACUUM INTO ?", (self.path("version1.db"),))
        connection.close()
        self.clean()
        connection = sqlite3.connect(self.path("version1.db"))
        for statement in ("DROP TABLE messages", "DROP TABLE verdict_samples", "DROP TABLE campaign_uses", "DROP TABLE secrets", "DROP TABLE forgotten", "DROP TABLE models", "DROP TABLE aliases", "DROP TABLE experiments", "DROP TABLE experiment_reports", "DROP TABLE experiment_users", "DROP TABLE experiment_disagreements", "DROP TABLE experiment_counters", "DROP TABLE experiment_decisions",
                          "DROP INDEX idempotency_keys_digest", "DROP INDEX reputation_changes", "DROP INDEX preferences_changes", "ALTER TABLE spam_feedback DROP COLUMN source",
                          "ALTER TABLE schema_version DROP COLUMN oldest_reader", "ALTER TABLE schema_version DROP COLUMN written_by",
                          "DELETE FROM schema_version WHERE version > 1"):
            connection.execute(statement)
        connection.commit()
        connection.close()
        source = sqlite3.connect(self.path("source.db"))
        source.execute("CREATE TABLE mails (text TEXT, is_spam BOOLEAN)")
        source.executemany("INSERT INTO mails VALUES (?, ?)", [(f"imported {i}", i % 2) for i in range(ROWS)])
        source.commit()
        source.close()
        self.write("events.jsonl", "".join(json.dumps({"text": f"added {i}", "label": "spam", "user": "u", "created_at": "2026-03-04T05:06:07.008Z"}) + "\n" for i in range(ROWS)))

    def check_kept(self, *others):
        texts = [text for (text,) in self.rows("SELECT text FROM spam_feedback ORDER BY text")]
        self.assertEqual(texts, sorted(["old", *(f"kept {i}" for i in range(ROWS)), *others]))

    def cut_and_repeat(self, begin, arguments, check, cuts):
        def fresh():
            self.clean()
            shutil.copy(self.path(begin), self.path("store.db"))

        fresh()
        self.winnow(*arguments, environment=self.power.counting())
        check()
        calls = self.power.calls()
        self.assertGreater(calls, 5)
        for number in range(cuts):
            fresh()
            call = self.dice.randint(1, calls)
            result = subprocess.run([self.program, *arguments], cwd=self.directory, capture_output=True, timeout=PATIENCE, env={**os.environ, **self.cut(call, number)})
            what = f"seed {SEED}, {arguments[:2]}, cut {number} at call {call} of {calls}"
            self.assertIn(result.returncode, (-9, 0), f"{what}: {result.stderr.decode()}")  # threads may have needed fewer calls
            with self.subTest(what):
                if result.returncode == 0:
                    check()
                self.winnow(*arguments)
                check()

    def test_migration(self):
        def check():
            self.check_kept()
            self.assertEqual(self.rows("SELECT version FROM schema_version ORDER BY version"), [(version,) for version in range(1, 9)])
            self.assertEqual(self.rows("SELECT DISTINCT source FROM spam_feedback"), [("user",)])
        self.cut_and_repeat("version1.db", ["feedback", "stats", "--store", "store.db"], check, CUTS // 6)

    def test_import(self):
        self.cut_and_repeat("current.db", ["data", "import", "source.db", "--query", "SELECT text, is_spam FROM mails", "--store", "store.db"],
                            lambda: self.check_kept(*(f"imported {i}" for i in range(ROWS))), CUTS // 6)

    def test_addition(self):
        self.cut_and_repeat("current.db", ["feedback", "add", "--store", "store.db", "--input", "events.jsonl"],
                            lambda: self.check_kept(*(f"added {i}" for i in range(ROWS))), CUTS // 6)

    def test_forgetting(self):
        self.cut_and_repeat("current.db", ["forget", "--store", "store.db", "--user", "u"],
                            lambda: self.assertEqual(self.rows("SELECT text FROM spam_feedback"), []), CUTS // 6)


class Registry(PowerCutTest):
    """Commands of a registry in a directory: after each cut no half version can be seen, what was acknowledged is there, and the command, repeated, does its work."""

    def setUp(self):
        super().setUp()
        self.environment = {"TMPDIR": self.path("tmp")}
        os.makedirs(self.path("tmp"))
        for number, c in enumerate((1, .3, .05)):
            self.trained("--kind", "lr", "--C", c, "--name", "spam", output=f"bundle{number}")
        for number in range(2):
            self.registry("push", f"bundle{number}", "--bump", "auto", "--alias", "champion")
        with contextlib.closing(sqlite3.connect(self.path("registry", "registry.db"))) as connection, connection:
            connection.execute("UPDATE models SET created_at = '2020-01-01T00:00:00.000Z'")  # old enough to be removed
        shutil.copytree(self.path("registry"), self.path("begin"))

    def registry(self, *arguments):
        out, _ = self.winnow("registry", *arguments, "--registry", "registry", "--json")
        return [json.loads(line) for line in out.splitlines()]

    def state(self, what):
        """{version: aliases}. Each version that can be seen can be pulled, and is whole."""
        versions = {version["version"]: sorted(version["aliases"]) for version in self.registry("list", "spam")}
        self.assertEqual(self.rows("PRAGMA quick_check", os.path.join("registry", "registry.db")), [("ok",)])
        for version in versions:
            shutil.rmtree(self.path("out"), ignore_errors=True)
            self.winnow("registry", "pull", f"spam:{version}", "--registry", "registry", "--output", "out")
            self.winnow("verify", "out")
        for alias, sequences in self.rows("SELECT alias, GROUP_CONCAT(sequence) FROM (SELECT * FROM aliases ORDER BY alias, sequence) GROUP BY alias", os.path.join("registry", "registry.db")):
            self.assertEqual(sequences, ",".join(str(i + 1) for i in range(sequences.count(",") + 1)), f"{what}: {alias}")
        changes = self.rows("SELECT COUNT(*) FROM aliases", os.path.join("registry", "registry.db"))[0][0]
        noted = self.rows("SELECT COUNT(*) FROM audit_log WHERE action IN ('registry.promote', 'registry.rollback', 'registry.remove_alias')", os.path.join("registry", "registry.db"))[0][0]
        self.assertEqual(changes, noted, f"{what}: the history and the audit log differ")
        return versions

    def cut_and_repeat(self, arguments, before, after, cuts, prepare=lambda: None, check=lambda: None):
        """`before`: the states that a cut may leave; `after`: that of the command."""
        arguments = ["registry", *arguments, "--registry", "registry"]

        def fresh():
            for name in ("registry", "tmp"):
                shutil.rmtree(self.path(name))
            os.makedirs(self.path("tmp"))
            shutil.copytree(self.path("begin"), self.path("registry"))
            prepare()

        fresh()
        self.winnow(*arguments, environment=self.power.counting())
        self.assertEqual(self.state("without a cut"), after)
        calls = self.power.calls()
        self.assertGreater(calls, 5)
        for number in range(cuts):
            fresh()
            call = self.dice.randint(1, calls)
            result = subprocess.run([self.program, *arguments], cwd=self.directory, capture_output=True, timeout=PATIENCE, env={**os.environ, **self.environment, **self.cut(call, number)})
            what = f"seed {SEED}, {arguments[:2]}, cut {number} at call {call} of {calls}"
            self.assertIn(result.returncode, (-9, 0), f"{what}: {result.stderr.decode()}")
            with self.subTest(what):
                if result.returncode == 0 or result.stdout:
                    self.assertEqual(self.state(what), after)
                else:
                    self.assertIn(self.state(what), (*before, after))
                if self.state(what) != after or arguments[1] != "rollback":  # one more would undo it
                    self.winnow(*arguments)
                self.assertEqual(self.state(what), after)
                check()

    def test_push(self):
        before = {"1.1.0": ["champion"], "1.0.0": []}
        self.cut_and_repeat(["push", "bundle2", "--bump", "auto"], [before], {"1.2.0": [], **before}, CUTS // 4)

    def test_push_with_an_alias(self):
        before = {"1.1.0": ["champion"], "1.0.0": []}
        self.cut_and_repeat(["push", "bundle2", "--bump", "auto", "--alias", "challenger"], [before, {"1.2.0": [], **before}], {"1.2.0": ["challenger"], **before}, CUTS // 6)

    def test_promotion(self):
        self.cut_and_repeat(["promote", "spam", "1.0.0"], [{"1.1.0": ["champion"], "1.0.0": []}], {"1.1.0": [], "1.0.0": ["champion"]}, CUTS // 6)

    def test_rollback(self):
        self.cut_and_repeat(["rollback", "spam"], [{"1.1.0": ["champion"], "1.0.0": []}], {"1.1.0": [], "1.0.0": ["champion"]}, CUTS // 6)

    def test_removal(self):
        def prepare():
            self.registry("promote", "spam", "none")  # so that no rollback leads to 1.0.0
            with contextlib.closing(sqlite3.connect(self.path("registry", "registry.db"))) as connection, connection:
                connection.execute("UPDATE aliases SET created_at = '2020-01-01T00:00:00.000Z'")
            orphan = self.path("registry", "artifacts", "spam", "9.0.0", "linear.bin")
            os.makedirs(os.path.dirname(orphan))
            shutil.copy(self.path("bundle0", "linear.bin"), orphan)
            os.utime(orphan, (0, 0))
        self.cut_and_repeat(["gc", "--keep", "0", "--keep-days", "1"], [{"1.1.0": [], "1.0.0": []}], {"1.1.0": []}, CUTS // 4, prepare,
                            lambda: self.assertEqual({name.split(os.sep)[0] for name in self.files(os.path.join("registry", "artifacts", "spam"))}, {"1.1.0"}, "files of no version"))


class Restore(PowerCutTest):
    """A restore that replaces a store: the former one keeps the rows of its log, and the command, repeated, restores."""

    def opened(self, name):
        """The rows of a store and its log, read from a copy, since SQLite removes a log that it has applied."""
        shutil.rmtree(self.path("copy"), ignore_errors=True)
        os.makedirs(self.path("copy"))
        for end in ("", "-wal"):
            if os.path.exists(self.path(name + end)):
                shutil.copy(self.path(name + end), self.path("copy", "store.db" + end))
        return [text for (text,) in self.rows("SELECT text FROM spam_feedback ORDER BY id", os.path.join("copy", "store.db"))]

    def test_restore(self):
        self.winnow("feedback", "add", "--store", "store.db", "--text", "saved", "--label", "spam")
        self.winnow("backup", "monday", "--store", "store.db")
        with contextlib.closing(sqlite3.connect(self.path("store.db"))) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("INSERT INTO spam_feedback (text, is_spam, feedback_type, source, created_at) VALUES ('late', 1, 'user_rejection', 'user', '2026-01-02T03:04:05.006Z')")
            connection.commit()
            os.makedirs(self.path("killed"))
            for name in ("store.db", "store.db-wal", "store.db-shm"):  # what a server that is killed leaves
                shutil.copy(self.path(name), self.path("killed"))
        command = ["restore", "monday", "--store", "store.db", "--overwrite"]

        def fresh():
            self.clean()
            shutil.copytree(self.path("killed"), self.directory, dirs_exist_ok=True)

        def check():
            self.assertEqual(self.opened("store.db"), ["saved"])
            self.assertEqual(self.opened("store.db.before-restore"), ["saved", "late"])

        fresh()
        self.winnow(*command, environment=self.power.counting())
        check()
        calls = self.power.calls()
        for number in range(CUTS // 3):
            fresh()
            call = self.dice.randint(1, calls)
            result = subprocess.run([self.program, *command], cwd=self.directory, capture_output=True, timeout=PATIENCE, env={**os.environ, **self.cut(call, number)})
            what = f"seed {SEED}, cut {number} at call {call} of {calls}"
            self.assertIn(result.returncode, (-9, 0), f"{what}: {result.stderr.decode()}")
            with self.subTest(what):
                if not os.path.exists(self.path("store.db")) or self.opened("store.db") != ["saved"]:
                    self.assertNotEqual(result.returncode, 0)
                    self.winnow(*command)
                check()


class FullDisk(ServingTest):
    def test_verdicts_go_on_and_errors_are_clear(self):
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", self.path("spam"))
        process = self.serve("spam", "--filter", "--store", "store.db", "--spool", "spool")
        text = "a long message " * 200

        def report(number):
            response, data = self.send("POST", "/v1/feedback", {"text": f"{number} {text}", "is_spam": True, "user": "anna"}, {"Idempotency-Key": str(number)})
            return response.status, json.loads(data)

        def spam(message):
            response, data = self.send("POST", "/v1/messages/check", {"text": message})
            self.assertEqual(response.status, 200, data)
            return json.loads(data)["isSpam"]

        prize = "Congratulations! You've won a $1000 gift card. Click here to claim"
        self.assertTrue(spam(prize))
        self.assertEqual(report(0)[1]["status"], "stored")
        unlimited = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (256 << 10, unlimited[1]))
        acknowledged, refused = [0], []
        for number in range(1, 400):
            status, answer = report(number)
            (acknowledged if status == 200 else refused).append(number)
            if status != 200:
                self.assertEqual((status, answer["error_type"]), (503, "Unavailable"), answer)
            self.assertTrue(spam(prize), "a full disk changes no verdict")
            if len(refused) >= 3:
                break
        self.assertGreaterEqual(len(refused), 3, "the limit was not reached")
        self.assertFalse(spam("See you at lunch"))
        self.wait_for(lambda: re.search(r"disk is full|File too large|may not grow", self.logged()), "the log says why")
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, unlimited)

        def lost():
            with contextlib.closing(sqlite3.connect(self.path("store.db"), timeout=60)) as connection:
                stored = {int(found.split(" ", 1)[0]) for (found,) in connection.execute("SELECT text FROM spam_feedback")}
            return set(acknowledged) - stored
        self.wait_for(lambda: not lost(), "feedback that was acknowledged is lost")
        self.assertEqual(report(refused[0])[0], 200, "what was refused can be sent again")


if __name__ == "__main__":
    winnow.main()
