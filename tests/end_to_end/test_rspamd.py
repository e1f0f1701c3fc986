"""rspamd's protocol: rspamc, the scripts of mail servers, and a real rspamd whose rule asks the server."""
import email.message
import email.policy
import gzip
import json
import os
import signal
import subprocess
import unittest
import zlib

import rspamd_server
import winnow
from serving import ServingTest
from winnow import MESSAGES, SOURCE

PRIZE = "Congratulations! You've won a $1000 gift card. Click here to claim it today, the offer ends at midnight"
LUNCH = "Shall we meet at noon in the canteen? I will bring the minutes of the last meeting and the new plan"


def mail(subject, text, sender="Joe <joe@example.com>", to="Anna <anna@example.net>", html=None, attachment=None):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = sender, to, subject
    message["Message-ID"] = f"<{zlib.crc32((subject + text).encode())}@example.com>"
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    if attachment:
        message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename="data.bin")
    return message.as_bytes()


class RspamdTest(ServingTest):
    arguments = ("--filter", "--store", "store.db")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = rspamd_server.temporary_directory(cls)
        subprocess.run([cls.program, "train", MESSAGES, "--kind", "lr", "--quiet", "--output-dir", os.path.join(cls.model, "spam")],
                       check=True, stdout=subprocess.DEVNULL)

    def start(self, *arguments):
        self.serve(os.path.join(self.model, "spam"), *self.arguments, *arguments)

    def ask(self, path, body, headers=(), expect=200):
        response, data = self.send("POST", path, body, dict(headers))
        self.assertEqual(response.status, expect, data)
        return json.loads(data)

    def check(self, body, **headers):
        return self.ask("/checkv2", body, [(name.replace("_", "-"), value) for name, value in headers.items()])


