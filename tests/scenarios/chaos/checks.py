"""After all faults: everything that was acknowledged is there."""
import hashlib
import json
import subprocess
import time

from places import wait_until

KILL_LOSES = 5  # seconds: the history is written "a moment after each verdict" (docs/operations.md); two busy cores are given this long


class Checks:
    def __init__(self, chaos):
        self.chaos, self.ledger = chaos, chaos.ledger
        self.found = {}

    def expect(self, condition, message):
        if not condition:
            self.ledger.fail(message)

    def get(self, server, path):
        status, answer = self.chaos.client.ask(server, "check", "GET", path)
        return answer if status == 200 else {}

    def state_of(self, what):
        with self.ledger.lock:
            return {(server, name): register.possible for (kind, server, name), register in self.ledger.registers.items() if kind == what}

    def compare(self, what, found):
        """found: {(server, name): value}"""
        wanted = self.state_of(what)
        for key, possible in wanted.items():
            self.expect(found.get(key) in possible, f"{what} {key}: {found.get(key)!r} was found, {possible!r} was acknowledged")
        self.found[what] = len(wanted)

    def by_the_servers(self):
        """What the servers say."""
        rules, must_pass, reviews, files = {}, {}, {}, {}
        for server in self.chaos.servers:
            for rule in self.get(server, "/v1/rules").get("rules", []):
                rules[server.name, rule["name"]] = rule["score"]
            for message in self.get(server, "/v1/must-pass").get("messages", []):
                must_pass[server.name, message["text"]] = message["isSpam"]
            status, _ = self.chaos.client.ask(server, "check", "POST", "/v1/review/chaos/export", {"name": "exported", "with_given": False, "replace": True}, accepts=(200, 422))
            if status == 200:
                for line in self.get(server, "/v1/data/exported.tsv").decode().splitlines()[1:]:
                    label, text = self.chaos.columns(line)
                    reviews[server.name, text] = label
            for (name, file) in self.state_of("file"):
                if name == server.name:
                    status, contents = self.chaos.client.ask(server, "check", "GET", f"/v1/data/{file}", accepts=(200, 404))
                    files[name, file] = hashlib.sha256(contents).hexdigest() if status == 200 else None
            self.jobs(server)
        self.compare("rule", rules)
        self.compare("must-pass", must_pass)
        self.compare("review", reviews)
        self.compare("file", files)

    def jobs(self, server):
        mine = [job for name, job in self.ledger.jobs if name == server.name]
        for job in mine:
            answer = self.get(server, f"/v1/jobs/{job}")
            self.expect(answer.get("id") == job, f"job {job} of {server.name} is lost: {answer}")
        self.found["job"] = self.found.get("job", 0) + len(mine)

    def feedback(self, patience=240):
        """Every event that was acknowledged is in the store, and none is there twice."""
        def missing():
            rows = self.chaos.store.rows("SELECT text, user_id, feedback_type, is_spam, COUNT(*) AS n FROM spam_feedback GROUP BY text, user_id, feedback_type, is_spam")
            self.stored = {(text, user, kind == "forget", None if is_spam is None else bool(is_spam)): n for text, user, kind, is_spam, n in rows}
            return [key for key, event in self.ledger.feedback.items() if event["acknowledged"] and self.place(event) not in self.stored]
        try:
            wait_until(lambda: not missing(), "the feedback that waited", patience)
        except AssertionError:
            self.ledger.fail(f"feedback was acknowledged and is lost: {missing()[:10]} of {len(self.ledger.feedback)}")
        twice = [place for place, n in self.stored.items() if n > 1]
        self.expect(not twice, f"feedback is stored twice: {twice[:5]}")
        known = {self.place(event) for event in self.ledger.feedback.values()}
        self.expect(set(self.stored) <= known, f"feedback that nobody gave: {list(set(self.stored) - known)[:5]}")
        self.found["feedback"] = sum(event["acknowledged"] for event in self.ledger.feedback.values())

    @staticmethod
    def place(event):
        return event["text"], event["user"], event["forget"], event["is_spam"]

    def settings(self):
        rows = self.chaos.store.rows("SELECT user_id, mode FROM preferences")
        self.compare("preferences", {(None, user): mode for user, mode in rows})
        rows = self.chaos.store.rows("SELECT sender, kind, score FROM reputation WHERE user_id = ''")
        self.compare("sender", {(None, sender): kind for sender, kind, score in rows if kind in ("allow", "deny") and score > 0})

    def may_be_lost(self, begin, name):
        """A verdict that a kill came after, before the store had been well for a while."""
        with self.ledger.lock:
            windows = list(self.ledger.windows)
        for end in (w for w in windows if w.name in ("kill", "restart") and w.server == name and w.begin >= begin - .5):
            last = end.begin if end.name == "kill" else end.end or end.begin
            well = last - begin
            for w in windows:
                if w.name in ("database", "lock", "disk") and w.begin < last and (w.end or last) + 8 > begin:
                    well -= min((w.end or last) + 8, last) - max(w.begin, begin)
            if well < KILL_LOSES and (end.name == "kill" or well < last - begin):  # who ends cleanly writes what waits, unless the store is down
                return True
        return False

    def history(self, patience=240):
        def missing():
            stored = {row[0] for row in self.chaos.store.rows("SELECT message_id FROM messages")}
            return [(i, *where) for i, where in self.ledger.verdicts.items() if i not in stored]
        deadline = time.monotonic() + patience
        while [m for m in missing() if not self.may_be_lost(*m[1:])] and time.monotonic() < deadline:
            time.sleep(.3)
        lost = missing()
        wrong = [m for m in lost if not self.may_be_lost(*m[1:])]
        self.expect(not wrong, f"{len(wrong)} verdicts are not in the history, the first: {[(round(m[1] - self.ledger.begin, 1), m[2]) for m in wrong[:10]]}")
        self.found["history"] = len(self.ledger.verdicts) - len(lost)
        self.found["history lost by kills, as documented"] = len(lost)

    def audit(self):
        """Each change of a rule of the server that was never killed has its entry in the audit log, and no other."""
        name = self.chaos.servers[1].name
        changes = self.ledger.counts.get(f"rules changed on {name}", 0)

        def entries():
            return self.chaos.store.rows(f"SELECT COUNT(*) AS n FROM audit_log WHERE action LIKE 'rules.%' AND subject LIKE 'CHAOS#_{name.upper()}%' ESCAPE '#'")[0][0]
        unanswered = sum(n for kind, n in self.ledger.counts.items() if kind.startswith("files ") and kind != "files 200")
        deadline = time.monotonic() + 240
        while entries() < changes and time.monotonic() < deadline:
            time.sleep(.3)
        self.expect(changes <= entries() <= changes + unanswered, f"{changes} rules of {name} were changed, the audit log has {entries()}")
        self.found["entry of the audit log"] = entries()

    def registry(self):
        def command(*arguments):
            out = subprocess.run([self.chaos.program, "registry", *arguments, *self.chaos.store.registry, "--json"], cwd=self.chaos.directory, capture_output=True, text=True)
            self.expect(out.returncode == 0, f"registry {arguments}: {out.stderr}")
            return [json.loads(line) for line in out.stdout.splitlines()]
        versions = {version["version"] for version in command("list", "spam")}
        for version in self.ledger.versions:
            self.expect(version in versions, f"version {version} was pushed and is lost")
        for version in sorted(versions)[-3:]:
            command("pull", f"spam:{version}", "--output", self.chaos.path("scratch", f"pulled-{version}"))
            done = subprocess.run([self.chaos.program, "verify", self.chaos.path("scratch", f"pulled-{version}")], capture_output=True, text=True)
            self.expect(done.returncode == 0, f"version {version} is damaged: {done.stderr}")
        changes = self.chaos.store_rows_of_registry("SELECT reason FROM aliases WHERE alias = 'champion' ORDER BY sequence")
        reasons = [reason for (reason,) in changes if reason in set(self.ledger.reasons)]
        self.expect(reasons == self.ledger.reasons, f"changes of the champion: {reasons} were found, {self.ledger.reasons} acknowledged")
        sequences = [row[0] for row in self.chaos.store_rows_of_registry("SELECT sequence FROM aliases WHERE alias = 'champion' ORDER BY sequence")]
        self.expect(sequences == list(range(1, len(sequences) + 1)), f"the history of the champion has gaps: {sequences}")
        numbers = {f"spam/{row[0]}" for row in self.chaos.store_rows_of_registry("SELECT number FROM experiments")}
        for experiment in self.ledger.experiments:
            self.expect(experiment in numbers, f"experiment {experiment} is lost")
        self.found.update({"version": len(self.ledger.versions), "change of an alias": len(self.ledger.reasons), "experiment": len(self.ledger.experiments)})

    def notice(self):
        """The checks of the store fail if something is missing: one thing of each kind is taken away. After the servers have ended."""
        self.ledger.log("what was stored is taken away, to see whether the checks notice")
        with self.ledger.lock:
            kept, self.ledger.wrong, self.ledger.word = self.ledger.wrong, [], "noticed"
        event = next(event for event in self.ledger.feedback.values() if event["acknowledged"])
        store = self.chaos.store
        lost = next(i for i, where in self.ledger.verdicts.items() if not self.may_be_lost(*where))
        user = next(name for (_, name), possible in self.state_of("preferences").items() if None not in possible)
        for statement in (f"DELETE FROM spam_feedback WHERE text = '{event['text']}'", f"DELETE FROM messages WHERE message_id = '{lost}'", f"UPDATE preferences SET mode = 'none' WHERE user_id = '{user}'"):
            store.change(statement)
        self.feedback(patience=0)
        self.history(patience=0)
        self.settings()
        noticed, self.ledger.wrong, self.ledger.word = self.ledger.wrong, kept, "wrong"
        for words in ("feedback was acknowledged and is lost", "verdicts are not in the history", "preferences"):
            self.expect(any(words in message for message in noticed), f"the test does not notice: {words}")

    def integrity(self):
        if hasattr(self.chaos.store, "whole"):
            self.expect(self.chaos.store.whole(), "the SQLite file is damaged")
