"""Backups while a server writes, their restoration, and what is refused."""
import json
import os
import shutil
import sqlite3
import threading

import winnow
from winnow import TestCase


class Backup(TestCase):
    def setUp(self):
        super().setUp()
        self.winnow("train", winnow.MESSAGES, "--kind", "lr", "-o", "model", "-q")
        self.winnow("registry", "push", "model", "--registry", "registry", "--name", "spam")
        for number in range(20):
            self.winnow("feedback", "add", "--store", "sqlite:store.db", "--text", f"message {number}", "--label", "spam")
        self.write("rules.toml", "# rules\n")

    def back_up(self, *arguments, **options):
        return self.winnow("backup", *arguments, **options)

    def rows(self, file="store.db"):
        with sqlite3.connect(self.path(file)) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
            return database.execute("SELECT count(*) FROM spam_feedback").fetchone()[0]

    def test_all_parts_come_back(self):
        out, _ = self.back_up("monday", "--store", "sqlite:store.db", "--registry", "registry", "--file", "rules.toml", "--json")
        self.assertEqual([part["kind"] for part in json.loads(out)["parts"]], ["store", "registry", "files"])
        self.assertEqual(os.stat(self.path("monday")).st_mode & 0o077, 0)
        shutil.rmtree(self.path("registry"))
        for name in ("store.db", "store.db-wal", "store.db-shm"):
            if os.path.exists(self.path(name)):
                os.remove(self.path(name))
        self.winnow("restore", "monday", "--store", "sqlite:store.db", "--registry", "registry", "--files", "restored")
        self.assertEqual(self.rows(), 20)
        self.assertIn("spam", self.winnow("registry", "list", "--registry", "registry")[0])
        self.winnow("registry", "pull", "spam:1.0.0", "--registry", "registry", "-o", "again")
        self.assertEqual(self.winnow("classify", "again", "You won a prize")[0], self.winnow("classify", "model", "You won a prize")[0])
        with open(self.path("restored", "rules.toml"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "# rules\n")

    def test_a_store_is_copied_as_of_one_moment_while_it_is_written(self):
        stop = threading.Event()

        def write():
            with sqlite3.connect(self.path("store.db"), timeout=30, isolation_level=None) as database:
                database.execute("CREATE TABLE pairs(a INTEGER, b INTEGER)")
                number = 0
                while not stop.is_set():
                    database.execute("BEGIN IMMEDIATE")
                    database.execute("INSERT INTO pairs VALUES(?, 0)", (number,))
                    database.execute("UPDATE pairs SET b = a WHERE a = ?", (number,))
                    database.execute("COMMIT")
                    number += 1
        writer = threading.Thread(target=write)
        writer.start()
        try:
            for number in range(3):
                self.back_up(f"backup-{number}", "--store", "store.db")
        finally:
            stop.set()
            writer.join()
        for number in range(3):
            copy = os.path.join(f"backup-{number}", "store", "store.db")
            self.assertEqual(sorted(os.listdir(os.path.dirname(self.path(copy)))), ["store.db"])
            self.assertEqual(self.rows(copy), 20)
            with sqlite3.connect(self.path(copy)) as database:
                self.assertEqual(database.execute("SELECT count(*) FROM pairs WHERE b <> a").fetchone(), (0,))

    def test_a_model_that_is_replaced_meanwhile_is_copied_as_a_whole(self):
        os.makedirs(self.path("workspace", "models"))
        shutil.copytree(self.path("model"), self.path("workspace", "models", "spam"))
        self.write(os.path.join("workspace", "models", ".spam.tmp"), "half")
        stop = threading.Event()

        def replace():
            number = 0
            while not stop.is_set():
                shutil.copytree(self.path("model"), self.path("workspace", "models", f".next-{number}"))
                os.rename(self.path("workspace", "models", "spam"), self.path("workspace", "models", f".old-{number}"))
                os.rename(self.path("workspace", "models", f".next-{number}"), self.path("workspace", "models", "spam"))
                shutil.rmtree(self.path("workspace", "models", f".old-{number}"))
                number += 1
                stop.wait(0.2)
        replacer = threading.Thread(target=replace)
        replacer.start()
        try:
            for number in range(5):
                self.back_up(f"backup-{number}", "--workspace", "workspace")
        finally:
            stop.set()
            replacer.join()
        for number in range(5):
            models = self.path(f"backup-{number}", "workspace", "models")
            self.assertTrue(set(os.listdir(models)) <= {"spam"}, os.listdir(models))
            if os.listdir(models):
                self.winnow("verify", os.path.join(models, "spam"))

    def test_damaged_backups_are_not_restored(self):
        self.back_up("monday", "--store", "store.db", "--registry", "registry")
        with open(self.path("monday", "store", "store.db"), "r+b") as file:
            file.seek(5000)
            file.write(b"damage")
        self.fails("restore", "monday", "--store", "other.db", says=["store.db", "not what was saved"])
        self.assertFalse(os.path.exists(self.path("other.db")))
        os.remove(self.path("monday", "store", "store.db"))
        self.fails("restore", "monday", "--registry", "other", says=["missing"])
        self.assertFalse(os.path.exists(self.path("other")))
        with open(self.path("monday", "backup.json"), encoding="utf-8") as file:
            manifest = json.load(file)
        for change in ({"format": 2}, {"parts": 1}, {"parts": [{"kind": "../x", "files": []}]}, {"parts": [1]},
                       {"parts": [{"kind": "store", "files": [{"name": "../../etc/passwd", "sha256": ""}]}]},
                       {"parts": [{"kind": "store", "files": [{"name": 7}]}]}):
            self.write(os.path.join("monday", "backup.json"), json.dumps({**manifest, **change}))
            self.fails("restore", "monday", "--store", "other.db", says=["cannot be restored"])
        self.write(os.path.join("monday", "backup.json"), "{")
        self.fails("restore", "monday", "--store", "other.db", says=["backup.json"])

    def test_nothing_is_replaced_unasked(self):
        self.back_up("monday", "--store", "store.db")
        self.fails("backup", "monday", "--store", "store.db", says=["monday exists"])
        self.fails("restore", "monday", "--store", "store.db", says=["store.db exists", "--overwrite"])
        self.winnow("feedback", "add", "--store", "store.db", "--text", "later", "--label", "ham")
        self.winnow("restore", "monday", "--store", "store.db", "--overwrite")
        self.assertEqual(self.rows(), 20)
        self.assertEqual(self.rows("store.db.before-restore"), 21)

    def test_what_cannot_be_backed_up_is_refused_with_advice(self):
        self.fails("backup", "x", code=2, says=["nothing to back up"])
        self.fails("backup", "x", "--store", "postgresql://localhost/winnow", says=["pg_dump"])
        self.fails("backup", "x", "--store", "missing.db", says=["missing.db", "No such file"])
        self.fails("backup", "x", "--workspace", "missing", says=["missing"])
        self.assertFalse(os.path.exists(self.path("x")))
        self.assertEqual([name for name in os.listdir(self.directory) if ".tmp-" in name], [])
        self.back_up("monday", "--store", "store.db")
        self.fails("restore", "monday", "--workspace", "w", says=["does not contain a workspace"])


if __name__ == "__main__":
    winnow.main()
