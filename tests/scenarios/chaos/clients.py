"""The load: what many clients do at once. Each actor is one thread, draws from its own generator, and writes down what was acknowledged."""
import contextlib
import hashlib
import random
import socket
import subprocess
import threading
import time
import urllib.parse

from ledger import UNKNOWN, Client

WORDS = ("amber anchor apricot arrow badger bamboo barley basket beacon birch blanket bottle bridge butter cabin candle canyon carpet castle cedar cherry "
         "clover cobalt copper coral cotton cradle crystal curtain dagger daisy desert dolphin dragon eagle ember falcon feather fennel ferry fiddle flint "
         "forest fountain garlic ginger granite hammer harbor hazel helmet honey hornet island ivory jacket jungle kettle ladder lantern lemon lilac linen "
         "lizard lobster magnet maple marble meadow mirror mitten monsoon mustard needle nutmeg oatmeal olive orchid otter oyster paddle panther parsley "
         "pebble pepper pigeon pillow planet plum pocket pumpkin quartz rabbit radish raven ribbon river rocket saddle salmon sapphire shadow silver spider "
         "spruce squirrel statue sugar sunset swallow tablet temple thimble thunder tiger timber tulip turnip turtle valley velvet violet walnut whistle "
         "willow window winter yellow zephyr").split()


class Actor:
    """`pause`: mean seconds between two acts."""
    pause = .2

    def __init__(self, chaos, server=None):
        self.chaos, self.ledger, self.client = chaos, chaos.ledger, Client(chaos.ledger)
        self.name = type(self).__name__ + (f" {server.name}" if server else "")
        self.server = server
        self.draw = random.Random(f"{chaos.seed} {self.name}")
        self.number = 0
        self.prepare()

    def prepare(self):
        pass

    def act(self):
        raise NotImplementedError

    def any_server(self):
        return self.draw.choice(self.chaos.servers)

    def run(self, stopping):
        while not stopping.is_set():
            self.number += 1
            try:
                self.act()
            except Exception as exception:  # a fault of this test, which must not pass for a silent client
                self.ledger.fail(f"{self.name}: {exception!r}")
                raise
            stopping.wait(self.draw.expovariate(1 / self.pause))


class Classify(Actor):
    """Predictions by every model and every name; each must be that of the program before the faults."""
    pause = .08

    def act(self):
        texts = self.draw.sample(self.chaos.texts, self.draw.choice((1, 1, 1, 4, 16)))
        body = {"texts": texts}
        if model := self.draw.choice((None, "spam", "deep", "deep", "spam@champion")):
            body["model"] = model
        if self.draw.random() < .1:
            body["cache"] = "no-store"
        server = self.any_server()
        status, answer = self.client.ask(server, "answer", "POST", "/v1/classify", body)
        if status != 200:
            return
        expected = self.ledger.expected.get((answer["model"], answer["version"]))
        if expected is None:
            return self.ledger.fail(f"{server.name} answers by {answer['model']}:{answer['version']}, which nobody has made")
        for text, result in zip(texts, answer["results"], strict=True):
            if result != expected[text]:
                self.ledger.fail(f"{server.name}, {answer['model']}:{answer['version']}, {text!r}: {result} in place of {expected[text]}")
        self.ledger.count(f"right predictions by {answer['model']}")


class ClassifyToo(Classify):
    pass


class Check(Actor):
    """Verdicts of the filter for users who have corrected nothing; each must be in the history later."""
    pause = .1

    def act(self):
        server, text = self.any_server(), self.draw.choice(self.chaos.texts)
        user = f"reader-{self.draw.randrange(200)}"
        status, answer = self.client.ask(server, "answer", "POST", "/v1/messages/check", {"text": text, "user": user, "model": "spam"} if self.draw.random() < .3 else {"text": text, "user": user})
        if status != 200:
            return
        with self.ledger.lock:
            self.ledger.verdicts[answer["id"]] = (time.monotonic(), server.name)
        now = time.monotonic()
        if answer["source"] == "fallback":
            if not self.ledger.faults(now - 1, now, server.name):
                self.ledger.fail(f"{server.name}: a verdict without the model: {answer}")
            return self.ledger.count("verdicts without the model")
        expected = self.chaos.verdicts.get(answer["modelVersion"])
        if expected is None:
            return self.ledger.fail(f"{server.name} decides by version {answer['modelVersion']}, which nobody has made")
        for field in ("isSpam", "score", "source", "symbols"):
            if answer[field] != expected[text][field]:
                self.ledger.fail(f"{server.name}, verdict by {answer['modelVersion']} about {text!r}: {answer} in place of {expected[text]}")
                break
        self.ledger.count("right verdicts")


