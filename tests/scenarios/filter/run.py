"""The message filter as people run it: mail arrives through every way that the filter has, a person corrects verdicts in
the folders of a mail client, and the next message of the kind is decided otherwise, by two servers on one store.

    python3 tests/scenarios/filter/run.py build/release/winnow            # Postfix, Dovecot, rspamd, PostgreSQL, Redis; as root
    python3 tests/scenarios/filter/run.py build/release/winnow --short    # SQLite alone

Everything runs on free ports in temporary directories, and ends with the script. Exit status 77: something is not
installed. Standard library alone."""
import argparse
import contextlib
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(SOURCE, "tests", "end_to_end"))

import mail_servers  # noqa: E402
import ports  # noqa: E402
import postgres  # noqa: E402
import rspamd_server  # noqa: E402
from fake_filter import mail  # noqa: E402
from mail_servers import wait_until  # noqa: E402

ANNA, BOB, CAROL = "anna@example.org", "bob@example.org", "carol@example.org"
# The model takes the first for ham and the second for spam; Anna thinks otherwise.
COURSE = "Dear colleague, the management course about leadership in Berlin has {} places left for Friday"
CATALOGUE = "Our garden furniture catalogue for spring has arrived, ask for it before the {} of May"


class Scenario:
    def __init__(self, program):
        self.program = os.path.abspath(program)
        self.ending = contextlib.ExitStack()
        self.directory = tempfile.mkdtemp(prefix="winnow-scenario-")
        self.ending.callback(shutil.rmtree, self.directory, True)
        self.begin = time.monotonic()

    def path(self, name):
        return os.path.join(self.directory, name)

    def step(self, text):
        print(f"{time.monotonic() - self.begin:5.1f} s  {text}", flush=True)

    def expect(self, condition, what):
        if not condition:
            raise AssertionError(what)

    def train(self):
        self.step("training a model of examples/data/messages.tsv")
        subprocess.run([self.program, "train", os.path.join(SOURCE, "examples", "data", "messages.tsv"), "--kind", "lr", "--output-dir",
                        self.path("spam")], check=True, capture_output=True)

    def start(self, name, *command):
        """Starts winnow; it ends with the scenario."""
        with open(self.path(f"{name}.log"), "w", encoding="utf-8") as log:
            process = subprocess.Popen([self.program, *map(str, command)], cwd=self.directory, stdout=subprocess.PIPE, stderr=log, text=True)
        def stop():
            process.terminate()
            process.wait(240)
            process.stdout.close()
        self.ending.callback(stop)
        return process

    def serve(self, name, *options):
        """Starts a server with the filter; returns its port."""
        process = self.start(name, "serve", "spam", "--filter", "--max-wait", 0, *options, "--port", 0, "--json")
        line = process.stdout.readline()
        self.expect(line, self.log(name))
        return json.loads(line)["port"]

    def log(self, name):
        with open(self.path(f"{name}.log"), encoding="utf-8") as file:
            return file.read()

    def ask(self, port, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=240)
        connection.request(method, path, json.dumps(body) if isinstance(body, dict) else body, headers or {})
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        self.expect(response.status == 200, f"{method} {path}: {response.status} {answer}")
        return answer

    def metric(self, port, name):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=240)
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
        connection.close()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.split("{")[0].split(" ")[0] == name)

    def check(self, port, text, user, subject="Hello"):
        """A verdict over HTTP: (spam or not, names of the symbols)."""
        verdict = self.ask(port, "POST", "/v1/messages/check", {"subject": subject, "body": text + "\n", "sender": "joe@example.com", "user": user})
        return verdict["isSpam"], {symbol["name"] for symbol in verdict["symbols"]}

    def check_mail(self, port, message, user):
        """A verdict by rspamd's protocol."""
        verdict = self.ask(port, "POST", "/checkv2", message.as_bytes(), {"Rcpt": user})
        return verdict["action"] != "no action", set(verdict["symbols"])