class Protocol(RspamdTest):
    def setUp(self):
        super().setUp()
        self.start()

    def test_the_answer_is_rspamds(self):
        reply = self.check(mail("You won", PRIZE), From="bounce@example.com", Rcpt="anna@example.net", IP="192.0.2.1", Helo="mx.example.com",
                           Hostname="mx.example.com", Queue_Id="4F1", Pass="all", Flags="body_block", Settings_ID="12")
        self.assertEqual((reply["action"], reply["is_skipped"], reply["required_score"]), ("add header", False, 6))
        self.assertGreaterEqual(reply["score"], 6)
        self.assertAlmostEqual(sum(symbol["score"] for symbol in reply["symbols"].values()), reply["score"], 6)
        for name, symbol in reply["symbols"].items():
            self.assertEqual(name, symbol["name"])
            self.assertLessEqual({"score", "metric_score"}, set(symbol))
        self.assertEqual(reply["milter"]["add_headers"]["X-Spam-Flag"]["value"], "YES")
        self.assertIn("X-Spam-Flag", reply["milter"]["remove_headers"])
        self.assertTrue(reply["message-id"].endswith("@example.com"))
        self.assertGreater(reply["time_real"], 0)
        ham = self.check(mail("Lunch", LUNCH))
        self.assertEqual(ham["action"], "no action")
        self.assertLess(ham["score"], 6)
        self.assertNotIn("X-Spam-Flag", ham["milter"]["add_headers"])

    def test_mime_is_decoded(self):
        html = f"<html><body><p>{PRIZE}</p><p style='display:none'>{LUNCH}</p></body></html>"
        for body in (mail("You won", "See the HTML part", html=html), mail("=?utf-8?q?You_won?=", PRIZE, attachment=os.urandom(100000)),
                     mail("Gewonnen \u00fc", PRIZE + " \u20ac \u4f60\u597d")):
            self.assertEqual(self.check(body)["action"], "add header")

    def test_any_content_type_and_gzip(self):
        body = mail("You won", PRIZE)
        for content_type in (None, "text/plain", "message/rfc822", "application/x-www-form-urlencoded", "application/octet-stream"):
            headers = {"Content-Type": content_type} if content_type else {}
            self.assertEqual(self.ask("/checkv2", body, headers)["action"], "add header", content_type)
        self.assertEqual(self.ask("/checkv2", gzip.compress(body), {"Content-Encoding": "gzip"})["action"], "add header")

    def test_pages_of_other_sites_are_refused(self):
        for headers in ({"Origin": "https://evil.example", "Content-Type": "text/plain"}, {"Sec-Fetch-Site": "cross-site"}):
            for path in ("/checkv2", "/learnspam", "/learnham"):
                self.ask(path, mail("You won", PRIZE), headers, expect=403)

    def test_the_preferences_of_the_user_act(self):
        body = mail("Report", "Can you send me the report before noon")
        probability = self.check(body)["winnow"]["score"]
        for user, threshold in (("low@example.net", probability * .9), ("high@example.net", probability * 1.1)):
            self.send("PUT", f"/v1/users/{user}/preferences", {"threshold": threshold}, {"Content-Type": "application/json"})
        spam, ham = self.check(body, Deliver_To="low@example.net"), self.check(body, Deliver_To="high@example.net")
        self.assertEqual((spam["action"], spam["winnow"]["modeFrom"]), ("add header", "preferences"))
        self.assertEqual((ham["action"], ham["winnow"]["modeFrom"]), ("no action", "preferences"))
        self.assertEqual(self.check(body, Rcpt="<Low@Example.Net>")["action"], "add header")
        self.assertEqual(self.check(body, Rcpt="high@example.net", Deliver_To="low@example.net")["action"], "add header")

    def test_a_learned_message_decides_the_next_near_duplicate(self):
        user = {"Deliver-To": "anna@example.net"}
        self.assertEqual(self.ask("/learnspam", mail("Lunch", LUNCH + " by bus"), user), {"success": True})
        reply = self.ask("/checkv2", mail("Lunch", LUNCH + " by train"), user)
        self.assertEqual((reply["action"], reply["score"]), ("add header", 12))
        self.assertIn("MEMORY_SPAM", reply["symbols"])
        self.assertNotIn("MEMORY_SPAM", self.ask("/checkv2", mail("Lunch", LUNCH + " by train"), {"Deliver-To": "bob@example.net"})["symbols"])
        error = self.ask("/learnspam", mail("Lunch", LUNCH + " by bus"), user, expect=208)["error"]
        self.assertRegex(error, r"^<.*@example\.com> has been already learned as spam, ignore it$")
        self.assertEqual(self.ask("/learnham", mail("Lunch", LUNCH + " by bus"), user), {"success": True})
        self.assertEqual(self.ask("/checkv2", mail("Lunch", LUNCH + " by train"), user)["action"], "no action")
        out, _ = self.winnow("feedback", "list", "--store", self.path("store.db"), "--json")
        events = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([event["is_spam"] for event in events], [True, False])

    def test_learning_without_a_user_on_this_machine_is_for_everybody(self):
        """As in mailcow's script: curl --data-binary @- http://rspamd/learnspam."""
        self.assertEqual(self.ask("/learnspam", mail("Lunch", LUNCH + " by bus")), {"success": True})
        self.assertIn("MEMORY_SPAM", self.check(mail("Lunch", LUNCH + " by train"), Rcpt="bob@example.net")["symbols"])

    def test_what_is_no_mail_gets_a_clear_answer(self):
        self.assertIn("send the message", self.ask("/checkv2", b"", expect=400)["error"])
        self.assertIn("Content-Encoding: gzip", self.ask("/checkv2", b"\x28\xb5\x2f\xfd", {"Compression": "zstd"}, expect=415)["error"])
        self.assertIn("no text", self.ask("/learnspam", b"Subject: \r\n\r\n", expect=422)["error"])
        self.assertIn("EMPTY_MESSAGE", self.check(b"\n")["symbols"])
        for body in (PRIZE.encode(), b"\x00\xff" * 1000, b"{\"text\": \"a\"}"):
            self.assertIn(self.check(body)["action"], ("no action", "add header"))
        self.assertEqual(self.check(mail("Large", (LUNCH + "\n") * 10000))["action"], "no action")  # a megabyte
        self.assertEqual(self.check(PRIZE.encode(), Raw="yes")["action"], "add header")
        response, data = self.send("GET", "/ping")
        self.assertEqual((response.status, data), (200, b"pong\r\n"))


