"""The milter before a real Postfix: headers, quarantine and rejection of spam, and what happens without the server."""
import concurrent.futures
import json
import os
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time

import winnow
from fake_filter import FakeServer, mail
from mail_servers import MailDirectory, Postfix, listens, skip_unless, wait_until
from ports import free_port
from raw_http import PATIENCE
from serving import ServingTest
from winnow import MESSAGES

SPAM = "Congratulations! You've won a $1000 gift card. Click here to claim"
HAM = "Shall we meet at noon in the canteen?"


class MilterTest(ServingTest):
    @classmethod
    def setUpClass(cls):
        cls.model_directory = tempfile.mkdtemp(prefix="winnow-milter-")
        cls.addClassCleanup(shutil.rmtree, cls.model_directory, True)
        cls.model = os.path.join(cls.model_directory, "spam")
        subprocess.run([winnow.TestCase.program, "train", MESSAGES, "--kind", "lr", "--output-dir", cls.model], check=True, capture_output=True)
        cls.milter_port = free_port()
        cls.mail = MailDirectory()
        cls.addClassCleanup(cls.mail.remove)
        cls.settings = {"smtpd_milters": f"inet:127.0.0.1:{cls.milter_port}", "smtpd_authorized_xclient_hosts": "127.0.0.1"}
        cls.postfix = Postfix(cls.mail, **cls.settings)
        cls.addClassCleanup(cls.postfix.stop)

    def setUp(self):
        super().setUp()
        self.socket = f"unix://{self.path('socket')}"

    def filter(self, *arguments):
        return self.serve(self.model, "--filter", "--unix-socket", self.path("socket"), *arguments)

    def milter(self, *arguments, server=None):
        log = open(self.path("milter.log"), "w", encoding="utf-8")
        self.addCleanup(log.close)
        process = subprocess.Popen([winnow.TestCase.program, "milter", "--listen", f"inet:{self.milter_port}@127.0.0.1", "--server",
                                    server or self.socket, *map(str, arguments)], cwd=self.directory, stderr=log)
        self.addCleanup(self.stop, process)
        wait_until(lambda: listens(self.milter_port) or process.poll() is not None, "the milter")
        self.assertIsNone(process.poll(), self.milter_log())
        return process

    def milter_log(self):
        with open(self.path("milter.log"), encoding="utf-8") as file:
            return file.read()

    def deliver(self, message, recipients=("anna@example.org",), sender="joe@example.com", user=None):
        """Sends a message; returns it as the first recipient, or `user`, gets it."""
        user = user or recipients[0]
        before = len(self.mail.delivered(user))
        self.postfix.send(message, sender, recipients)
        return wait_until(lambda: self.mail.delivered(user)[before:], f"mail to {user}\n{self.postfix.log()}")[0]


