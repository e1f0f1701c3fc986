"""API keys: the file that holds them, and the commands that change it."""
import hashlib
import json
import os
import re
import stat
import subprocess

import winnow
from winnow import TestCase

KEY = re.compile(r"wk_[A-Za-z0-9_-]{43}")


class Keys(TestCase):
    def read(self, name="keys"):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def mode(self, name="keys"):
        return stat.S_IMODE(os.stat(self.path(name)).st_mode)

    def add(self, name, *arguments):
        out, _ = self.winnow("keys", "add", "keys", "--name", name, *arguments)
        self.assertRegex(out, rf"\A{KEY.pattern}\n\Z", "the key, and nothing else")
        return out.strip()

    def test_a_key_is_shown_once_and_only_its_hash_is_kept(self):
        key = self.add("website")
        text = self.read()
        self.assertEqual(self.mode(), 0o600)
        self.assertNotIn(key[3:], text)
        _, role, hashed = next(line for line in text.splitlines() if not line.startswith("#")).split()
        kind, salt, digest = hashed.split(":")
        self.assertEqual((role, kind), ("classify", "sha256"))
        self.assertEqual(digest, hashlib.sha256((salt + key).encode()).hexdigest())
        self.assertNotEqual(self.add("other"), key)
        self.assertEqual(self.mode(), 0o600)
        self.assertEqual(os.listdir(self.directory), ["keys"], "nothing else is left")

    def test_keys_are_listed_with_what_they_allow_and_without_hashes(self):
        self.add("website", "--requests-per-minute", 600, "--burst", 50)
        self.add("anna", "--role", "admin", "--expires", "2100-12-31")
        out, _ = self.winnow("keys", "list", "keys")
        self.assertEqual(out, "website  classify  600 requests per minute, 50 at once\nanna     admin     until 2100-12-31\n")
        listed = json.loads(self.winnow("keys", "list", "keys", "--json")[0])
        self.assertEqual(listed, [
            {"name": "website", "role": "classify", "requests_per_minute": 600, "burst": 50, "expired": False},
            {"name": "anna", "role": "admin", "expires": "2100-12-31", "expired": False}])

    def test_an_expired_key_is_marked(self):
        self.add("old")
        self.write("keys", self.read().rstrip("\n") + " expires=2020-01-31  # by hand\n")
        self.assertIn("expired after 2020-01-31", self.winnow("keys", "list", "keys")[0])
        self.assertTrue(json.loads(self.winnow("keys", "list", "keys", "--json")[0])[0]["expired"])

    def test_json_holds_the_key(self):
        out, _ = self.winnow("keys", "add", "keys", "--name", "a", "--role", "feedback", "--json")
        made = json.loads(out)
        self.assertRegex(made.pop("key"), KEY)
        self.assertEqual(made, {"name": "a", "role": "feedback", "file": "keys"})
        out, _ = self.winnow("keys", "revoke", "keys", "a", "--json")
        self.assertEqual(json.loads(out), {"revoked": "a", "file": "keys"})

    def test_a_revoked_key_is_gone_and_the_rest_stays(self):
        self.add("first")
        self.write("keys", self.read() + "# a comment of ours\n")
        before = self.read()
        self.add("second")
        out, _ = self.winnow("keys", "revoke", "keys", "second")
        self.assertEqual(out, "")
        self.assertEqual(self.read(), before)
        self.fails("keys", "revoke", "keys", "fist", says=["no key 'fist'", "did you mean 'first'"])
        self.winnow("keys", "revoke", "keys", "first")
        self.assertEqual(self.winnow("keys", "list", "keys")[0], "")

    def test_what_makes_no_sense_is_refused_and_changes_nothing(self):
        self.add("web")
        before = self.read()
        self.fails("keys", "add", "keys", "--name", "web", says=["line 3", "already", "winnow keys revoke keys web"])
        self.fails("keys", "add", "keys", "--name", "a b", code=2, says=["is not a valid name"])
        self.fails("keys", "add", "keys", code=2, says=["--name"])
        self.fails("keys", "add", "keys", "--name", "a", "--role", "root", code=2, says=["classify"])
        self.fails("keys", "add", "keys", "--name", "a", "--expires", "2030-02-30", code=2, says=["YYYY-MM-DD"])
        self.fails("keys", "add", "keys", "--name", "a", "--expires", "2020-01-01", code=2, says=["is in the past"])
        self.fails("keys", "add", "keys", "--name", "a", "--burst", 5, code=2, says=["--burst requires --requests-per-minute"])
        self.fails("keys", "add", "keys", "--name", "a", "--requests-per-minute", 0, code=2)
        self.fails("keys", "list", "none", says=["none"])
        self.fails("keys", "revoke", "none", "a", says=["none", "winnow keys add"])
        self.fails("keys", "add", "missing/keys", "--name", "a", says=["missing"])
        self.assertEqual(self.read(), before)

    def test_a_malformed_file_is_refused_and_left_alone(self):
        self.write("keys", "web classify sha1:00:00\n")
        os.chmod(self.path("keys"), 0o600)
        for arguments in (["list", "keys"], ["add", "keys", "--name", "a"], ["revoke", "keys", "web"]):
            self.fails("keys", *arguments, says=["keys, line 1", "NAME ROLE sha256:SALT:DIGEST"])
        self.assertEqual(self.read(), "web classify sha1:00:00\n")

    def test_a_file_that_others_can_write_is_refused_and_one_that_they_can_read_warned_of(self):
        self.add("web")
        os.chmod(self.path("keys"), 0o644)
        self.assertIn("warning", self.winnow("keys", "list", "keys")[1])
        os.chmod(self.path("keys"), 0o664)
        for arguments in (["list", "keys"], ["add", "keys", "--name", "a"], ["revoke", "keys", "web"]):
            self.fails("keys", *arguments, says=["must not be writable by users other", "chmod go-w"])

    def test_keys_that_are_added_at_once_are_all_there(self):
        running = [subprocess.Popen([winnow.TestCase.program, "keys", "add", "keys", "--name", f"k{i}", "--quiet"], cwd=self.directory,
                                    stdout=subprocess.PIPE) for i in range(8)]
        secrets = {process.communicate()[0] for process in running}
        self.assertEqual(len(secrets), 8)
        self.assertTrue(all(process.returncode == 0 for process in running))
        listed = json.loads(self.winnow("keys", "list", "keys", "--json")[0])
        self.assertEqual(sorted(key["name"] for key in listed), [f"k{i}" for i in range(8)])


if __name__ == "__main__":
    winnow.main()