class Options(RspamdTest):
    def test_reject_and_rewrite_subject(self):
        self.start("--rspamd-reject-score", "7", "--rspamd-subject", "[SPAM] %s")
        reply = self.check(mail("You won", PRIZE))
        self.assertEqual((reply["action"], reply["required_score"], reply["thresholds"]["reject"]), ("reject", 7, 7))
        body = mail("Report", "Can you send me the report before noon")
        probability = self.check(body)["winnow"]["score"]
        self.send("PUT", "/v1/users/anna/preferences", {"threshold": probability * .99}, {"Content-Type": "application/json"})
        reply = self.check(body, Deliver_To="anna")
        self.assertEqual((reply["action"], reply["subject"]), ("rewrite subject", "[SPAM] Report"))
        marked = mail("[SPAM] Report", "Can you send me the report before noon")
        self.assertEqual(self.check(marked, Deliver_To="anna")["subject"], "[SPAM] Report", "it is marked once")
        self.ask("/learnham", marked, {"Deliver-To": "anna"})
        self.assertIn("MEMORY_HAM", self.check(body, Deliver_To="anna")["symbols"])
        out, _ = self.winnow("feedback", "list", "--store", self.path("store.db"), "--json")
        self.assertNotIn("[SPAM]", out, "the mark is not learnt")

    def test_learning_requires_a_store(self):
        self.serve(os.path.join(self.model, "spam"), "--filter")
        self.assertEqual(self.check(mail("You won", PRIZE))["action"], "add header")
        self.assertIn("--store", self.ask("/learnspam", mail("a", "b"), expect=404)["error"])


@unittest.skipUnless(rspamd_server.RSPAMC, "rspamc (package rspamd) is not installed")
class Rspamc(RspamdTest):
    def setUp(self):
        super().setUp()
        self.start()
        self.write("prize.eml", mail("You won", PRIZE))
        self.write("bus.eml", mail("Lunch", LUNCH + " by bus"))
        self.write("train.eml", mail("Lunch", LUNCH + " by train"))

    def rspamc(self, *arguments, code=0, stdin=None):
        result = subprocess.run([rspamd_server.RSPAMC, "-h", f"127.0.0.1:{self.port}", *arguments], cwd=self.directory, input=stdin, capture_output=True, timeout=240)
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        return result.stdout.decode()

    def test_check(self):
        out = self.rspamc("-i", "192.0.2.1", "-F", "joe@example.com", "-r", "anna@example.net", "-r", "bob@example.net", "--helo", "mx.example.com",
                          "--hostname", "mx.example.com", "-p", "prize.eml")
        for part in ("Action: add header", "Spam: true", "/ 6.00", "Symbol: PRIZE_WON (", "Message-ID: "):
            self.assertIn(part, out)
        ham = self.rspamc("symbols", "bus.eml")
        self.assertIn("Spam: false", ham)
        self.assertIn("Symbol: CLASSIFIER (-", ham)
        reply = json.loads(self.rspamc("--json", "prize.eml"))
        self.assertEqual(reply["action"], "add header")
        self.assertIn("X-Spam: yes", self.rspamc("--mime", "prize.eml"))
        self.assertIn("Spam: true", self.rspamc(stdin=mail("You won", PRIZE)))

    def test_learn(self):
        self.assertIn("success = true", self.rspamc("--deliver", "anna@example.net", "learn_spam", "bus.eml"))
        self.assertIn("Symbol: MEMORY_SPAM (6.00)", self.rspamc("--deliver", "anna@example.net", "train.eml"))
        self.assertIn("Spam: false", self.rspamc("--deliver", "bob@example.net", "train.eml"))
        self.assertIn("already learned as spam", self.rspamc("--deliver", "anna@example.net", "learn_spam", "bus.eml"))
        self.assertIn("success = true", self.rspamc("-d", "anna@example.net", "learn_ham", "bus.eml"))
        self.assertIn("Symbol: MEMORY_HAM (-6.00)", self.rspamc("-d", "anna@example.net", "train.eml"))

    def test_what_is_not_supported_is_an_error(self):
        self.assertIn("HTTP error: 415", self.rspamc("-z", "prize.eml", code=1))
        self.assertIn("HTTP error: 404", self.rspamc("fuzzy_add", "-f", "11", "-w", "10", "prize.eml", code=1))