class Verdicts(MilterTest):
    def test_headers_say_what_the_verdict_is(self):
        self.filter()
        self.milter()
        ham, spam = self.deliver(mail(HAM)), self.deliver(mail(SPAM, "You won"))
        self.assertEqual((ham["X-Spam"], spam["X-Spam"]), ("No", "Yes"))
        self.assertLess(float(ham["X-Spam-Score"]), float(spam["X-Spam-Score"]))
        self.assertIn("PRIZE_WON(", spam["X-Spam-Symbols"])
        self.assertNotIn("PRIZE_WON", ham["X-Spam-Symbols"])
        self.assertEqual(spam.get_all("X-Spam"), ["Yes"])
        self.assertIsNone(spam["X-Spam-Skipped"])
        self.assertEqual(spam["Subject"], "You won")

    def test_swaks_gets_the_reply_that_a_client_gets(self):
        self.filter()
        self.milter("--on-spam", "reject")
        def swaks(body):
            return subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(self.postfix.port), "--from", "joe@example.com", "--to", "anna@example.org",
                                   "--body", body, "--header", "Subject: Hello"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(swaks(HAM).returncode, 0)
        refused = swaks(SPAM)
        self.assertEqual(refused.returncode, 26, refused.stdout)  # swaks: error of the message's data
        self.assertIn("<** 550 5.7.1 This message was classified as spam", refused.stdout)

    def test_spam_is_rejected_by_option(self):
        self.filter()
        self.milter("--on-spam", "reject")
        with self.assertRaises(smtplib.SMTPDataError) as refused:
            self.postfix.send(mail(SPAM))
        self.assertEqual((refused.exception.smtp_code, refused.exception.smtp_error[:6]), (550, b"5.7.1 "))
        self.assertEqual(self.deliver(mail(HAM))["X-Spam"], "No")

    def test_spam_is_quarantined_by_option(self):
        self.filter()
        self.milter("--on-spam", "quarantine")
        self.postfix.send(mail(SPAM, "You won"))
        held = wait_until(self.postfix.queue, "a message in the queue")
        self.assertEqual([(message["queue_name"], message["sender"]) for message in held], [("hold", "joe@example.com")])
        self.assertIn("X-Spam: Yes", self.postfix.run("postcat", "-q", held[0]["queue_id"]))
        self.postfix.run("postsuper", "-d", held[0]["queue_id"])
        self.assertEqual(self.deliver(mail(HAM))["X-Spam"], "No")
        wait_until(lambda: not self.postfix.queue(), "the queue, which a message leaves after it was delivered")

    def test_headers_of_ours_that_arrive_with_a_message_are_removed(self):
        self.filter()
        self.milter()
        forged = ("X-Spam: No\r\nFrom: joe@example.com\r\nx-spam: No\r\nX-SPAM : No\r\nTo: anna@example.org\r\nX-Spam-Score: -9\r\n"
                  "X-Spam-Symbols: GOOD(-9.00),\r\n\tBETTER(-9.00)\r\nX-Spam-Skipped: trust me\r\nSubject: You won\r\nX-Spam:\r\n No\r\nX-Spamd: kept\r\n"
                  f"X-Spam-Flag: kept\r\n\r\n{SPAM}\r\n")
        message = self.deliver(forged)
        self.assertEqual(message.get_all("X-Spam"), ["Yes"])
        self.assertEqual(len(message.get_all("X-Spam-Score")), 1)
        self.assertGreater(float(message["X-Spam-Score"]), 0)
        self.assertEqual(len(message.get_all("X-Spam-Symbols")), 1)
        self.assertNotIn("BETTER", message["X-Spam-Symbols"])
        self.assertIsNone(message["X-Spam-Skipped"])
        self.assertEqual((message["X-Spamd"], message["X-Spam-Flag"]), ("kept", "kept"))
        self.assertFalse([name for name in message.keys() if name.strip().lower() == "x-spam" and name != "X-Spam"])

    def test_forged_headers_are_removed_although_the_server_is_down(self):
        self.milter()
        message = self.deliver(mail(SPAM, X_Spam="No", X_Spam_Skipped="trust me"))
        self.assertIsNone(message["X-Spam"])
        self.assertEqual(message.get_all("X-Spam-Skipped"), ["the spam filter was not available"])

    def test_no_envelope_and_no_message_keeps_the_filter_from_deciding(self):
        """What a sender can choose, to pass without a check."""
        self.filter("--store", "store.db")
        self.milter()
        body = f"Subject: You won\r\n\r\n{SPAM}\r\n".encode()
        nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(300))
        messages = {"zero bytes": body.replace(b"Click", b"\0Click"), "latin": b"X-\xe9: \xff\r\n" + body, "long line": b"X-Long: " + b"x" * 60000 + b"\r\n" + body,
                    "no end": body[:-2], "many headers": b"".join(b"X-%d: a\r\n" % i for i in range(2000)) + body, "nested": b"Subject: You won\r\nMIME-Version: 1.0\r\n" + nested + body,
                    "charset": b"Content-Type: text/plain; charset=\"no such\"\r\nContent-Transfer-Encoding: 8bit\r\n" + body,
                    "encoding": b"Content-Transfer-Encoding: base64\r\n" + body, "gzip": b"Content-Encoding: gzip\r\nDeliver-To: bob@example.org\r\nPassword: x\r\n" + body}
        for name, message in messages.items():
            arrived = self.deliver(message)
            self.assertIsNone(arrived["X-Spam-Skipped"], (name, self.milter_log()))
            self.assertIn(arrived["X-Spam"], ("Yes", "No"), name)
        envelopes = [("", "h"), ("j\u00f6rg@example.com", "h"), ("\"a b\"@example.com", "h"), ("x" * 60 + "@" + "y" * 60 + ".example.com", "h" * 250), ("joe@example.com", "[1.2.3.4]"),
                     ("joe@example.com", "a:b;c=\"d\",e")]
        for sender, helo in envelopes:
            before = len(self.mail.delivered("bob@example.org"))
            with smtplib.SMTP("127.0.0.1", self.postfix.port, local_hostname=helo, timeout=PATIENCE) as client:
                client.sendmail(sender, ["bob@example.org"], body, mail_options=["SMTPUTF8"])
            arrived = wait_until(lambda: self.mail.delivered("bob@example.org")[before:], self.postfix.log)[0]
            self.assertEqual(arrived["X-Spam"], "Yes", (sender, helo, self.milter_log()))
        self.assertEqual(self.milter_log().count("warning"), 0, self.milter_log())

    def test_many_at_once(self):
        self.filter()
        self.milter()
        before = len(self.mail.delivered("bob@example.org"))
        def send(number):
            self.postfix.send(mail(SPAM if number % 2 else HAM, f"Number {number}", "bob@example.org"), recipients=["bob@example.org"])
        with concurrent.futures.ThreadPoolExecutor(40) as pool:
            list(pool.map(send, range(40)))
        arrived = wait_until(lambda: len(self.mail.delivered("bob@example.org")) >= before + 40 and self.mail.delivered("bob@example.org")[before:], "40 messages")
        self.assertEqual({message["Subject"]: message["X-Spam"] for message in arrived},
                         {f"Number {number}": "Yes" if number % 2 else "No" for number in range(40)})

    def test_large_messages_pass_without_a_check_and_say_so(self):
        self.filter("--max-body-mb", 1)
        self.milter("--max-size", 3_000_000)
        spam = mail(SPAM)
        spam.add_attachment(b"\0" * 400_000, maintype="application", subtype="octet-stream", filename="a.bin")
        self.assertEqual(self.deliver(spam)["X-Spam"], "Yes")
        for size in (1_500_000, 6_000_000):  # more than the server takes, and than the milter sends
            large = mail(SPAM)
            large.add_attachment(b"\0" * size, maintype="application", subtype="octet-stream", filename="a.bin")
            message = self.deliver(large)
            self.assertIsNone(message["X-Spam"])
            self.assertRegex(message["X-Spam-Skipped"], r"^the message is too large \(\d{7} bytes\)$")

    def test_the_preferences_of_the_first_recipient_count(self):
        self.filter("--store", "store.db", "--rules", "none")
        self.milter()
        text = "Your parcel waits at the depot, pay the fee of 2 EUR"
        _, body = self.send("POST", "/v1/messages/check", {"subject": "Hello", "body": text + "\n", "sender": "joe@example.com"})
        score = json.loads(body)["score"]
        for user, threshold in (("anna", score * .5), ("bob", (1 + score) / 2)):
            response, _ = self.send("PUT", f"/v1/users/{user}%40example.org/preferences", {"threshold": threshold})
            self.assertEqual(response.status, 200)
        for recipients, verdict in ((["anna"], "Yes"), (["bob"], "No"), (["anna", "bob"], "Yes"), (["bob", "anna"], "No")):
            recipients = [f"{name}@example.org" for name in recipients]
            self.assertEqual(self.deliver(mail(text), recipients, user=recipients[-1])["X-Spam"], verdict, recipients)


