"""A real Dovecot with the files of integrations/dovecot: moving a message into Junk, and out of it, reports it."""
import json
import os
import subprocess
import time
import unittest

import winnow
from fake_filter import FakeServer, mail
from mail_servers import Dovecot, MailDirectory, skip_unless, wait_until
from serving import ServingTest
from winnow import MESSAGES

ANNA = "anna@example.org"
PARCEL = "Your parcel waits at the depot, pay the fee of {} EUR before noon"


def put(dovecot, user, folder, message):
    client = dovecot.login(user)
    try:
        status, answer = client.append(folder, "", time.time(), message.as_bytes())
        assert status == "OK", answer
    finally:
        client.logout()


class Reports(unittest.TestCase):
    """What moves report, to a server that only listens."""

    @classmethod
    def setUpClass(cls):
        cls.fake = FakeServer(lambda request: (200, '{"success": true}'))
        cls.addClassCleanup(cls.fake.stop)
        cls.mail = MailDirectory()
        cls.addClassCleanup(cls.mail.remove)
        cls.mail.write("key", "X-API-Key: wk_example\n")
        cls.dovecot = Dovecot(cls.mail, f"url={cls.fake.url}\nheader_file={cls.mail.path('key')}\n")
        cls.addClassCleanup(cls.dovecot.stop)

    def reports(self, subject, source, target, user=ANNA):
        """The reports that moving a message makes: (path, user, body)."""
        before = len(self.fake.requests)
        put(self.dovecot, user, source, mail("Hello Anna", subject))
        self.assertEqual(self.dovecot.move(user, subject, source, target), 1, self.dovecot.log())
        return [(path, headers["Deliver-To"], headers["X-API-Key"], body) for headers, body, path in self.fake.requests[before:]]

    def test_moves_into_junk_report_spam(self):
        (path, user, key, body), = self.reports("First", "INBOX", "Junk")
        self.assertEqual((path, user, key), ("/learnspam", ANNA, "wk_example"), self.dovecot.log())
        self.assertEqual(body.replace(b"\r\n", b"\n"), mail("Hello Anna", "First").as_bytes().replace(b"\r\n", b"\n"))
        (path, user, _, _), = self.reports("Second", "Archive", "Junk", "bob@example.org")
        self.assertEqual((path, user), ("/learnspam", "bob@example.org"))

    def test_moves_out_of_junk_report_ham(self):
        for target in ("INBOX", "Archive"):
            (path, user, _, _), = self.reports(f"To {target}", "Junk", target)
            self.assertEqual((path, user), ("/learnham", ANNA), self.dovecot.log())

    def test_deleting_and_other_moves_report_nothing(self):
        self.assertEqual(self.reports("Deleted spam", "Junk", "Trash"), [])
        self.assertEqual(self.reports("Deleted", "INBOX", "Trash"), [])
        self.assertEqual(self.reports("Archived", "INBOX", "Archive"), [])

    def test_the_script_says_what_is_wrong(self):
        script = self.mail.path("winnow", "winnow-learn")
        usage = subprocess.run([script, "both", ANNA], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(usage.returncode, 64)
        self.assertIn("usage:", usage.stderr)
        directory = self.mail.path("apart")
        os.mkdir(directory)
        apart = os.path.join(directory, "winnow-learn")
        with open(script, encoding="utf-8") as source, open(apart, "w", encoding="utf-8") as target:
            target.write(source.read())
        self.mail.write("apart/winnow-learn.conf", "url=http://127.0.0.1:9\n")
        down = subprocess.run(["sh", apart, "spam", ANNA], input=b"Subject: a\r\n\r\nb\r\n", capture_output=True)
        self.assertNotEqual(down.returncode, 0)
        self.assertIn(b"curl:", down.stderr)


class Learning(ServingTest):
    """What a correction changes."""

    def test_a_corrected_message_decides_about_the_next_of_its_kind(self):
        self.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", self.path("spam"))
        key = self.winnow("keys", "add", "keys", "--name", "dovecot", "--role", "feedback")[0].strip()
        self.serve("spam", "--filter", "--store", "store.db", "--api-key-file", "keys")
        mailboxes = MailDirectory()
        self.addCleanup(mailboxes.remove)
        mailboxes.write("key", f"X-API-Key: {key}\n")
        dovecot = Dovecot(mailboxes, f"url=http://127.0.0.1:{self.port}\nheader_file={mailboxes.path('key')}\n")
        self.addCleanup(dovecot.stop)

        def symbols(text, user=ANNA):
            response, body = self.send("POST", "/checkv2", mail(text).as_bytes(), {"Rcpt": user, "Password": key})
            self.assertEqual(response.status, 200, body)
            return set(json.loads(body)["symbols"])

        put(dovecot, ANNA, "INBOX", mail(PARCEL.format(2), "Parcel"))
        self.assertFalse(symbols(PARCEL.format(3)) & {"MEMORY_SPAM", "MEMORY_HAM"})
        self.assertEqual(dovecot.move(ANNA, "Parcel", "INBOX", "Junk"), 1)
        wait_until(lambda: "MEMORY_SPAM" in symbols(PARCEL.format(3)), f"the correction\n{dovecot.log()}{self.logged()}")
        self.assertNotIn("MEMORY_SPAM", symbols(PARCEL.format(3), "bob@example.org"))
        self.assertEqual(dovecot.move(ANNA, "Parcel", "Junk", "INBOX"), 1)
        wait_until(lambda: "MEMORY_HAM" in symbols(PARCEL.format(4)), f"the second correction\n{dovecot.log()}{self.logged()}")


if __name__ == "__main__":
    skip_unless("dovecot", "curl")
    winnow.main()