class Password(RspamdTest):
    def setUp(self):
        super().setUp()
        self.keys = {}
        for role in ("classify", "feedback", "admin"):
            out, _ = self.winnow("keys", "add", "keys.txt", "--name", role, "--role", role)
            self.keys[role] = out.strip().splitlines()[-1]
        self.start("--api-key-file", "keys.txt")

    def test_the_password_is_an_api_key(self):
        body = mail("Lunch", LUNCH)
        self.assertIn("'Password: KEY'", self.ask("/checkv2", body, expect=401)["error"])
        self.assertNotIn("Password", self.ask("/checkv2", body, {"Password": "q1"}, expect=401)["error"])
        self.ask("/checkv2", body, {"Password": self.keys["classify"]})
        self.ask("/checkv2", body, {"Authorization": "Bearer " + self.keys["classify"]})
        self.ask("/learnspam", body, {"Password": self.keys["classify"]}, expect=403)
        self.assertEqual(self.ask("/learnspam", body, {"Password": self.keys["feedback"]}), {"success": True})
        self.assertNotIn("MEMORY_SPAM", self.ask("/checkv2", body, {"Password": self.keys["classify"], "Rcpt": "bob"})["symbols"])
        self.assertEqual(self.ask("/learnspam", body, {"Password": self.keys["admin"]}), {"success": True})
        self.assertIn("MEMORY_SPAM", self.ask("/checkv2", body, {"Password": self.keys["classify"], "Rcpt": "bob"})["symbols"])
        response, _ = self.send("POST", "/v1/classify", {"text": "a"}, {"Content-Type": "application/json", "Password": self.keys["admin"]})
        self.assertEqual(response.status, 401, "the header is one of rspamd's protocol alone")

    def test_wrong_passwords_are_limited(self):
        statuses = [self.send("POST", "/checkv2", mail("a", "b"), {"Password": "q1"})[0].status for _ in range(40)]
        self.assertEqual(statuses[0], 401)
        self.assertEqual(statuses[-1], 429)
        self.ask("/checkv2", mail("a", "b"), {"Password": self.keys["classify"]})

    @unittest.skipUnless(rspamd_server.RSPAMC, "rspamc (package rspamd) is not installed")
    def test_rspamc_sends_it(self):
        self.write("a.eml", mail("Lunch", LUNCH))
        command = [rspamd_server.RSPAMC, "-h", f"127.0.0.1:{self.port}", "-P"]
        self.assertIn(b"success = true", subprocess.run([*command, self.keys["feedback"], "learn_ham", self.path("a.eml")], capture_output=True).stdout)
        wrong = subprocess.run([*command, "q1", "learn_ham", self.path("a.eml")], capture_output=True)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn(b"HTTP error: 401", wrong.stdout)


