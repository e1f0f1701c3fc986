"""Stores of every former schema version, opened by today's program: their contents, the migration, and its undoing; and stores of a
simulated later program. README.md says how the stores were made."""
import contextlib
import json
import os
import pathlib
import sqlite3
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "end_to_end"))
import postgres  # noqa: E402
import winnow  # noqa: E402
from serving import ServingTest  # noqa: E402

VERSIONS = range(1, 8)
SERVED = VERSIONS if os.environ.get("WINNOW_TEST_COMPATIBILITY") == "all" else (1, 2, 7)  # on which a server is started
NEWEST = 8
BUNDLE = HERE / "bundles" / "117d90d0-lr"
FIRST = "You have won a prize, call now"
SECOND = "Zeile eins\nStra\u00dfe \U0001F600 'quoted' \"text\"; --"


class StoreTest(ServingTest):
    """What holds for both kinds of database; `version` is that of the schema before today's program opened it."""

    def lines(self, *arguments):
        return [json.loads(line) for line in self.winnow(*arguments, "--json", "--quiet")[0].splitlines()]

    def check_feedback(self, url, version):
        events = self.lines("feedback", "list", "--store", url)
        first = events[0]
        self.assertEqual((first["text"], first["is_spam"], first["feedback_type"], first["message_id"], first["user"], first["model_version"], first["score"],
                          first["source"], first["created_at"]),
                         (FIRST, True, "user_rejection", "message-1", "ada", "1.0.0", 0.25, "user", "2026-10-01T08:01:00.000Z"))
        if version == 1:
            self.assertEqual(len(events), 1)
            return
        self.assertEqual([event["text"] for event in events], [FIRST, SECOND, "Refund my order", "What Grace wrote"])
        self.assertEqual([event.get("label") for event in events], [None, "ham", "refund", None])

    def check_registry(self, url, version):
        arguments = ("--registry", url if "://" in url else f"sqlite:{url}", "--artifacts", self.path("artifacts"))
        models = self.lines("registry", "list", *arguments)
        if version < 5:
            self.assertEqual(models, [])
            return
        self.assertEqual([model["name"] for model in models], ["spam"])
        self.assertEqual([v["version"] for v in self.lines("registry", "list", "spam", *arguments)], ["1.1.0", "1.0.0"])
        history = self.lines("registry", "history", "spam", *arguments)
        self.assertEqual([(change["alias"], change["version"], change["reason"]) for change in history],
                         [("production", "1.1.0", "better"), ("production", "1.0.0", "better")])
        shown = json.loads(self.winnow("registry", "show", "spam@production", *arguments, "--json")[0])
        self.assertEqual((shown["labels"], shown["pushed_by"], shown["metrics"]), (["ham", "spam"], "operator", {"f1_macro": 0.9}))

    def check_keys(self, url, version):
        """A key that was used before stands for its event still; and what was forgotten does not come back."""
        add = ("feedback", "add", "--store", url)
        if version >= 2:
            self.fails(*add, "--text", "another text", "--label", "spam", "--key", "event-3", says=["event-3"])
        if version >= 4:
            old = {"text": "What Alan wrote", "user": "alan", "label": "ham", "feedback_type": "admin", "created_at": "2026-10-01T08:15:00.000Z"}
            self.winnow(*add, "--input", self.write("old.jsonl", json.dumps(old) + "\n"))
            self.check_feedback(url, version)

    def check_samples(self, url, version):
        if version >= 3:
            report = json.loads(self.winnow("feedback", "audit", "report", "--store", url, "--json")[0])
            self.assertEqual(report["labelled"], 1, report)

    def ask(self, method, path, body=None, status=200, headers=None):
        response, data = self.send(method, path, body, headers)
        self.assertEqual(response.status, status, data)
        return json.loads(data) if data else None

    def check_server(self, url, version):
        """A server answers from the tables, and writes into them."""
        self.serve(BUNDLE, "--filter", "--store", url, "--spool", f"spool-{version}", "--history-days", 0)
        messages = self.ask("GET", "/v1/history")["messages"]
        self.assertEqual([message["id"] for message in messages], ["message-2", "message-1"] if version > 1 else [])
        if version > 1:
            self.assertEqual((messages[1]["text"], messages[1]["sender"], messages[1]["score"]), (FIRST, "sender@example.org", 0.25))
        self.assertEqual(self.ask("GET", "/v1/users/ada/preferences")["mode"], "strict")
        self.assertEqual(self.ask("GET", "/v1/users/grace/preferences")["threshold"], 0.75)
        self.assertEqual(self.ask("GET", "/v1/audit?action=preferences.set")["entries"][0]["actor"], "operator")
        self.ask("PUT", "/v1/users/ada/preferences", {"mode": "lenient"})
        self.assertEqual(self.ask("GET", "/v1/users/ada/preferences")["mode"], "lenient")
        verdict = self.ask("POST", "/v1/messages/check", {"text": "Claim your prize today", "user": "ada"})
        self.assertIn("isSpam", verdict)
        self.ask("POST", "/v1/feedback", {"text": "a new event", "is_spam": True, "feedback_type": "admin"}, headers={"Idempotency-Key": "event-new"})
        self.process.terminate()
        self.assertEqual(self.process.wait(240), 0, self.logged())
        self.assertEqual(self.lines("feedback", "list", "--store", url)[-1]["text"], "a new event")

    def check_use(self, url, version):
        self.check_feedback(url, version)
        self.check_registry(url, version)
        self.check_samples(url, version)
        self.check_keys(url, version)
        if version in SERVED:
            self.check_server(url, version)