class Report(Actor):
    """Feedback, some of it twice, by ID, or withdrawn. An error is repeated with the same key until it is acknowledged, as clients do."""
    pause = .25

    def text(self):
        return f"{' '.join(self.draw.sample(WORDS, 9))} {self.chaos.seed}-{self.number}"

    def send(self, server, key, body):
        """True once it is acknowledged."""
        event = {"key": key, "text": body.get("text"), "user": body["user"], "forget": body.get("forget", False), "is_spam": body.get("is_spam"), "acknowledged": False}
        with self.ledger.lock:
            event = self.ledger.feedback.setdefault(key, event)
        for _ in range(4):
            status, answer = self.client.ask(server, "feedback", "POST", "/v1/feedback", body, {"Idempotency-Key": key})
            if status == 200:
                self.ledger.count(f"feedback {answer['status']}")
                event["acknowledged"] = True
                return True
            time.sleep(.3)
            server = self.any_server()
        return False

    def act(self):
        server, user = self.any_server(), f"reporter-{self.number}"
        key, text, is_spam = f"r{self.chaos.seed}-{self.number}", self.text(), self.draw.random() < .5
        begin = time.monotonic()
        body = {"text": text, "user": user, "is_spam": is_spam, **({"sender": f"{user}@example.com"} if self.draw.random() < .3 else {})}
        if not self.send(server, key, body):
            return
        if self.draw.random() < .3:
            self.memory(server, text, user, is_spam, begin)
        if self.draw.random() < .1:  # the same once more, to whichever server
            self.send(self.any_server(), key, body)
        if self.draw.random() < .25:
            self.send(self.any_server(), key + "-undo", {"text": text, "user": user, "forget": True})

    def memory(self, server, text, user, is_spam, begin):
        """The correction acts at once for the user who has made it."""
        status, answer = self.client.ask(server, "answer", "POST", "/v1/messages/check", {"text": text, "user": user})
        if status != 200:
            return
        with self.ledger.lock:
            self.ledger.verdicts[answer["id"]] = (time.monotonic(), server.name)
        names = {symbol["name"] for symbol in answer["symbols"]}
        if ("MEMORY_SPAM" if is_spam else "MEMORY_HAM") not in names and not self.ledger.faults(begin, time.monotonic(), server.name):
            self.ledger.fail(f"{server.name}: the correction by {user} has no effect: {answer}")
        self.ledger.count("corrections seen")


class Settings(Actor):
    """Preferences of users and lists of senders."""
    pause = .4

    def act(self):
        server, name = self.any_server(), self.draw.randrange(30)
        if self.draw.random() < .5:
            what, path = ("preferences", f"user-{name}"), f"/v1/users/user-{name}/preferences"
            value = self.draw.choice(("strict", "moderate", "lenient"))
            body = {"mode": value}
        else:
            what, path = ("sender", f"s{name}@example.org"), f"/v1/senders/{urllib.parse.quote(f's{name}@example.org')}"
            value = self.draw.choice(("allow", "deny"))
            body = {"list": value}
        status, _ = self.client.ask(server, "store", "PUT", path, body)
        with self.ledger.lock:
            self.ledger.register(what[0], None, what[1]).write(value, self.client.outcome(status))


class Rules(Actor):
    """Rules and the must-pass list of one server."""
    pause = .8

    def rule(self, name, score):
        return f'[[rule]]\nname = "{name}"\nscore = {score}\npattern = \'(?i){name.lower()}token\'\n'

    def changed(self, status):
        """A change of a rule that has an entry in the audit log."""
        if status == 200:
            self.ledger.count(f"rules changed on {self.server.name}")

    def act(self):
        if self.draw.random() < .6:
            name = f"CHAOS_{self.server.name.upper()}{self.draw.randrange(12)}"
            register = self.ledger.register("rule", self.server.name, name)
            if self.draw.random() < .25:
                status, _ = self.client.ask(self.server, "files", "DELETE", f"/v1/rules/{name}", accepts=(200, 404))
                register.write(None, True if status == 404 else self.client.outcome(status))
                self.changed(status)
            else:
                score = self.draw.randint(1, 9)
                status, _ = self.client.ask(self.server, "files", "PUT", f"/v1/rules/{name}", {"rule": self.rule(name, score)})
                register.write(score, self.client.outcome(status))
                self.changed(status)
        else:
            name = f"must pass {self.draw.randrange(30)}"
            is_spam = self.draw.random() < .5
            status, _ = self.client.ask(self.server, "files", "PUT", "/v1/must-pass", {"text": name, "isSpam": is_spam})
            self.ledger.register("must-pass", self.server.name, name).write(is_spam, self.client.outcome(status))


