"""Messages of files and directories become training data, and a model is trained on them."""
import gzip
import json
import os

import winnow
from winnow import TestCase

SPAM = ("From: =?utf-8?q?Gl=C3=BCck?= <win@spam.example>\r\nTo: ann@example.net\r\nSubject: =?utf-8?b?WW91IHdvbg==?= {n}\r\n"
        "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "<p>Claim=20your <a href=3D\"http://spam.example/{n}\">prize {n}</a><span style=3D\"display:none\">garden</span></p>\r\n")
HAM = "From: Joe <joe@example.com>\nTo: ann@example.net\nSubject: Dinner {n}\n\nShall we meet at {n}?\n\nJoe\n"
FROM = "From joe@example.com Sat Nov 28 21:00:00 2026\n"


class Import(TestCase):
    def folder(self, *parts):
        os.makedirs(self.path(*parts), exist_ok=True)

    def rows(self, name="out.jsonl"):
        with open(self.path(name), encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def test_one_message(self):
        self.write("a.eml", SPAM.format(n=1).encode())
        out, _ = self.winnow("data", "import", "a.eml", "--label", "spam", "--output", "out.jsonl")
        self.assertEqual(out, "out.jsonl: 1 row of 1 message, 1 spam\n")
        self.assertEqual(self.rows(), [{"subject": "You won 1", "body": "Claim your prize 1", "from": "Glück <win@spam.example>",
                                        "sender": "win@spam.example", "to": "ann@example.net",
                                        "text": "You won 1\nClaim your prize 1", "label": "spam"}])

    def test_mbox(self):
        quoted = HAM.format(n=2) + ">From here on\n>>From there\nFrom me to you\n"
        self.write("mail.mbox", FROM + HAM.format(n=1) + "\n" + FROM + quoted + "\n" + FROM + HAM.format(n=3))
        out, _ = self.winnow("data", "import", "mail.mbox", "--output", "out.jsonl", "--json")
        self.assertEqual(json.loads(out)["messages"], 3)
        rows = self.rows()
        self.assertEqual([row["subject"] for row in rows], ["Dinner 1", "Dinner 2", "Dinner 3"])
        self.assertEqual(rows[1]["body"], "Shall we meet at 2?\n\nJoe\nFrom here on\n>From there\nFrom me to you")
        self.assertNotIn("label", rows[0])

    def test_an_mbox_may_begin_with_empty_lines(self):
        mails = FROM + HAM.format(n=1) + "\n" + FROM + HAM.format(n=2)
        for before in ("\n\n", "\r\n", "\ufeff", "\ufeff\n"):
            self.write("mail.mbox", (before + mails).encode())
            self.winnow("data", "import", "mail.mbox", "--output", "out.jsonl")
            self.assertEqual([row["subject"] for row in self.rows()], ["Dinner 1", "Dinner 2"])

    def test_messages_of_apple_mail(self):
        message = HAM.format(n=7).encode()
        self.write("7.emlx", b"%d      \n" % len(message) + message + b'<?xml version="1.0"?>\n<plist version="1.0"><dict/></plist>\n')
        self.winnow("data", "import", "7.emlx", "--output", "out.jsonl")
        self.assertEqual([(row["subject"], row["body"]) for row in self.rows()], [("Dinner 7", "Shall we meet at 7?\n\nJoe")])
        self.write("8.emlx", message)
        self.winnow("data", "import", "8.emlx", "--output", "out.jsonl")
        self.assertEqual(self.rows()[0]["subject"], "Dinner 7")

    def test_maildir_with_folders(self):
        for part in ("cur", "new", "tmp", ".Junk/cur"):
            self.folder("Maildir", part)
        self.write("Maildir/cur/1.host:2,S", HAM.format(n=1))
        self.write("Maildir/cur/2.host:2,DS", HAM.format(n=2))
        self.write("Maildir/cur/3.host:2,ST", HAM.format(n=3))
        self.write("Maildir/new/4.host", HAM.format(n=4))
        self.write("Maildir/tmp/5.host", HAM.format(n=5))
        self.write("Maildir/dovecot.index", "x")
        self.write("Maildir/.Junk/cur/6.host:2,", SPAM.format(n=6))
        out, err = self.winnow("data", "import", "Maildir", "--label-by-folder", "--output", "out.jsonl", "--json")
        self.assertEqual(json.loads(out)["labels"], {"Junk": 1, "Maildir": 2})
        self.assertIn("skipped 2 messages that are marked as draft or deleted", err)
        self.assertEqual([row["subject"] for row in self.rows()], ["Dinner 1", "Dinner 4", "You won 6"])

    def test_compressed_mail_is_decompressed_or_named(self):
        for part in ("cur", ".Junk/cur"):
            self.folder("Maildir", part)
        self.write("Maildir/cur/1.host,S=90:2,SZ", gzip.compress(HAM.format(n=1).encode()))
        self.write("Maildir/.Junk/cur/2.host:2,S", b"\x28\xb5\x2f\xfd and so on")
        self.write("Maildir/.Junk/cur/3.host:2,S", gzip.compress(SPAM.format(n=3).encode())[:-9])
        _, err = self.winnow("data", "import", "Maildir", "--label-by-folder", "--output", "out.jsonl")
        self.assertEqual([(row["subject"], row["label"]) for row in self.rows()], [("Dinner 1", "Maildir")])
        self.assertIn("2.host:2,S: compressed with zstd; decompress it first", err)
        self.assertIn("3.host:2,S", err)
        mails = FROM + HAM.format(n=1) + "\n" + FROM + HAM.format(n=2)
        self.folder("mails")
        self.write("mails/ham.mbox.gz", gzip.compress(mails.encode()))
        self.write("mails/u.1", b"2 M1e C5fc0\n\x01\x02N                   12A\n" + HAM.format(n=3).encode())
        out, err = self.winnow("data", "import", "mails", "--label-by-folder", "--output", "out.jsonl")
        self.assertEqual(out, "out.jsonl: 2 rows of 2 messages, 2 ham\n")
        self.assertIn("u.1: a file of Dovecot's dbox format", err)

    def test_deleted_messages_of_an_mbox_are_skipped(self):
        """A message that was moved to another folder stays in the file of the first one until that is compacted."""
        flags = ["X-Mozilla-Status: 0001\n", "X-Mozilla-Status: 0009\n", "X-Status: D\n", ""]
        self.write("Inbox", "\n".join(FROM + flag + HAM.format(n=n) for n, flag in enumerate(flags)))
        out, err = self.winnow("data", "import", "Inbox", "--label", "ham", "--output", "out.jsonl", "--json")
        self.assertEqual([row["subject"] for row in self.rows()], ["Dinner 0", "Dinner 3"])
        self.assertEqual(json.loads(out)["drafts_and_deleted"], 2)
        self.assertIn("skipped 2 messages that are marked as draft or deleted", err)

    def test_what_other_filters_have_written_is_left_out(self):
        self.write("a.eml", "From: win@spam.example\nSubject: *****SPAM***** You won\nX-Spam-Flag: YES\nMIME-Version: 1.0\n"
                            "Content-Type: multipart/mixed; boundary=\"----------=_5F0\"\n\n------------=_5F0\n"
                            "Content-Type: text/plain\n\nSpam detection software has identified this mail as spam.\n\n------------=_5F0\n"
                            "Content-Type: message/rfc822; x-spam-type=original\nContent-Disposition: attachment\n\n"
                            "From: win@spam.example\nSubject: You won\n\nClaim your prize\n\n------------=_5F0--\n")
        self.write("b.eml", "From: win@spam.example\nSubject: [SPAM 7.1] You won\nX-Spam: Yes\n\nClaim your prize\n")
        _, err = self.winnow("data", "import", "a.eml", "b.eml", "--label", "spam", "--output", "out.jsonl")
        for row in self.rows():
            self.assertEqual((row["subject"], row["body"], row["text"]), ("You won", "Claim your prize", "You won\nClaim your prize"))
        self.assertIn("a.eml: a report of SpamAssassin around the message was left out", err)
        self.assertIn("b.eml: the mark of a spam filter in the subject was left out", err)
        self.assertIn("b.eml: marked as spam by a filter (X-Spam)", err)

    def test_labels_by_folder_train_a_model(self):
        for n in range(40):
            for name, text in (("spam", SPAM), ("ham", HAM)):
                self.folder("mails", name)
                self.write(f"mails/{name}/{n}.eml", text.format(n=n))
        self.winnow("data", "import", "mails", "--label-by-folder", "--output", "out.jsonl")
        self.assertEqual({row["label"] for row in self.rows()}, {"spam", "ham"})
        self.winnow("train", "out.jsonl", "--kind", "lr", "--template", "{subject} [SEP] {body:400}", "--label-field", "label",
                    "--output-dir", self.path("model"))
        out, _ = self.winnow("classify", "model", "--input", "out.jsonl", "--json")
        self.assertEqual(json.loads(out.splitlines()[0])["label"], "ham")

    def test_errors(self):
        self.write("a.eml", HAM.format(n=1))
        self.write("empty.eml", "")
        self.fails("data", "import", "none.eml", "--output", "out.jsonl", says=["none.eml: no such file or directory"])
        self.fails("data", "import", "empty.eml", "--output", "out.jsonl", says=["the file is empty", "no message with text"])
        self.fails("data", "import", "a.eml", "--label", "a", "--label-by-folder", "--output", "out.jsonl", code=2,
                   says=["cannot be combined"])
        self.fails("data", "import", self.directory, "--label-by-folder", "--output", "out.jsonl", says=["move the file into one of them, or elsewhere, or specify --label NAME"])
        self.fails("data", "import", "a.eml", "--output", "out.xml", code=2, says=["out.xml"])
        self.write("sms.csv", "text,label\nhello,ham\n")
        self.fails("data", "import", "sms.csv", "--label", "ham", "--output", "out.jsonl", code=2,
                   says=["sms.csv: is a table, not a message", "'winnow train sms.csv' reads it directly"])
        self.assertFalse(os.path.exists(self.path("out.jsonl")))

    def test_notes_name_the_first_file(self):
        self.folder("mails", "spam")
        for n in range(3):
            self.write(f"mails/spam/{n}.eml", SPAM.format(n=n).encode())
        self.write("mails/spam/blank.eml", "Subject:\n\n\n")
        self.write("mails/spam/letter.pdf", "%PDF-1.4\nwords of a letter\n")
        out, err = self.winnow("data", "import", "mails", "--label-by-folder", "--output", "out.jsonl")
        self.assertEqual(out, "out.jsonl: 3 rows of 4 messages, 3 spam\n")
        self.assertIn("mails/spam/0.eml and 2 more messages: text that the HTML hides was left out", err)
        self.assertIn("mails/spam/blank.eml: skipped, since there is no text", err)
        self.assertIn("mails/spam/letter.pdf: a binary file, not a message", err)


if __name__ == "__main__":
    winnow.main()
