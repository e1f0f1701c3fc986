"""Backups while a server writes, their restoration, and what is refused."""
import json
import os
import shutil
import sqlite3
import subprocess
import threading
import unittest

import winnow
from serving import ServingTest
from winnow import TestCase


class Backup(TestCase):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr")
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
        shutil.copytree(self.path("model"), self.path("models", "mail"))
        out, _ = self.back_up("monday", "--store", "sqlite:store.db", "--registry", "registry", "--models", "models", "--file", "rules.toml", "--json")
        self.assertEqual([part["kind"] for part in json.loads(out)["parts"]], ["store", "registry", "models", "files"])
        self.assertEqual(os.stat(self.path("monday")).st_mode & 0o077, 0)
        shutil.rmtree(self.path("registry"))
        for name in ("store.db", "store.db-wal", "store.db-shm"):
            if os.path.exists(self.path(name)):
                os.remove(self.path(name))
        self.winnow("restore", "monday", "--store", "sqlite:store.db", "--registry", "registry", "--files", "restored")
        shutil.rmtree(self.path("models"))
        self.winnow("restore", "monday", "--models", "models")
        self.winnow("verify", os.path.join("models", "mail"))
        self.assertEqual(self.rows(), 20)
        self.assertIn("spam", self.winnow("registry", "list", "--registry", "registry")[0])
        self.winnow("registry", "pull", "spam:1.0.0", "--registry", "registry", "-o", "again")
        self.assertEqual(self.winnow("classify", "again", "You won a prize")[0], self.winnow("classify", "model", "You won a prize")[0])
        with open(self.path("restored", "rules.toml"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "# rules\n")

    def test_a_store_is_copied_as_of_one_moment_while_it_is_written(self):
        stop = threading.Event()
        with sqlite3.connect(self.path("store.db"), timeout=30) as database:
            database.execute("CREATE TABLE pairs(a INTEGER, b INTEGER)")
            database.execute("CREATE TABLE filler AS SELECT zeroblob(20000000)")  # more than one step of a copy

        def write():
            with sqlite3.connect(self.path("store.db"), timeout=30, isolation_level=None) as database:
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
        self.write(os.path.join("monday", "backup.json"), json.dumps({**manifest, "format": 2, "winnow": "7.8.9"}))
        self.fails("restore", "monday", "--store", "other.db", says=["has format 2, written by Winnow 7.8.9", "use Winnow 7.8.9 or a newer"])
        for change in ({"format": "1"}, {"parts": 1}, {"parts": [{"kind": "../x", "files": []}]}, {"parts": [1]},
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

    def test_a_store_that_is_replaced_is_kept_with_its_log(self):
        self.back_up("monday", "--store", "store.db")
        # What a server that was killed leaves: rows that are in the log only.
        with sqlite3.connect(self.path("store.db")) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("CREATE TABLE late(a INTEGER)")
            database.execute("INSERT INTO late VALUES(7)")
            database.commit()
            names = ["store.db", "store.db-wal", "store.db-shm"]
            for name in names:
                shutil.copy(self.path(name), self.path(f"killed-{name}"))
        database.close()
        for number in range(2):
            for name in names:
                shutil.copy(self.path(f"killed-{name}"), self.path(name))
            self.winnow("restore", "monday", "--store", "store.db", "--overwrite")
            self.assertEqual(sorted(name for name in os.listdir(self.directory) if name.startswith("store.db")),
                             ["store.db", "store.db.before-restore", "store.db.before-restore-shm", "store.db.before-restore-wal"])
            self.assertEqual(self.rows(), 20)
        # A store without a log does not get that of the one that was kept before it.
        self.winnow("restore", "monday", "--store", "store.db", "--overwrite")
        self.assertEqual(sorted(name for name in os.listdir(self.directory) if name.startswith("store.db.")), ["store.db.before-restore"])
        shutil.rmtree(self.path("monday"))
        self.back_up("monday", "--store", "store.db")
        for name in names:
            shutil.copy(self.path(f"killed-{name}"), self.path(name))
        # A restore that was killed after it had moved the database.
        os.rename(self.path("store.db"), self.path("store.db.before-restore"))
        self.winnow("restore", "monday", "--store", "store.db", "--overwrite")
        with sqlite3.connect(self.path("store.db.before-restore")) as database:
            self.assertEqual(database.execute("SELECT a FROM late").fetchall(), [(7,)])
        database.close()
        self.assertEqual(self.rows(), 20)

    def test_only_listed_files_are_restored(self):
        self.back_up("monday", "--registry", "registry", "--file", "rules.toml")
        for part in ("registry", "files"):
            self.write(os.path.join("monday", part, "forgotten.csv"), "text\nsecret\n")
        self.winnow("restore", "monday", "--registry", "new", "--files", "new-files")
        self.assertEqual(os.listdir(self.path("new-files")), ["rules.toml"])
        self.assertFalse(os.path.exists(self.path("new", "forgotten.csv")))
        self.winnow("registry", "pull", "spam:1.0.0", "--registry", "new", "-o", "again")

    def test_a_backup_that_was_killed_leaves_nothing_to_the_next_one(self):
        # As in a container, where each of them is process 1: the shell's id is that of the program that it becomes.
        script = f'mkdir -p .monday.tmp-$$/files .monday.tmp-$$/store; echo secret > .monday.tmp-$$/files/forgotten.csv; echo half > .monday.tmp-$$/store/store.db; exec "{self.program}" backup monday --store store.db --file rules.toml'
        subprocess.run(["sh", "-c", script], cwd=self.directory, check=True, capture_output=True)
        self.assertEqual(os.listdir(self.path("monday", "files")), ["rules.toml"])
        self.winnow("restore", "monday", "--store", "new.db", "--files", "new")
        self.assertEqual(self.rows("new.db"), 20)
        self.assertEqual([name for name in os.listdir(self.directory) if ".tmp-" in name], [])

    def test_what_cannot_be_backed_up_is_refused_with_advice(self):
        self.fails("backup", "x", code=2, says=["nothing to back up"])
        self.fails("backup", "x", "--store", "postgresql://localhost/winnow", says=["pg_dump"])
        self.fails("backup", "x", "--store", "missing.db", says=["missing.db", "No such file"])
        self.fails("backup", "x", "--workspace", "missing", says=["missing"])
        self.assertFalse(os.path.exists(self.path("x")))
        self.assertEqual([name for name in os.listdir(self.directory) if ".tmp-" in name], [])
        self.back_up("monday", "--store", "store.db")
        self.fails("restore", "monday", "--workspace", "w", says=["does not contain the part 'workspace'", "its parts are: store"])

    def test_restored_files_are_as_private_as_they_were(self):
        os.chmod(self.path("registry", "registry.db"), 0o660)
        self.back_up("monday", "--store", "store.db", "--registry", "registry", "--file", "rules.toml")
        self.winnow("restore", "monday", "--store", "new.db", "--registry", "new", "--files", "files")
        for former, restored in (("store.db", "new.db"), ("registry/registry.db", "new/registry.db"), ("rules.toml", "files/rules.toml")):
            self.assertEqual(oct(os.stat(self.path(restored)).st_mode), oct(os.stat(self.path(former)).st_mode), former)
        self.assertEqual(os.stat(self.path("new.db")).st_mode & 0o777, 0o600)

    @unittest.skipUnless(os.geteuid() == 0, "only root gives files to others")
    def test_what_root_restores_belongs_to_whom_the_place_belongs(self):
        self.back_up("monday", "--store", "store.db", "--registry", "registry")
        os.mkdir(self.path("state"))
        os.chown(self.path("state"), 61234, 61235)
        shutil.copy(self.path("store.db"), self.path("of-another.db"))
        os.chown(self.path("of-another.db"), 61236, 61237)
        self.winnow("restore", "monday", "--store", "state/store.db", "--registry", "state/registry")
        self.winnow("restore", "monday", "--store", "of-another.db", "--overwrite")
        for name, owner in (("state/store.db", (61234, 61235)), ("state/registry", (61234, 61235)), ("state/registry/registry.db", (61234, 61235)),
                            ("of-another.db", (61236, 61237))):
            status = os.stat(self.path(name))
            self.assertEqual((status.st_uid, status.st_gid), owner, name)

    def test_links_are_not_followed_and_named(self):
        os.makedirs(self.path("workspace", "data"))
        os.symlink("/etc/passwd", self.path("workspace", "data", "elsewhere.csv"))
        _, err = self.back_up("monday", "--workspace", "workspace")
        self.assertIn("elsewhere.csv is a symbolic link, and is not copied", err)
        self.assertFalse(os.path.lexists(self.path("monday", "workspace", "data", "elsewhere.csv")))

    def test_a_store_alone_is_restored(self):
        self.winnow("restore", "store.db", "--store", "copy.db")
        self.assertEqual(self.rows("copy.db"), 20)
        self.fails("restore", "store.db", "--store", "copy.db", says=["copy.db exists"])
        self.fails("restore", "store.db", "--workspace", "w", code=2, says=["a store alone", "--store"])


class WholeServer(ServingTest):
    """A server with everything in use is backed up while it runs; one on the restored places shows the same."""

    def ask(self, method, path, body=None, status=200):
        response, data = self.send(method, path, body)
        self.assertEqual(response.status, status, data)
        return json.loads(data) if data else None

    def begin(self, store, registry, workspace, rules):
        self.serve("spam", "--registry", registry, "--registry-cache", "cache", "--filter", "--store", store, "--rules", rules, "--workspace", workspace)

    def use(self):
        """Something of everything that a server keeps."""
        with open(winnow.MESSAGES, "rb") as file:
            self.ask("PUT", "/v1/data/mail.tsv?final=true", file.read())
        for name in ("thrown-away.csv", "kept.csv"):
            self.ask("PUT", f"/v1/data/{name}?final=true", "text,label\na,ham\nb,spam\n")
        row = self.ask("GET", "/v1/data/kept.csv/rows")["rows"][0]["row"]
        self.ask("POST", "/v1/data/kept.csv/changes", {"remove": [row], "relabel": []})
        self.ask("DELETE", "/v1/data/thrown-away.csv", status=204)
        job = self.ask("POST", "/v1/jobs", {"kind": "train", "data": "mail.tsv", "model": "mine", "options": {"kind": "lr"}})["id"]
        self.wait_for(lambda: self.ask("GET", f"/v1/jobs/{job}")["state"] == "succeeded")
        self.ask("POST", "/v1/review", {"set": "mail", "data": "mail.tsv", "labels": ["ham", "spam"], "features": "tfidf"}, 201)
        self.wait_for(lambda: self.ask("GET", "/v1/review/mail")["state"] == "ready")
        item = self.ask("GET", "/v1/review/next?set=mail&count=1&reviewer=anna")["items"][0]
        self.ask("POST", "/v1/review/label", {"set": "mail", "reviewer": "anna", "labels": [{"item": item["item"], "label": "ham"}], "count": 1})
        self.ask("PUT", "/v1/rules/ZEBRA", {"rule": '[[rule]]\nname = "ZEBRA"\nscore = 20\npattern = "zebra"\n'})
        self.ask("PUT", "/v1/must-pass", {"text": "Your code is 482913.", "isSpam": False})
        self.ask("PUT", "/v1/senders/joe@example.com", {"list": "deny"})
        self.ask("PUT", "/v1/users/ada/preferences", {"mode": "strict"})
        for number in range(5):
            self.ask("POST", "/v1/messages/check", {"text": f"a zebra {number}"})
        self.ask("POST", "/v1/feedback", {"text": "a zebra 1", "is_spam": True, "feedback_type": "admin"})
        self.wait_for(lambda: len(self.ask("GET", "/v1/history")["messages"]) == 5)

    def seen(self):
        """What the server shows of it."""
        paths = ("/v1/data", "/v1/data/kept.csv/rows", "/v1/jobs", "/v1/workspace/models", "/v1/rules", "/v1/must-pass", "/v1/senders?list=block", "/v1/preferences",
                 "/v1/history", "/v1/audit", "/v1/registry/spam")
        seen = {path: self.ask("GET", path) for path in paths}
        seen["/v1/review/mail"] = {key: value for key, value in self.ask("GET", "/v1/review/mail").items() if key in ("set", "total", "labels", "labelled", "stats")}
        for file in [*seen["/v1/data"]["files"], seen["/v1/data/kept.csv/rows"]]:
            del file["version"]  # of the copy, which is another file
        return json.loads(json.dumps(seen).replace(self.path("new-"), self.path("")))

    def test_it_comes_back(self):
        self.winnow("train", winnow.MESSAGES, "--kind", "lr", "-o", "model", "-q")
        self.winnow("registry", "push", "model", "--registry", "registry", "--name", "spam")
        self.winnow("registry", "promote", "spam", "1.0.0", "--registry", "registry", "--alias", "champion", "--reason", "first")
        self.write("rules.toml", '[[rule]]\nname = "LION"\nscore = 1\npattern = "lion"\n')
        self.begin("store.db", "registry", "workspace", "rules.toml")
        self.use()
        before = self.seen()
        self.winnow("backup", "monday", "--store", "store.db", "--registry", "registry", "--workspace", "workspace", "--file", "rules.toml")
        self.process.terminate()
        self.process.wait(240)
        self.winnow("restore", "monday", "--store", "new-store.db", "--registry", "new-registry", "--workspace", "new-workspace", "--files", "new-files")
        shutil.rmtree(self.path("cache"))
        self.begin("new-store.db", "new-registry", "new-workspace", os.path.join("new-files", "rules.toml"))
        after = self.seen()
        for path, answer in before.items():
            self.assertEqual(after[path], answer, path)
        self.ask("POST", "/v1/data/kept.csv/undo")
        self.assertEqual(self.ask("GET", "/v1/data/kept.csv/rows")["total"], 2)
        self.ask("POST", "/v1/data/thrown-away.csv/restore")
        self.winnow("verify", os.path.join("new-workspace", "models", "mine"))


if __name__ == "__main__":
    winnow.main()