class Review(Actor):
    """Two people label the texts of one server, and take labels back."""

    def prepare(self):
        self.pause = self.chaos.review_pause
        self.done = {"anna": [], "bob": []}  # what each has labelled, in order

    def register(self, item):
        return self.ledger.register("review", self.server.name, item)

    def act(self):
        reviewer = self.draw.choice(("anna", "bob"))
        if self.draw.random() < .15:
            return self.undo(reviewer)
        status, answer = self.client.ask(self.server, "answer", "GET", f"/v1/review/next?set=chaos&reviewer={reviewer}&count=2")
        if status != 200 or not answer["items"]:
            return
        items = {item["item"]: item["text"] for item in answer["items"] if isinstance(item["text"], str)}
        labels = {item: self.draw.choice(("ham", "spam")) for item in items}
        status, _ = self.client.ask(self.server, "files", "POST", "/v1/review/label", {"set": "chaos", "reviewer": reviewer, "count": 0,
                                                                                         "labels": [{"item": item, "label": label} for item, label in labels.items()]})
        outcome = self.client.outcome(status)
        for item, label in labels.items():
            self.register(items[item]).write(label, outcome)
            if outcome is not False:
                self.done[reviewer].append(items[item])

    def undo(self, reviewer):
        status, answer = self.client.ask(self.server, "files", "POST", "/v1/review/undo", {"set": "chaos", "reviewer": reviewer})
        if status == 200:
            if answer["item"] is not None:
                self.register(answer["item"]["text"]).write(None, True)
                self.ledger.count("labels withdrawn")
        elif self.client.outcome(status) is UNKNOWN:  # it may have been any of the last ones, which the server may have or lack
            for text in self.done[reviewer][-4:]:
                self.register(text).write(None, UNKNOWN)


class Files(Actor):
    """Uploads to the workspace of one server, in pieces."""
    pause = 1

    def act(self):
        name = f"upload-{self.draw.randrange(8)}.tsv"
        contents = ("label\ttext\n" + "".join(f"{self.draw.choice(('ham', 'spam'))}\t{' '.join(self.draw.sample(WORDS, 5))}\n" for _ in range(self.draw.randrange(5, 400)))).encode()
        cut = self.draw.randrange(len(contents)) if self.draw.random() < .5 else 0
        pieces = [(0, contents[:cut], "false"), (cut, contents[cut:], "true")] if cut else [(0, contents, "true")]
        register = self.ledger.register("file", self.server.name, name)
        for offset, piece, final in pieces:
            status, _ = self.client.ask(self.server, "files", "PUT", f"/v1/data/{name}?offset={offset}&final={final}&replace=true", piece, accepts=(200, 201))
            if status not in (200, 201):
                if final == "true":
                    register.write(hashlib.sha256(contents).hexdigest(), self.client.outcome(status))
                return
        register.write(hashlib.sha256(contents).hexdigest(), True)


class Jobs(Actor):
    """Trainings and checks of data by one server; those that were interrupted are resumed."""
    pause = 4

    def act(self):
        status, answer = self.client.ask(self.server, "files", "GET", "/v1/jobs?state=interrupted&limit=20")
        if status == 200 and answer["jobs"] and self.draw.random() < .7:
            job = self.draw.choice(answer["jobs"])["id"]
            self.client.ask(self.server, "files", "POST", f"/v1/jobs/{job}/resume", accepts=(200, 202, 409, 429))
            return
        body = {"kind": "doctor", "data": "messages.tsv"}
        if self.draw.random() < .3:
            body = {"kind": "evaluate", "data": "messages.tsv", "model": "deep"}
        status, answer = self.client.ask(self.server, "files", "POST", "/v1/jobs", body, accepts=(200, 201, 202, 429))
        if status in (200, 201, 202):
            with self.ledger.lock:
                self.ledger.jobs[self.server.name, answer["id"]] = body["kind"]