class SqliteStores(StoreTest):
    def load(self, version):
        """The store as a file; returns its name."""
        name = f"version{version}.db"
        with contextlib.closing(sqlite3.connect(self.path(name))) as database:
            database.executescript((HERE / f"schema-{version}.sqlite.sql").read_text(encoding="utf-8"))
        return name

    def dump(self, name):
        with contextlib.closing(sqlite3.connect(self.path(name))) as database:
            return list(database.iterdump())

    def test_each_is_migrated_and_used(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                name = self.load(version)
                former = self.dump(name)
                self.check_use(name, version)
                self.assertEqual(self.dump(f"{name}.schema-{version}"), former)
                self.assertEqual(os.stat(self.path(f"{name}.schema-{version}")).st_mode & 0o777, 0o600)

    def later(self, name, version, oldest_reader):
        """What a later program does to a store: it adds, and records who can use it."""
        with contextlib.closing(sqlite3.connect(self.path(name), isolation_level=None)) as database:
            database.execute("ALTER TABLE spam_feedback ADD COLUMN later TEXT NOT NULL DEFAULT 'x'")
            database.execute("ALTER TABLE messages ADD COLUMN later TEXT")
            database.execute("CREATE TABLE later (id INTEGER PRIMARY KEY)")
            database.execute("INSERT INTO schema_version (version, applied_at, oldest_reader, written_by) VALUES (?, '2027-01-01T00:00:00.000Z', ?, '7.8.9')",
                             (version, oldest_reader))

    def test_one_of_the_next_program_is_used_as_it_is(self):
        name = self.load(7)
        self.winnow("feedback", "stats", "--store", name)
        self.later(name, NEWEST + 1, NEWEST)
        self.check_use(name, 7)
        with contextlib.closing(sqlite3.connect(self.path(name))) as database:
            self.assertEqual(database.execute("SELECT max(version), count(*) FROM schema_version").fetchone(), (NEWEST + 1, NEWEST + 1))
            self.assertEqual(database.execute("SELECT count(*) FROM spam_feedback WHERE later = 'x'").fetchone(), (5,))
        self.assertEqual([file for file in os.listdir(self.directory) if ".schema-" in file], [f"{name}.schema-7"])

    def test_one_that_cannot_be_used_is_refused_with_the_way_back(self):
        name = self.load(7)
        former = self.dump(name)
        self.winnow("feedback", "stats", "--store", name)
        self.later(name, NEWEST + 1, NEWEST + 1)
        now = self.dump(name)
        way_back = f"winnow restore {name}.schema-7 --store {name} --overwrite"
        says = [f"the tables of the store have schema version {NEWEST + 1}, written by Winnow 7.8.9", "use Winnow 7.8.9 or a newer version", way_back]
        self.fails("feedback", "stats", "--store", name, says=says)
        self.fails("serve", BUNDLE, "--filter", "--store", name, "--spool", "spool", "--port", "0", says=says)
        self.assertEqual(self.dump(name), now)
        self.winnow(*way_back.split()[1:])
        self.assertEqual(self.dump(name), former)
        self.assertEqual(self.dump(f"{name}.before-restore"), now)
        self.check_use(name, 7)

    def test_without_room_for_the_copy_nothing_is_migrated(self):
        name = self.load(7)
        former = self.dump(name)
        os.mkdir(self.path(f"{name}.schema-7"))
        self.fails("feedback", "stats", "--store", name, says=["copied before its tables change"])
        self.assertEqual(self.dump(name), former)

    def test_the_corpus_has_every_schema_version(self):
        found = sorted(int(path.name.split("-")[1].split(".")[0]) for path in HERE.glob("schema-*.sqlite.sql"))
        self.assertEqual(found, list(VERSIONS))
        name = self.load(7)
        self.winnow("feedback", "stats", "--store", name)
        with contextlib.closing(sqlite3.connect(self.path(name))) as database:
            self.assertEqual(database.execute("SELECT max(version) FROM schema_version").fetchone(), (NEWEST,), "add the former version to the corpus")


@unittest.skipIf(postgres.PROGRAMS is None, "PostgreSQL is not installed")
class PostgresStores(StoreTest):
    def setUp(self):
        super().setUp()
        self.server = postgres.Postgres()
        self.addCleanup(self.server.stop)

    def load(self, version):
        name = f"version{version}"
        self.server.sql(f"CREATE DATABASE {name}")
        file = os.path.join(self.server.directory, "dump.sql")
        with open(file, "w", encoding="utf-8") as copy:
            copy.write((HERE / f"schema-{version}.postgres.sql").read_text(encoding="utf-8"))
        os.chmod(file, 0o644)
        self.server.run("psql", "-h", self.server.directory, "-U", "winnow", "-d", name, "-q", "-v", "ON_ERROR_STOP=1", "-f", file)
        return self.server.url.removesuffix("postgres") + name

    def test_each_is_migrated_and_used(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                self.check_use(self.load(version), version)

    def test_those_of_a_later_program_are_used_or_refused(self):
        url = self.load(7)
        self.winnow("feedback", "stats", "--store", url)
        statement = "INSERT INTO schema_version (version, applied_at, oldest_reader, written_by) VALUES ({}, now(), {}, '7.8.9')"
        psql = ("psql", "-h", self.server.directory, "-U", "winnow", "-d", "version7", "-q", "-c")
        self.server.run(*psql, "ALTER TABLE spam_feedback ADD COLUMN later TEXT NOT NULL DEFAULT 'x'; " + statement.format(NEWEST + 1, NEWEST))
        self.check_use(url, 7)
        self.server.run(*psql, statement.format(NEWEST + 2, NEWEST + 2))
        self.fails("feedback", "stats", "--store", url, says=["written by Winnow 7.8.9", "use Winnow 7.8.9 or a newer version", "pg_restore"])


if __name__ == "__main__":
    winnow.main()