class Failures(MilterTest):
    def test_without_the_server_mail_is_delivered_and_the_log_says_so_once(self):
        self.milter()
        for _ in range(3):
            message = self.deliver(mail(SPAM))
            self.assertIsNone(message["X-Spam"])
            self.assertEqual(message["X-Spam-Skipped"], "the spam filter was not available")
        self.assertEqual(self.milter_log().count("delivered without a check"), 1, self.milter_log())
        self.filter()  # and is asked again by itself
        self.assertEqual(self.deliver(mail(SPAM))["X-Spam"], "Yes")
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        self.filter()
        self.assertEqual(self.deliver(mail(SPAM))["X-Spam"], "Yes")

    def test_without_the_server_mail_is_deferred_by_option(self):
        self.milter("--on-error", "tempfail")
        with self.assertRaises(smtplib.SMTPDataError) as refused:
            self.postfix.send(mail(HAM))
        self.assertEqual((refused.exception.smtp_code, refused.exception.smtp_error[:6]), (451, b"4.7.1 "))
        self.filter()
        self.assertEqual(self.deliver(mail(HAM))["X-Spam"], "No")

    def test_a_server_that_does_not_respond_or_says_something_else_is_a_failure(self):
        delivered = threading.Event()
        answers = {"slow": lambda request: delivered.wait(PATIENCE) and (200, "{}"), "page": lambda request: (200, "<html>"), "none": lambda request: (404, ""),
                   "other": lambda request: (200, '{"action": 7}'), "failed": lambda request: (500, '{"error": "broken"}'),
                   "deep": lambda request: (200, "[" * 100000)}
        for name, answer in answers.items():
            with self.subTest(name):
                fake = FakeServer(answer)
                milter = self.milter("--timeout", 1000, server=fake.url)
                self.assertEqual(self.deliver(mail(HAM))["X-Spam-Skipped"], "the spam filter was not available")
                delivered.set()
                self.stop(milter)
                self.assertEqual(self.milter_log().count("warning"), 1, self.milter_log())
                fake.stop()

    def test_keys_are_sent_and_a_wrong_one_is_reported(self):
        key = self.winnow("keys", "add", "keys", "--name", "milter", "--role", "classify")[0].strip()
        wrong = self.winnow("keys", "add", "other", "--name", "milter", "--role", "classify")[0].strip()
        self.write("key", key + "\n")
        self.write("wrong", wrong + "\n")
        self.filter("--api-key-file", "keys")
        milter = self.milter("--api-key-file", "key")
        self.assertEqual(self.deliver(mail(HAM))["X-Spam"], "No")
        self.stop(milter)
        milter = self.milter("--api-key-file", "wrong")
        self.assertIsNone(self.deliver(mail(HAM))["X-Spam"])
        self.assertIn("status 401", self.milter_log())
        self.assertNotIn(wrong, self.milter_log() + self.logged())

    def test_sigterm_ends_it_after_the_checks_in_progress(self):
        arrived, go = threading.Event(), threading.Event()
        def answer(request):
            arrived.set()
            go.wait(PATIENCE)
            return 200, '{"action": "no action", "score": 1.5, "required_score": 6, "symbols": {}}'
        fake = FakeServer(answer)
        self.addCleanup(fake.stop)
        milter = self.milter(server=fake.url)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            message = pool.submit(self.deliver, mail(HAM))
            self.assertTrue(arrived.wait(PATIENCE))
            milter.send_signal(signal.SIGTERM)
            time.sleep(.3)
            self.assertIsNone(milter.poll())
            go.set()
            self.assertEqual(milter.wait(PATIENCE), 0)
            self.assertEqual(message.result(PATIENCE)["X-Spam-Score"], "1.50")
        for stopping in (signal.SIGTERM, signal.SIGINT):
            milter = self.milter(server=fake.url)
            milter.send_signal(stopping)
            self.assertEqual(milter.wait(PATIENCE), 0)

    def test_a_unix_socket_serves_as_well_and_a_stale_one_is_replaced(self):
        path = self.mail.path("milter.sock")
        self.filter()
        self.postfix.set(smtpd_milters=f"unix:{path}")
        self.addCleanup(self.postfix.set, **self.settings)
        for ending in (signal.SIGKILL, signal.SIGTERM):
            process = subprocess.Popen([winnow.TestCase.program, "milter", "--listen", f"unix:{path}", "--server", self.socket, "--quiet"],
                                       preexec_fn=lambda: os.umask(0))  # Postfix is another user
            self.addCleanup(self.stop, process)
            def connects():
                with socket.socket(socket.AF_UNIX) as client:
                    return client.connect_ex(path) == 0
            wait_until(connects, "the milter")
            self.assertEqual(self.deliver(mail(SPAM))["X-Spam"], "Yes", self.postfix.log()[-2000:])
            process.send_signal(ending)
            process.wait(PATIENCE)
        self.assertFalse(os.path.exists(path))

    def test_a_milter_that_listens_at_the_unix_socket_of_another_keeps_it(self):
        path = self.path("milter.sock")
        def inode():
            try:
                with socket.socket(socket.AF_UNIX) as client:
                    client.connect(path)
                    return os.stat(path).st_ino
            except OSError:
                return None
        def start(former):
            process = subprocess.Popen([winnow.TestCase.program, "milter", "--listen", f"unix:{path}", "--server", self.socket, "--quiet"])
            self.addCleanup(self.stop, process)
            return process, wait_until(lambda: inode() != former and inode(), "the milter")
        first, of_first = start(None)
        second, of_second = start(of_first)
        first.send_signal(signal.SIGTERM)
        self.assertEqual(first.wait(20), 0)
        self.assertEqual(inode(), of_second)
        second.send_signal(signal.SIGTERM)
        self.assertEqual(second.wait(20), 0)
        self.assertFalse(os.path.exists(path))

    def test_a_milter_ends_well_as_soon_as_it_listens(self):
        path = self.path("early.sock")
        for _ in range(3):
            process = subprocess.Popen([winnow.TestCase.program, "milter", "--listen", f"unix:{path}", "--server", self.socket, "--quiet"])
            self.addCleanup(self.stop, process)
            while not os.path.exists(path):  # without a pause: the signal comes before libmilter looks at its socket
                self.assertIsNone(process.poll())
            process.send_signal(signal.SIGTERM)
            self.assertEqual(process.wait(PATIENCE), 0)
            self.assertFalse(os.path.exists(path))

    def test_options_that_make_no_sense_are_refused(self):
        self.fails("milter", code=2, says=["--server"])
        self.fails("milter", "--server", "ftp://h", code=2, says=["only http, https and unix"])
        self.fails("milter", "--server", "http://h", "--listen", "inet:127.0.0.1:8891", code=2, says=["inet:8891@127.0.0.1"])
        self.fails("milter", "--server", "http://h", "--on-spam", "drop", code=2)
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            self.fails("milter", "--server", "http://h", "--listen", f"inet:{taken.getsockname()[1]}@127.0.0.1", says=["cannot listen at inet:"])
        self.fails("milter", "--server", "http://h", "--listen", "unix:" + self.path("none", "socket"), says=["cannot listen at unix:"])