class Lifecycle(Actor):
    """Versions that are pushed, promoted and rolled back, and experiments."""

    def prepare(self):
        self.pause = self.chaos.lifecycle_pause
        self.experimenting = False

    def versions(self):
        with self.ledger.lock:
            return list(self.ledger.versions)

    def act(self):
        way = self.draw.choice(("push", "promote", "promote", "rollback", "begin", "begin", "end"))
        server = self.any_server()
        reason = f"chaos {self.number}"
        if way == "push":
            return self.push()
        if way == "promote":
            status, answer = self.client.ask(server, "registry", "POST", "/v1/registry/spam/promote", {"version": self.draw.choice(self.versions()), "reason": reason}, accepts=(200, 409))
        elif way == "rollback":
            status, answer = self.client.ask(server, "registry", "POST", "/v1/registry/spam/rollback", {"reason": reason}, accepts=(200, 404, 409, 422))
        elif way == "begin":
            candidate = self.draw.choice(self.versions())
            status, answer = self.client.ask(server, "registry", "POST", "/v1/registry/spam/ab", {"candidate": candidate, "percent": 30}, accepts=(200, 409, 422))
            if status == 200 and "experiment" in answer:
                with self.ledger.lock:
                    self.ledger.experiments.append(answer["experiment"])
            return
        else:
            self.client.ask(server, "registry", "POST", "/v1/registry/spam/ab/stop", {"reason": reason}, accepts=(200, 404, 409, 422))
            return
        if status == 200 and answer.get("changed", True) and answer.get("reason") == reason:
            with self.ledger.lock:
                self.ledger.reasons.append(reason)

    def push(self):
        bundle = self.chaos.path("scratch", f"bundle{self.number}")
        if not self.chaos.make_bundle(bundle, self.draw.uniform(.05, 5)):
            return
        done = subprocess.run([self.chaos.program, "registry", "push", bundle, *self.chaos.store.registry, "--bump", "minor", "--json"], cwd=self.chaos.directory,
                              capture_output=True, text=True)
        if done.returncode == 0:
            self.ledger.count("versions pushed")
        else:
            self.ledger.count("pushes that failed")
            now = time.monotonic()
            if not [w for w in self.ledger.faults(now - 30, now, None) if w.name in ("disk", "database", "lock")]:
                self.ledger.fail(f"push: {done.stderr}")
        self.chaos.learn_versions(bundle, done)


class Operator(Actor):
    """Reloads, another default model, and looking at everything."""
    pause = .5
    PAGES = (("store", "/v1/history?limit=20"), ("store", "/v1/audit?limit=20"), ("answer", "/v1/operation"), ("answer", "/metrics"), ("answer", "/models"), ("answer", "/v1/session"),
             ("store", "/v1/senders?limit=10"), ("store", "/v1/preferences?limit=10"), ("answer", "/v1/review/chaos"), ("answer", "/v1/data"), ("answer", "/v1/workspace/models"),
             ("answer", "/openapi.json"), ("answer", "/health"), ("store", "/v1/rules"), ("answer", "/v1/must-pass"), ("registry", "/v1/registry/spam"))

    def act(self):
        server = self.any_server()
        way = self.draw.randrange(10)
        if way == 0:
            with contextlib.suppress(ProcessLookupError):  # killed just now
                if not self.chaos.being_killed.is_set():
                    server.process.send_signal(1)
                    self.ledger.count("reloads")
        elif way == 1:
            model = self.draw.choice(("deep", "spam"))
            status, _ = self.client.ask(server, "files", "POST", "/models/switch", {"model": model})
            self.ledger.register("default", server.name, "model").write(model, self.client.outcome(status))
        else:
            kind, path = self.draw.choice(self.PAGES)
            self.client.ask(server, kind, "GET", path)


class Slow(Actor):
    """Clients that send a byte at a time, read nothing, or leave."""
    pause = .1

    def act(self):
        body = b'{"texts": [' + b",".join(b'"slow"' for _ in range(3000)) + b"]}"
        head = b"POST /v1/classify HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
        with contextlib.suppress(OSError), socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.settimeout(10)
            connection.connect(("127.0.0.1", self.any_server().port))
            way = self.draw.randrange(3)
            if way == 0:  # sends a byte at a time, until the server has enough of it
                for byte in head[:self.draw.randrange(60)]:
                    connection.send(bytes([byte]))
                    time.sleep(.05)
            elif way == 1:  # does not read
                connection.sendall(head + body)
                time.sleep(self.draw.uniform(.1, 1))
            else:
                connection.sendall(head + body[:self.draw.randrange(len(body))])
            self.ledger.count("slow clients")


class SlowToo(Slow):
    pass


def threads(actors, stopping):
    """Starts them; returns the threads."""
    started = [threading.Thread(target=actor.run, args=(stopping,), name=actor.name) for actor in actors]
    for thread in started:
        thread.start()
    return started


def crew(chaos):
    """The actors, of which those of a server write what it alone has."""
    everywhere = [Classify, ClassifyToo, Check, Report, Settings, Lifecycle, Operator, Slow, SlowToo]
    return [kind(chaos) for kind in everywhere] + [kind(chaos, server) for server in chaos.servers for kind in (Rules, Review, Files, Jobs)]
