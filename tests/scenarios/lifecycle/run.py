"""The life of a model as people live it: from nothing to a champion that users' reports improve, a bad candidate that is taken back
and a good one that is promoted, drift, a user who is forgotten, and a rollback by hand.

    python3 tests/scenarios/lifecycle/run.py build/release/winnow                 # SQLite, and a registry in a folder
    python3 tests/scenarios/lifecycle/run.py build/release/winnow --full          # PostgreSQL, S3 and Redis, two servers

Everything runs on free ports in temporary directories, and ends with the script. Exit status 77: something is not
installed. Standard library alone; --full installs moto, an S3 server, from the package index into --venv."""
import argparse
import contextlib
import csv
import http.client
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(SOURCE, "tests", "end_to_end"))
sys.path.insert(0, os.path.join(SOURCE, "tools", "conformance"))

import packages  # noqa: E402
import ports  # noqa: E402
import postgres  # noqa: E402
from mail_servers import wait_until  # noqa: E402

MESSAGES = os.path.join(SOURCE, "examples", "data", "messages.tsv")
# Kinds of messages that the first model gets wrong: friends write like advertisers, and advertisers like friends. They
# differ in their wording, since of near-duplicates only a few are trained on.
FRIENDS = (
    "Congratulations on your prize at the science fair, claim your cake from me on Friday!",
    "URGENT: call me now, you won the raffle at school and the cash is in my drawer",
    "You have won our bet, I owe you 20 pounds, text me your account number tonight",
    "Free tickets for the choir! Reply YES if you want two, Mum has the code at home",
    "Winner! The neighbours voted for your garden, collect the voucher at our door",
    "Your reward for feeding the cat is a free dinner, call me to claim it before Sunday",
    "Claim your seat in the car now, last chance, we leave for the lake at six",
    "Last call! Your guaranteed place in the football team expires tonight, text Dad",
    "Txt me your new number, the old mobile is dead, urgent, win or lose we meet at eight",
    "Prize giving at the club is tonight, you were selected, wear the blue shirt",
    "Free sofa at Aunt Ida's, urgent, must be collected today, call her landline",
    "You have been chosen as godmother, call us now, no stop or unsubscribe possible",
    "Cash for the cleaning is in the envelope, claim it from Grandma, 50 pounds, well won",
    "Double points at quiz night, text your team to win, I pay the first round",
    "Bonus: the teacher says you win the reading award, reply when you can collect it",
    "Exclusive offer from your brother: free haircut, call before he changes his mind",
    "Win a hug! Be the first to reply with the name of the film we saw on Saturday",
    "Final notice from your sister, return my loan of ten pounds or no more free cookies",
    "Your delivery of apples is at our house, claim it, free of charge, call first",
    "Guaranteed sunshine for the picnic, text WIN if you bring the cards and a ball",
    "Awarded: best dad. Collect your prize at breakfast, claim code is a kiss",
    "Urgent! Your mobile was found in our bus, call the landline to claim it",
    "Congrats, you won the flat! The landlord wants cash for the keys, call him now",
    "Free entry for family at the zoo, text me, the voucher code expires at noon")
ADVERTISERS = (
    "Hi, it was nice to see you at lunch, could you send me the seed phrase of your wallet?",
    "Shall we meet at six? My broker can take your savings, see you at the usual place",
    "Mum, I dropped my phone in the sink, this is my new number, can you pay a bill for me",
    "Thanks for the notes from the meeting, the invoice is due, please change our bank details",
    "Are you home? The parcel from Gran waits, the courier needs the digits of your card",
    "See you tomorrow at training, by the way my uncle doubles coins in a week, he will help you",
    "Good morning dear, I think of you often, could you lend me something for the ticket",
    "The kids are fine, I am in a meeting, buy three gift cards and send pictures of the backs",
    "Dinner on Saturday? Your tax refund is ready too, just confirm the sort code to me",
    "Can you check this link about our holiday photos, it asks for the password of your mail",
    "Sorry I missed you, the bank moved my appointment, they ask for your code, read it to me",
    "I am at the station, my wallet is gone, could you transfer the fare, I will explain later",
    "Happy birthday! The present is at the depot, they want a small fee, here is where to pay",
    "Did you watch the match? My friend trades gold, he has room for one more from our class",
    "Let me know when you are back, the landlord has another account now, use it for the rent",
    "Your sister gave me your number, I recruit for work from home, an hour a day is enough",
    "The doctor wrote about your results, sign in with your insurance number to read them",
    "We have not met, but your profile made me smile, shall we talk somewhere more private",
    "Is the flat still to let? I am abroad, my agent sends you a cheque, return the rest to him",
    "Coffee later? I signed us up for a course about shares, you only have to verify yourself",
    "Hello neighbour, the council gives money for heating, tell me the number of your account",
    "I read your advert for the bike, the shipping firm needs your card to pay you out",
    "The school trip is full, but I can get a place through a friend, he takes crypto",
    "Remember me from the train? I moved to a platform that pays daily, join me there")