def short(scenario):
    scenario.train()
    scenario.step("starting two servers on one SQLite file")
    first = scenario.serve("first", "--store", "store.db", "--spool", "first.spool")
    second = scenario.serve("second", "--store", "store.db", "--spool", "second.spool")

    scenario.step("two verdicts that Anna does not agree with, and two corrections, by rspamd's protocol and over HTTP")
    for port in (first, second):
        scenario.expect(not scenario.check_mail(port, mail(COURSE.format(5)), ANNA)[0], "the course is ham at first")
        scenario.expect(scenario.check(port, CATALOGUE.format("end"), ANNA)[0], "the catalogue is spam at first")
    scenario.ask(first, "POST", "/learnspam", mail(COURSE.format(5)).as_bytes(), {"Deliver-To": ANNA})
    scenario.ask(first, "POST", "/v1/feedback", {"text": f"Hello\n{CATALOGUE.format('end')}\n", "is_spam": False, "user": ANNA})

    scenario.step("the next message of each kind is decided otherwise, by both servers, and for Anna alone")
    for port in (first, second):
        wait_until(lambda: scenario.check_mail(port, mail(COURSE.format("two")), ANNA)[0], "the correction of the course")
        wait_until(lambda: not scenario.check(port, CATALOGUE.format("twentieth"), ANNA)[0], "the correction of the catalogue")
        scenario.expect("MEMORY_SPAM" in scenario.check_mail(port, mail(COURSE.format("three")), ANNA)[1], "the reason")
        scenario.expect(not scenario.check_mail(port, mail(COURSE.format("two")), BOB)[0], "Bob has said nothing")

    scenario.step("the command reads the same store")
    line = subprocess.run([scenario.program, "filter", "spam", "--store", "store.db", "--user", ANNA, "--json", CATALOGUE.format("first")],
                          cwd=scenario.directory, check=True, capture_output=True, text=True).stdout
    scenario.expect(json.loads(line)["isSpam"] is not None, line)


class FullScenario(Scenario):
    def start_stores(self):
        self.step("starting PostgreSQL and Redis")
        self.postgres = postgres.Postgres()
        self.ending.callback(self.postgres.stop)
        program = shutil.which("redis-server") or shutil.which("redis-check-rdb")
        redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.path("redis.sock"), "--save", "", "--appendonly", "no",
                                  "--dir", self.directory], executable=program, stdout=subprocess.DEVNULL)
        self.ending.callback(redis.wait)
        self.ending.callback(redis.terminate)

    def start_winnow(self):
        self.step("starting two servers on the one PostgreSQL and the one Redis")
        shared = ("--store", self.postgres.url, "--redis", "unix://" + self.path("redis.sock"))
        self.first = self.serve("first", *shared, "--spool", "first.spool")
        self.second = self.serve("second", *shared, "--spool", "second.spool")
        for port in (self.first, self.second):
            wait_until(lambda: self.metric(port, "winnow_redis_available") == 1, "Redis")

    def start_mail(self):
        self.step("starting Postfix with the milter, which asks the first server")
        self.mail = mail_servers.MailDirectory()
        self.ending.callback(self.mail.remove)
        port = ports.free_port()
        self.start("milter", "milter", "--listen", f"inet:{port}@127.0.0.1", "--server", f"http://127.0.0.1:{self.first}", "--on-error", "tempfail")
        wait_until(lambda: mail_servers.listens(port), "the milter")
        self.postfix = mail_servers.Postfix(self.mail, smtpd_milters=f"inet:127.0.0.1:{port}")
        self.ending.callback(self.postfix.stop)
        self.step("starting Dovecot, whose folders report to the second server, and rspamd with the rule that asks it")
        self.dovecot = mail_servers.Dovecot(self.mail, f"url=http://127.0.0.1:{self.second}\n")
        self.ending.callback(self.dovecot.stop)
        rule = os.path.join(SOURCE, "integrations", "rspamd")
        with open(os.path.join(rule, "winnow.conf"), encoding="utf-8") as file:
            section = file.read()
        self.rspamd = rspamd_server.Rspamd({"rspamd.conf.local": section, **rspamd_server.OFFLINE,
                                            "local.d/winnow.conf": f'url = "http://127.0.0.1:{self.second}"; timeout = 10.0;'},
                                           plugins=[os.path.join(rule, "winnow.lua")])
        self.ending.callback(self.rspamd.stop)

    def deliver(self, text, subject, user=ANNA):
        """Sends a message by SMTP; returns it as it lies in the user's INBOX."""
        self.postfix.send(mail(text, subject, user), recipients=[user])
        def arrived():
            return [message for message in self.mail.delivered(user) if message["Subject"] == subject]
        return wait_until(arrived, f"'{subject}'\n{self.postfix.log()}")[0]

    def ask_rspamd(self, text, user):
        """The symbol by which rspamd counts the verdict of the rule."""
        reply = self.rspamd.check(mail(text, to=user).as_bytes(), Rcpt=user, Deliver_To=user, From="joe@example.com", IP="192.0.2.1")
        ours = {"WINNOW_SPAM", "WINNOW_HAM", "WINNOW_FAIL"} & set(reply["symbols"])
        self.expect(len(ours) == 1, f"{reply}\n{self.rspamd.log()}")
        return ours.pop()

    def file_as_junk(self, subject):
        """Puts a message into Junk, as a delivery agent does with spam: no person has said anything."""
        inbox, junk = self.mail.path("mail", ANNA), self.mail.path("mail", ANNA, ".Junk")
        for folder in ("new", "cur"):
            for name in os.listdir(os.path.join(inbox, folder)):
                with open(os.path.join(inbox, folder, name), encoding="utf-8") as file:
                    if f"\nSubject: {subject}\n" in file.read():
                        os.rename(os.path.join(inbox, folder, name), os.path.join(junk, "new", name))


