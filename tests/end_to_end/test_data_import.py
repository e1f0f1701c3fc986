"""Rows of databases as training data and as feedback."""
import contextlib
import json
import sqlite3
import subprocess
import time
import unittest

import postgres
import winnow
from winnow import TestCase

ROWS = [("You won a prize, claim it 'now'; DROP TABLE x", True), ("Shall we meet at six?\nAnna", False), ("", True), (None, False),
        ("a\ttab, a \"quote\"", None), ("Get 50 % off", True), ("Get 50 % off", True)]


class DataImport(TestCase):
    def database(self, statements, name="app.db"):
        with contextlib.closing(sqlite3.connect(self.path(name))) as database:
            for statement, *rows in statements:
                if rows:
                    database.executemany(statement, rows[0])
                else:
                    database.execute(statement)
            database.commit()
        return self.path(name)

    def seed(self):
        return self.database([("CREATE TABLE \"spamFeedback\" (id INTEGER PRIMARY KEY, text TEXT, is_spam BOOLEAN)",),
                              ("INSERT INTO \"spamFeedback\" (text, is_spam) VALUES (?, ?)", ROWS)])

    def lines(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_a_table_becomes_training_data(self):
        out, _ = self.winnow("data", "import", self.seed(), "--query", 'SELECT text, is_spam FROM "spamFeedback" ORDER BY id',
                             "--output", self.path("out.jsonl"))
        self.assertIn("4 of 7 rows; 2 without a text, 1 without a label", out)
        self.assertEqual(self.lines("out.jsonl"), [{"text": ROWS[0][0], "label": "spam"}, {"text": ROWS[1][0], "label": "ham"},
                                                   {"text": "Get 50 % off", "label": "spam"}, {"text": "Get 50 % off", "label": "spam"}])
        out, _ = self.winnow("data", "inspect", self.path("out.jsonl"), "--json")
        self.assertEqual(json.loads(out)["rows"], 4)

    def test_columns_and_labels_by_option(self):
        database = self.database([("CREATE TABLE mails (body TEXT, text TEXT, verdict TEXT, lang TEXT)",),
                                  ("INSERT INTO mails VALUES (?, ?, ?, ?)", [("one", "x", "T", "en"), ("two", "y", "f", None)])])
        self.winnow("data", "import", "sqlite://" + database, "--query", "SELECT * FROM mails", "--text-field", "BODY", "--label-field",
                    "verdict", "--true-label", "junk", "--false-label", "fine", "--output", self.path("out.csv"))
        with open(self.path("out.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "text,label,lang\none,junk,en\ntwo,fine,\n")

    def test_numbers_are_true_or_false_only_if_all_are(self):
        database = self.database([("CREATE TABLE t (text TEXT, label INTEGER)",),
                                  ("INSERT INTO t VALUES (?, ?)", [("a", 0), ("b", 1), ("c", 2)])])
        self.winnow("data", "import", database, "--query", "SELECT * FROM t", "--output", self.path("all.jsonl"))
        self.assertEqual([row["label"] for row in self.lines("all.jsonl")], ["0", "1", "2"])
        self.winnow("data", "import", database, "--query", "SELECT * FROM t WHERE label < 2", "--output", self.path("two.jsonl"))
        self.assertEqual([row["label"] for row in self.lines("two.jsonl")], ["ham", "spam"])

    def test_an_import_into_the_store_can_be_repeated(self):
        source = self.seed()
        command = ("data", "import", source, "--query", 'SELECT text, is_spam FROM "spamFeedback"', "--store", "sqlite:" + self.path("store.db"),
                   "--json")
        self.assertEqual(json.loads(self.winnow(*command)[0])["store"], {"added": 4, "known": 0})
        self.assertEqual(json.loads(self.winnow(*command)[0])["store"], {"added": 0, "known": 4})
        with contextlib.closing(sqlite3.connect(self.path("store.db"))) as database:
            rows = database.execute("SELECT text, is_spam, label, feedback_type, source FROM spam_feedback ORDER BY id").fetchall()
        self.assertEqual(rows[1], (ROWS[1][0], 0, "ham", "admin", "import"))
        self.assertEqual(len(rows), 4)

    def test_an_import_that_is_killed_can_be_repeated(self):
        source = self.database([("CREATE TABLE t (text TEXT, is_spam INTEGER)",),
                                ("INSERT INTO t VALUES (?, ?)", [(f"text {i % 2900}", i % 2) for i in range(3000)])])
        command = ["data", "import", source, "--query", "SELECT * FROM t", "--store", self.path("store.db"), "--json"]
        for delay in range(8):
            process = subprocess.Popen([self.program, *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(.02 + .02 * delay)
            process.kill()
            process.wait()
        stored = json.loads(self.winnow(*command)[0])["store"]
        self.assertEqual(stored["added"] + stored["known"], 3000)
        with contextlib.closing(sqlite3.connect(self.path("store.db"))) as database:
            self.assertEqual(database.execute("SELECT COUNT(*), COUNT(DISTINCT text) FROM spam_feedback").fetchone(), (3000, 2900))

    def test_columns_of_the_store_are_imported_too(self):
        database = self.database([("CREATE TABLE f (text TEXT, is_spam INTEGER, feedback_type TEXT, user_id TEXT, created_at TEXT)",),
                                  ("INSERT INTO f VALUES (?, ?, ?, ?, ?)", [("a", 1, "user_rejection", "anna", "2026-01-02T03:04:05Z")])])
        self.winnow("data", "import", database, "--query", "SELECT * FROM f", "--store", self.path("store.db"))
        with contextlib.closing(sqlite3.connect(self.path("store.db"))) as store:
            row = store.execute("SELECT feedback_type, user_id, created_at FROM spam_feedback").fetchone()
        self.assertEqual(row, ("user_rejection", "anna", "2026-01-02T03:04:05.000Z"))

    def test_errors_say_what_to_do(self):
        source, output = self.seed(), ("--output", self.path("out.jsonl"))
        query = ("--query", 'SELECT text, is_spam FROM "spamFeedback"')
        self.fails("data", "import", source, *query, code=2, says=["--output", "--store"])
        self.fails("data", "import", source, *output, code=2, says=["--query"])
        self.fails("data", "import", source, "--query", 'DELETE FROM "spamFeedback"', *output, code=2, says=["not authorized"])
        self.fails("data", "import", source, "--query", 'SELECT nope FROM "spamFeedback"', *output, code=2, says=["no such column: nope"])
        self.fails("data", "import", source, "--query", 'SELECT id AS a, is_spam FROM "spamFeedback"', *output,
                   says=["no column of the query has a usual name of a text", "columns are: a, is_spam", "--text-field"])
        self.fails("data", "import", source, *query, *output, "--text-field", "text", "--label-field", "TEXT", code=2, says=["the column 'text' is specified both"])
        self.fails("data", "import", source, "--query", 'SELECT * FROM "spamFeedback" WHERE id > 99', *output, says=["0 rows"])
        self.fails("data", "import", self.path("none.db"), *query, *output, says=["no such file"])
        self.fails("data", "import", self.write("notes.txt", "x" * 2000), *query, *output, says=["not a SQLite database"])
        self.fails("data", "import", "mysql://a:secret@h/d", *query, *output, says=["'mysql' are not supported", "postgres://"])
        error = self.fails("data", "import", "postgres://a:secret@127.0.0.1:1/d", *query, *output, says=["127.0.0.1"])
        self.assertNotIn("secret", error)

    @unittest.skipIf(postgres.PROGRAMS is None, "PostgreSQL is not installed")
    def test_a_postgres_table_becomes_training_data_and_feedback(self):
        server = postgres.Postgres()
        self.addCleanup(server.stop)
        server.sql('CREATE TABLE "spamFeedback" (id SERIAL, text TEXT, is_spam BOOLEAN)')
        server.sql("INSERT INTO \"spamFeedback\" (text, is_spam) VALUES ('win', true), ('hello', false), (NULL, true)")
        query = ("--query", 'SELECT text, is_spam FROM "spamFeedback" ORDER BY id')
        self.winnow("data", "import", server.url, *query, "--output", self.path("out.jsonl"))
        self.assertEqual(self.lines("out.jsonl"), [{"text": "win", "label": "spam"}, {"text": "hello", "label": "ham"}])
        self.winnow("data", "import", server.url, *query, "--store", server.url)
        self.assertEqual(server.sql("SELECT text, is_spam, feedback_type FROM spam_feedback ORDER BY id"), "win|t|admin\nhello|f|admin\n")
        self.fails("data", "import", server.url, "--query", 'SELECT 1 AS text; DROP TABLE "spamFeedback"', "--output", self.path("x.jsonl"),
                   code=2, says=["multiple commands"])
        self.fails("data", "import", server.url, "--query", "SELECT text FROM spamFeedback", "--output", self.path("x.jsonl"),
                   code=2, says=['relation "spamfeedback" does not exist', "double quotes"])


if __name__ == "__main__":
    winnow.main()