@unittest.skipUnless(rspamd_server.RSPAMD, "rspamd is not installed")
class Rule(RspamdTest):
    """integrations/rspamd in a real rspamd. Nothing else of it matters here, so what looks into networks is off."""
    INTEGRATION = os.path.join(SOURCE, "integrations", "rspamd")

    def rspamd(self, **options):
        with open(os.path.join(self.INTEGRATION, "winnow.conf"), encoding="utf-8") as file:
            section = file.read()
        configuration = {"rspamd.conf.local": section,
                         "local.d/winnow.conf": "".join(f"{name} = {json.dumps(value)};\n" for name, value in options.items()),
                         **rspamd_server.OFFLINE}
        server = rspamd_server.Rspamd(configuration, plugins=[os.path.join(self.INTEGRATION, "winnow.lua")])
        self.addCleanup(server.stop)
        return server

    def symbol(self, reply, name):
        self.assertIn(name, reply["symbols"])
        self.assertLessEqual({"WINNOW_SPAM", "WINNOW_HAM", "WINNOW_FAIL"} & set(reply["symbols"]), {name})
        return reply["symbols"][name]

    def test_verdicts_become_symbols(self):
        self.start()
        server = self.rspamd(url=f"http://127.0.0.1:{self.port}/", max_spam_score=3.5, max_size=200000)
        spam = self.symbol(server.check(mail("You won", PRIZE)), "WINNOW_SPAM")
        ours = self.check(mail("You won", PRIZE))
        self.assertAlmostEqual(spam["score"], min(3.5, ours["score"] - 6), 2)
        self.assertIn(ours["winnow"]["source"], spam["options"][0])
        ham = self.symbol(server.check(mail("Lunch", LUNCH)), "WINNOW_HAM")
        self.assertAlmostEqual(ham["score"], max(-5, self.check(mail("Lunch", LUNCH))["score"] - 6), 2)
        self.assertLess(ham["score"], 0)
        # The user's own correction, by the recipient of the envelope.
        self.ask("/learnspam", mail("Lunch", LUNCH + " by bus"), {"Deliver-To": "anna@example.net"})
        self.symbol(server.check(mail("Lunch", LUNCH + " by train"), Rcpt="anna@example.net"), "WINNOW_SPAM")
        self.symbol(server.check(mail("Lunch", LUNCH + " by train"), Rcpt="bob@example.net", Deliver_To="anna@example.net"), "WINNOW_SPAM")
        self.symbol(server.check(mail("Lunch", LUNCH + " by train"), Rcpt="bob@example.net", User="joe", Helo="mx.example.com", IP="192.0.2.1",
                                 From="joe@example.com"), "WINNOW_HAM")
        large = server.check(mail("Lunch", (LUNCH + "\n") * 3000))
        self.assertFalse({"WINNOW_SPAM", "WINNOW_HAM", "WINNOW_FAIL"} & set(large["symbols"]), "it is larger than max_size")

    def test_a_server_that_is_down_or_slow_or_refuses_changes_nothing(self):
        out, _ = self.winnow("keys", "add", "keys.txt", "--name", "rspamd", "--role", "classify")
        key = out.strip().splitlines()[-1]
        self.start("--api-key-file", "keys.txt")
        server = self.rspamd(url=f"http://127.0.0.1:{self.port}", key=key, timeout=3)
        body = mail("You won", PRIZE)
        self.symbol(server.check(body), "WINNOW_SPAM")
        self.process.send_signal(signal.SIGSTOP)
        late = self.symbol(server.check(body), "WINNOW_FAIL")
        self.assertEqual(late["score"], 0)
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self.assertEqual(self.symbol(server.check(body), "WINNOW_FAIL")["score"], 0)
        self.assertIn("no verdict", server.log())

    @unittest.skipUnless(rspamd_server.ADDRESS, "this machine has no address but loopback")
    def test_rspamds_milter_in_front_of_the_server(self):
        """rspamd_proxy passes messages to a local upstream in shared memory, so that the server needs another address."""
        self.serve(os.path.join(self.model, "spam"), "--filter", "--host", "0.0.0.0")
        upstream = f'upstream "local" {{ default = yes; hosts = "{rspamd_server.ADDRESS}:{self.port}"; }}'
        server = rspamd_server.Rspamd({**rspamd_server.OFFLINE, "override.d/worker-proxy.inc": upstream})
        self.addCleanup(server.stop)
        forged = mail("You won", PRIZE).replace(b"Subject:", b"X-Spam-Flag: NO\r\nSubject:", 1)
        actions = server.milter(forged, "joe@example.com", "anna@example.net")
        self.assertIn((b"m", b"\0\0\0\1X-Spam-Flag\0\0"), actions, "the sender's field is removed")
        self.assertIn((b"i", b"\0\0\0\0X-Spam-Flag\0YES\0"), actions)
        self.assertTrue(any(data.startswith(b"\0\0\0\0X-Spam-Status\0Yes, score=") for _, data in actions), actions)
        self.assertEqual(actions[-1], (b"a", b""))
        actions = server.milter(mail("Lunch", LUNCH), "joe@example.com", "anna@example.net")
        self.assertFalse(any(b"X-Spam-Flag" in data or b"X-Spam\0" in data for _, data in actions), actions)


if __name__ == "__main__":
    winnow.main()