def full(scenario):
    scenario.train()
    scenario.start_stores()
    scenario.start_winnow()
    scenario.start_mail()
    first, second = scenario.first, scenario.second

    scenario.step("mail through each way: SMTP, HTTP, rspamd")
    for number in ("Course 1", "Course 2"):
        scenario.expect(scenario.deliver(COURSE.format(number), number)["X-Spam"] == "No", "the course is ham at first")
    scenario.expect(scenario.deliver(CATALOGUE.format("end"), "Catalogue 1")["X-Spam"] == "Yes", "the catalogue is spam at first")
    for port in (first, second):
        scenario.expect(not scenario.check(port, COURSE.format("some"), ANNA)[0], "the course is ham at first")
        scenario.expect(scenario.check(port, CATALOGUE.format("middle"), ANNA)[0], "the catalogue is spam at first")
    scenario.expect(scenario.ask_rspamd(COURSE.format("some"), ANNA) == "WINNOW_HAM", "the course is ham at first")
    scenario.expect(scenario.ask_rspamd(CATALOGUE.format("middle"), ANNA) == "WINNOW_SPAM", "the catalogue is spam at first")

    scenario.step("Anna moves two courses into Junk, and a catalogue out of it")
    scenario.dovecot.move(ANNA, "none", "Junk", "INBOX")  # which makes the folder
    scenario.file_as_junk("Catalogue 1")
    for number in ("Course 1", "Course 2"):
        scenario.expect(scenario.dovecot.move(ANNA, number, "INBOX", "Junk") == 1, number)
    scenario.expect(scenario.dovecot.move(ANNA, "Catalogue 1", "Junk", "INBOX") == 1, "Catalogue 1")

    scenario.step("the third of the kind is decided otherwise, in each way")
    wait_until(lambda: "MEMORY_SPAM" in scenario.check(first, COURSE.format("few"), ANNA)[1], f"the correction in the other server\n{scenario.dovecot.log()}")
    third = scenario.deliver(COURSE.format("three"), "Course 3")
    scenario.expect(third["X-Spam"] == "Yes" and "MEMORY_SPAM" in third["X-Spam-Symbols"], third.as_string())
    wait_until(lambda: "MEMORY_HAM" in scenario.check(first, CATALOGUE.format("second"), ANNA)[1], "the second correction in the other server")
    second_catalogue = scenario.deliver(CATALOGUE.format("twentieth"), "Catalogue 2")
    scenario.expect(second_catalogue["X-Spam"] == "No" and "MEMORY_HAM" in second_catalogue["X-Spam-Symbols"], second_catalogue.as_string())
    scenario.expect(scenario.ask_rspamd(COURSE.format("few"), ANNA) == "WINNOW_SPAM", "rspamd's rule sees the correction")
    scenario.expect(scenario.ask_rspamd(CATALOGUE.format("first"), ANNA) == "WINNOW_HAM", "rspamd's rule sees the correction")
    scenario.expect(scenario.deliver(COURSE.format("four"), "Course 4", BOB)["X-Spam"] == "No", "Bob has said nothing")

    scenario.step("what one server is told acts in the other within seconds")
    scenario.ask(first, "POST", "/v1/feedback", {"text": f"Hello\n{COURSE.format('some')}\n", "is_spam": True, "user": BOB})
    wait_until(lambda: scenario.check(second, COURSE.format("few"), BOB)[0], "Bob's correction in the other server")
    scenario.ask(second, "PUT", f"/v1/users/{urllib.parse.quote(CAROL)}/preferences", {"mode": "strict"})
    wait_until(lambda: scenario.ask(first, "POST", "/v1/messages/check", {"text": "Lunch?", "user": CAROL})["mode"] == "strict", "Carol's preferences in the other server")
    for port in (first, second):
        wait_until(lambda: len(scenario.ask(port, "GET", "/v1/history?text=leadership&limit=100")["messages"]) >= 10, "the history")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("program")
    parser.add_argument("--short", action="store_true", help="SQLite alone")
    arguments = parser.parse_args()
    if not arguments.short:
        mail_servers.skip_unless("postfix", "dovecot", "rspamd", "curl")
        if postgres.PROGRAMS is None or not (shutil.which("redis-server") or shutil.which("redis-check-rdb")):
            print("skipped: PostgreSQL or Redis is not installed (./dev test installs what is needed)")
            sys.exit(77)
    scenario = (Scenario if arguments.short else FullScenario)(arguments.program)
    with scenario.ending:
        (short if arguments.short else full)(scenario)
        scenario.step("passed")


if __name__ == "__main__":
    main()