class Requests(MilterTest):
    """What the server is asked."""

    def setUp(self):
        super().setUp()
        self.fake = FakeServer(lambda request: (200, '{"action": "no action", "score": 1.5, "required_score": 6, "symbols": {"A": {"name": "A", "score": 1.5}}}'))
        self.addCleanup(self.fake.stop)
        self.milter(server=self.fake.url)

    def test_the_envelope_and_the_bytes_of_the_message(self):
        text = ("Received: from a (b [192.0.2.1])\r\n\tby c\r\nFrom:joe@example.com\r\nSubject:  two spaces \r\nX-Empty:\r\nX-Folded: a\r\n  b\r\n"
                "Message-ID: <1@example.com>\r\nDate: Sat, 28 Nov 2026 20:00:00 +0000\r\nTo: anna@example.org\r\n\r\n.dots\r\n..\r\n\r\n"
                "caf\u00e9 \U0001F600\r\nlast line\r\n").encode()
        self.deliver(text, ["anna@example.org", "bob@example.org"])
        (headers, body, path), = self.fake.requests
        self.assertEqual(path, "/checkv2")
        self.assertEqual(body, text)
        self.assertEqual(headers["From"], "joe@example.com")
        self.assertEqual(headers.get_all("Rcpt"), ["anna@example.org", "bob@example.org"])
        self.assertEqual(headers["IP"], "127.0.0.1")
        self.assertEqual(headers["Helo"], "client.example.com")
        self.assertRegex(headers["Queue-Id"], r"^[0-9A-Za-z]+$")
        self.assertIsNone(headers["User"])

    def test_what_postfix_knows_of_the_client_is_passed_on(self):
        with smtplib.SMTP("127.0.0.1", self.postfix.port, local_hostname="c.example.com", timeout=PATIENCE) as client:
            client.ehlo()
            self.assertEqual(client.docmd("XCLIENT", "ADDR=192.0.2.7 NAME=mx.example.com HELO=h.example.com LOGIN=joe")[0], 220)
            client.sendmail("joe@example.com", ["anna@example.org"], "Subject: a\r\n\r\nb\r\n")
        (headers, *_), = self.fake.requests
        self.assertEqual((headers["IP"], headers["Hostname"], headers["User"]), ("192.0.2.7", "mx.example.com", "joe"))

    def test_odd_messages_and_addresses(self):
        with smtplib.SMTP("127.0.0.1", self.postfix.port, local_hostname="c.example.com", timeout=PATIENCE) as client:
            client.sendmail("j\u00f6rg@example.com", ["anna@example.org"], "Subject: utf-8\r\n\r\nb\r\n", mail_options=["SMTPUTF8"])
        odd = {"zero bytes": b"Subject: zero bytes\r\n\r\na\0b\r\n\0\r\n", "long lines": b"Subject: long lines\r\nX-Long: " + b"x" * 90000 + b"\r\n\r\n" + b"y" * 300000 + b"\r\n",
               "many headers": b"Subject: many headers\r\n" + b"".join(b"X-Spam: No\r\nX-%d: a\r\n" % i for i in range(500)) + b"\r\nb\r\n",
               "latin": b"Subject: latin\r\nX-\xe9: \xff\r\n\r\n\xe9\r\n", "only headers": b"Subject: only headers\r\n"}
        for name, message in odd.items():
            self.assertEqual(self.deliver(message).get_all("X-Spam"), ["No"], name)
            self.assertEqual(len(self.fake.requests[-1][1]) > 0, True)
        self.assertEqual(self.fake.requests[0][0]["From"].encode("latin-1").decode(), "j\u00f6rg@example.com")

    def test_several_messages_of_one_connection_and_a_bounce(self):
        with smtplib.SMTP("127.0.0.1", self.postfix.port, local_hostname="c.example.com", timeout=PATIENCE) as client:
            client.sendmail("one@example.com", ["anna@example.org"], "Subject: one\r\n\r\nfirst\r\n")
            client.mail("two@example.com")
            client.rcpt("bob@example.org")
            client.rset()
            client.sendmail("", ["bob@example.org"], "Subject: three\r\n\r\nthird\r\n")
            client.sendmail("four@example.com", ["anna@example.org"], "no header at all\r\n")
        asked = [(headers["From"], headers.get_all("Rcpt")) for headers, *_ in self.fake.requests]
        self.assertEqual(asked, [("one@example.com", ["anna@example.org"]), (None, ["bob@example.org"]), ("four@example.com", ["anna@example.org"])])
        self.assertIn(b"first", self.fake.requests[0][1])
        self.assertNotIn(b"first", self.fake.requests[1][1])


if __name__ == "__main__":
    skip_unless("postfix", "swaks")
    winnow.main()