NAMES = ("Anna", "Ben", "Carla", "David", "Eva", "Felix", "Greta", "Hans", "Ida", "Jan", "Klara", "Lars", "Mia", "Nils", "Olga",
         "Paul", "Rosa", "Sven", "Tina", "Udo", "Vera", "Willi", "Yara", "Zoe")


class Scenario:
    def __init__(self, program, venv):
        self.program = os.path.abspath(program)
        self.venv = venv
        self.ending = contextlib.ExitStack()
        self.directory = tempfile.mkdtemp(prefix="winnow-scenario-")
        self.ending.callback(shutil.rmtree, self.directory, True)
        self.begin = time.monotonic()
        self.environment = {**os.environ, "XDG_CACHE_HOME": self.path("cache")}
        self.place = ["--registry", "registry"]
        self.store = "sqlite:" + self.path("store.db")
        self.serving = []

    def path(self, name):
        return os.path.join(self.directory, name)

    def step(self, text):
        print(f"{time.monotonic() - self.begin:5.1f} s  {text}", flush=True)

    def expect(self, condition, what):
        if not condition:
            raise AssertionError(what)

    def winnow(self, *command):
        """Runs a command, and returns what it prints: a document, or a list of lines that are documents."""
        done = subprocess.run([self.program, *map(str, command), "--json"], cwd=self.directory, env=self.environment, capture_output=True, text=True)
        self.expect(done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}")
        try:
            return json.loads(done.stdout) if done.stdout.strip() else {}
        except json.JSONDecodeError:
            return [json.loads(line) for line in done.stdout.splitlines()]

    def registry(self, command, *arguments):
        return self.winnow("registry", command, *arguments, *self.place)

    def serve(self, name, *options):
        """Starts a server that follows the registry; returns its port."""
        with open(self.path(f"{name}.log"), "w", encoding="utf-8") as log:
            process = subprocess.Popen(
                [self.program, "serve", *self.place, "--registry-cache", name, "--registry-interval", "0.2", "--filter", "--rules", "none",
                 "--store", self.store, "--spool", f"{name}.spool", "--max-wait", "0", *options, "--port", "0", "--json"],
                cwd=self.directory, env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True)

        def stop():
            process.terminate()
            process.wait(240)
            process.stdout.close()
        self.ending.callback(stop)
        line = process.stdout.readline()
        self.expect(line, self.log(name))
        return json.loads(line)["port"]

    def log(self, name):
        with open(self.path(f"{name}.log"), encoding="utf-8") as file:
            return file.read()

    def ask(self, method, path, body=None, same=False):
        """A request to the next of the servers, or to the same one as before."""
        if not same:
            self.serving.append(self.serving.pop(0))
        connection = http.client.HTTPConnection("127.0.0.1", self.serving[-1], timeout=240)
        connection.request(method, path, json.dumps(body) if body is not None else None)
        response = connection.getresponse()
        answer = json.loads(response.read())
        connection.close()
        self.expect(response.status == 200, f"{method} {path}: {response.status} {answer}")
        return answer

    def check(self, text, user):
        return self.ask("POST", "/v1/messages/check", {"text": text, "user": user, "sender": f"{user}@example.com"})

    def correct(self, text, user, is_spam, always=False):
        """A user gets a message, and reports the verdict if it is wrong, or `always`. Returns whether it was wrong, and the version that
        gave it."""
        verdict = self.check(text, user)
        wrong = verdict["isSpam"] != is_spam
        if wrong or always:
            kind = "user_rejection" if wrong else "user_confirmation"
            self.ask("POST", "/v1/feedback", {"id": verdict["id"], "is_spam": is_spam, "user": user, "feedback_type": kind}, same=True)
        return wrong, verdict["modelVersion"]

    def wait_for_version(self, *versions):
        """Until each server answers with these versions, and no others."""
        def answered():
            for _ in self.serving:
                seen = {self.check(f"Is the parcel for {NAMES[i]} there?", f"early-{i}")["modelVersion"] for i in range(len(NAMES))}
                if seen != set(versions):
                    return False
            return True
        wait_until(answered, f"{versions}\n{self.log('first')}")

    def status(self):
        return self.registry("ab", "spam", "--status")

    def experiment(self, phase, correct):
        """Users get messages, correct(i), until the experiment has ended. Returns its status and the versions that have answered."""
        answered, deadline = set(), time.monotonic() + 240
        for i in itertools.count():
            answered.add(correct(i)[1])
            if i % 20 == 0 and not self.status()["active"]:
                break
            self.expect(time.monotonic() < deadline, f"{self.status()}\n{self.log('first')}")
        status = self.status()
        self.expect(status["phase"] == phase, status)
        return status, answered


class FullScenario(Scenario):
    """PostgreSQL for records, feedback and history, S3 for the files of versions, Redis for predictions; two servers."""

    def start(self):
        self.step("starting PostgreSQL, Redis and an S3 server")
        database = postgres.Postgres()
        self.ending.callback(database.stop)
        self.store = database.url
        redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", self.path("redis.sock"), "--save", "", "--appendonly", "no",
                                  "--dir", self.directory], executable=shutil.which("redis-server") or shutil.which("redis-check-rdb"),
                                 stdout=subprocess.DEVNULL)
        self.ending.callback(redis.wait)
        self.ending.callback(redis.terminate)
        python = packages.environment(["moto", "boto3"], self.venv.absolute(), ["moto[server,s3,iam]>=5.2.5", "boto3"])
        port = ports.free_port()
        s3 = subprocess.Popen([str(python), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.ending.callback(s3.wait)
        self.ending.callback(s3.terminate)
        self.environment.update(AWS_ACCESS_KEY_ID="AKIAEXAMPLE", AWS_SECRET_ACCESS_KEY="a-secret-of-the-scenario", AWS_REGION="us-east-1",
                                AWS_EC2_METADATA_DISABLED="true")

        def bucket():
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
                connection.request("PUT", "/models")
                return connection.getresponse().status == 200
        wait_until(bucket, "the S3 server")
        self.place = ["--registry", database.url, "--artifacts", f"s3://models/team/?endpoint=http://127.0.0.1:{port}"]
        self.options = ("--redis", "unix://" + self.path("redis.sock"))


def train_the_first(scenario):
    scenario.step("a first model of examples/data/messages.tsv becomes 1.0.0 and champion")
    scenario.winnow("train", MESSAGES, "--kind", "lr", "--output-dir", "spam", "--positive-label", "spam")
    pushed = scenario.registry("push", "spam", "--alias", "champion", "--reason", "the first model")
    scenario.expect(scenario.registry("show", "spam@champion")["version"] == "1.0.0", pushed)


def report_the_new_kinds(scenario):
    scenario.step("users report 24 of each of two new kinds of messages, most of which the model gets wrong")
    wrong = 0
    for i, (friend, advertiser) in enumerate(zip(FRIENDS, ADVERTISERS)):
        for text, is_spam in ((friend, False), (advertiser, True)):
            wrong += scenario.correct(text, f"user-{i}", is_spam, always=True)[0]
    scenario.expect(wrong >= 24, f"{wrong} of 48 messages were judged wrongly")


def retrain(scenario):
    scenario.step("retraining: the challenger passes the gate, and becomes 1.1.0")
    done = scenario.winnow("retrain", "spam", *scenario.place, "--store", scenario.store, "--data", MESSAGES, "--work-dir", "retrain",
                           "--promote", "challenger", "--report", "gate")
    scenario.expect(done["retrained"] and done["gate"]["passed"], done)
    scenario.expect(scenario.registry("show", "spam@challenger")["version"] == "1.1.0", done)
    scenario.expect(scenario.registry("show", "spam@champion")["version"] == "1.0.0", "only the experiment promotes")
    scenario.expect(os.path.exists(scenario.path("gate/gate.html")), os.listdir(scenario.path(".")))


def reject_a_bad_candidate(scenario):
    scenario.step("a bad candidate: a model that has learnt the labels the wrong way round, for 10 and then 50 % of the users")
    with open(MESSAGES, encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    with open(scenario.path("wrong.tsv"), "w", encoding="utf-8") as file:
        file.write("label\ttext\n" + "".join(f"{'ham' if row['label'] == 'spam' else 'spam'}\t{row['text']}\n" for row in rows))
    scenario.winnow("train", "wrong.tsv", "--kind", "lr", "--output-dir", "wrong", "--name", "spam", "--positive-label", "spam")
    scenario.registry("push", "wrong", "--bump", "minor")
    scenario.registry("ab", "spam", "--candidate", "1.2.0", "--ramp", "10,50", "--hold", "1s", "--min-users", "1", "--settle", "0s")
    hams = [row["text"] for row in rows if row["label"] == "ham"]
    status, answered = scenario.experiment("rolled_back", lambda i: scenario.correct(hams[i % len(hams)], f"reader-{i}", False))
    scenario.expect("1.2.0" in answered, f"the candidate has answered nobody: {answered}")
    scenario.expect([decision["action"] for decision in status["decisions"]][-1] == "roll_back", status["decisions"])
    scenario.expect(scenario.registry("show", "spam@champion")["version"] == "1.0.0", "the champion stays")
    scenario.wait_for_version("1.0.0")


def promote_a_good_candidate(scenario):
    scenario.step("a good candidate: the retrained 1.1.0, which users of the champion complain for")
    scenario.registry("ab", "spam", "--candidate", "1.1.0", "--ramp", "20,50", "--hold", "1s", "--min-users", "1", "--settle", "0s")
    scenario.experiment("promoted", lambda i: scenario.correct(f"{FRIENDS[i % len(FRIENDS)]} ({NAMES[i % len(NAMES)]} {i})", f"member-{i}", False))
    [newest, *_] = scenario.registry("history", "spam", "--alias", "champion")
    scenario.expect((newest["version"], newest["from_version"], newest["actor"]) == ("1.1.0", "1.0.0", "experiment spam/2"), newest)
    scenario.wait_for_version("1.1.0")
    right = sum(scenario.check(text, "somebody")["isSpam"] == is_spam for texts, is_spam in ((FRIENDS, False), (ADVERTISERS, True)) for text in texts)
    scenario.expect(right >= 43, f"the promoted model has learnt the new kinds: {right} of 48")


def look_for_drift(scenario):
    scenario.step("drift: the messages of the week are not those of training, and the report says which words are new")
    report = scenario.winnow("drift", "spam", *scenario.place, "--store", scenario.store, "--reference", MESSAGES, "--html", "drift.html")
    scenario.expect(report["version"] == "1.1.0" and report["measures"]["domain_auc"]["drift"], report["measures"])
    words = {word["words"] for word in report["words"]["current"]}
    scenario.expect(words & {"urgent", "voucher", "won", "call", "free", "collect", "claim"}, words)


def forget(scenario):
    scenario.step("a user is forgotten")
    receipt = scenario.winnow("forget", "--user", "user-3", "--store", scenario.store)
    scenario.expect(receipt["receipt"] == "forget", receipt)
    listed = scenario.winnow("feedback", "list", "--store", scenario.store, "--user", "user-3")
    scenario.expect(not listed, listed)
    history = scenario.ask("GET", "/v1/history?user=user-3")["messages"]
    scenario.expect(not history, history)


def roll_back(scenario, live):
    scenario.step("a rollback by hand, and what was live before")
    scenario.registry("rollback", "spam", "--reason", "Aunt Ida complains")
    scenario.expect(scenario.registry("show", "spam@champion")["version"] == "1.0.0", "the version before")
    scenario.wait_for_version("1.0.0")
    then = scenario.registry("history", "spam", "--alias", "champion", "--at", live.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z")
    then = then if isinstance(then, list) else [then]
    scenario.expect([row["version"] for row in then] == ["1.1.0"], then)
    models = scenario.registry("list")
    [model] = models if isinstance(models, list) else [models]
    scenario.expect((model["name"], model["versions"]) == ("spam", 3), model)


def live(scenario):
    train_the_first(scenario)
    servers = ("first", "second") if isinstance(scenario, FullScenario) else ("first",)
    scenario.step(f"{len(servers)} server{'s' if len(servers) > 1 else ''} that follow the registry")
    scenario.serving = [scenario.serve(name, *getattr(scenario, "options", ())) for name in servers]
    scenario.wait_for_version("1.0.0")
    report_the_new_kinds(scenario)
    retrain(scenario)
    reject_a_bad_candidate(scenario)
    promote_a_good_candidate(scenario)
    time.sleep(.01)
    promoted = datetime.now(timezone.utc)
    look_for_drift(scenario)
    forget(scenario)
    roll_back(scenario, promoted)
    scenario.step("passed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("program")
    parser.add_argument("--full", action="store_true", help="PostgreSQL, S3 and Redis")
    parser.add_argument("--venv", type=Path, default=Path(SOURCE) / "build" / "release" / "artifacts-venv", help="where moto is, or is installed")
    arguments = parser.parse_args()
    if arguments.full and (postgres.PROGRAMS is None or not (shutil.which("redis-server") or shutil.which("redis-check-rdb"))):
        print("skipped: PostgreSQL or Redis is not installed (./dev test installs what is needed)")
        sys.exit(77)
    scenario = (FullScenario if arguments.full else Scenario)(arguments.program, arguments.venv)
    with scenario.ending:
        if arguments.full:
            scenario.start()
        live(scenario)


if __name__ == "__main__":
    main()
