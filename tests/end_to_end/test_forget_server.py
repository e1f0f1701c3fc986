"""A running server forgets what `winnow forget` removes, and its history is redacted."""
import json

import winnow
from forgetting import SECRET, USER, ForgetTest
from serving import ServingTest


class Server(ServingTest, ForgetTest):
    def post(self, path, body, status=200, headers=None):
        response, data = self.send("POST", path, body, headers)
        self.assertEqual(response.status, status, data)
        return json.loads(data)

    def check_message(self, text, user=USER):
        return self.post("/v1/messages/check", {"text": text, "user": user, "sender": "joe@example.com"})

    def start(self, *arguments):
        self.trained("--kind", "lr", output="spam")
        self.serve("spam", "--filter", "--store", self.path("store.db"), *arguments)

    def history(self, query=""):
        response, data = self.send("GET", "/v1/history" + query)
        self.assertEqual(response.status, 200, data)
        return json.loads(data)["messages"]

    def test_a_running_server_forgets_within_seconds(self):
        self.start("--redact-history", "none")
        verdict = self.check_message(SECRET)
        self.post("/v1/feedback", {"id": verdict["id"], "is_spam": True, "user": USER}, headers={"Idempotency-Key": "k7"})
        corrected = self.check_message(SECRET)
        self.assertEqual(corrected["source"], "reputation")
        self.wait_for(lambda: len(self.history()) == 2, "the history has the messages")
        receipt = self.forget("--text", SECRET, "--store", self.store)
        self.assertEqual((receipt["store"]["removed"]["feedback"], receipt["store"]["removed"]["messages"]), (1, 2))
        self.wait_for(lambda: self.check_message(SECRET, user=USER)["source"] != "reputation", "the memory has forgotten the correction")
        self.post("/v1/feedback", {"id": verdict["id"], "is_spam": True, "user": USER}, status=404)
        again = self.post("/v1/feedback", {"text": SECRET, "is_spam": True, "user": USER}, headers={"Idempotency-Key": "k7"})
        self.assertEqual(again["status"], "duplicate")
        self.assertNotIn(b"Oldershaw", self.export())

    def test_the_spool_of_a_running_server_is_free_of_it_too(self):
        self.start()
        record = {"text": SECRET, "feedback_type": "user_rejection", "source": "user", "is_spam": True, "idempotency_key": "k1", "created_at": "2026-11-28T20:00:00.000Z"}
        other = {**record, "text": "another text", "idempotency_key": "k2"}
        self.write("store.db.spool/rejected.jsonl", "".join(json.dumps({"reason": "why", "record": json.dumps(event)}) + "\n" for event in (record, other)))
        self.assertEqual(self.forget("--text", SECRET, "--store", self.store)["spool"]["removed"], 1)
        with open(self.path("store.db.spool", "rejected.jsonl"), encoding="utf-8") as file:
            (line,) = file.read().splitlines()
        self.assertIn("another text", line)

    def test_feedback_can_be_withdrawn(self):
        self.start()
        verdict = self.check_message(SECRET)
        self.post("/v1/feedback", {"id": verdict["id"], "is_spam": True, "user": USER})
        self.assertEqual(self.check_message(SECRET)["source"], "reputation")
        answer = self.post("/v1/feedback", {"id": verdict["id"], "forget": True, "user": USER})
        self.assertEqual((answer["feedback_type"], answer["is_spam"], answer["label"]), ("forget", None, None))
        self.assertNotEqual(self.check_message(SECRET)["source"], "reputation")
        self.assertEqual(self.export(), b"")
        for body in ({"id": verdict["id"], "forget": True, "is_spam": True}, {"id": verdict["id"], "forget": False}, {"forget": True},
                     {"id": verdict["id"], "forget": True, "feedback_type": "admin"}):
            self.post("/v1/feedback", body, status=422)

    def test_the_history_is_redacted_and_feedback_is_about_the_true_text(self):
        self.start()
        text = "Pay 4711 EUR at https://bank.example/login or write to joe@example.com"
        verdict = self.check_message(text)
        self.wait_for(lambda: len(self.history()) == 1, "the history has the message")
        (message,) = self.history()
        self.assertEqual(message["text"], "Pay 0000 EUR at https://redacted.invalid/ or write to name@redacted.invalid")
        self.assertEqual(len(self.history("?text=redacted.invalid")), 1)
        self.assertEqual(self.history("?text=4711"), [])
        self.assertEqual(self.holders("bank.example", "4711"), [])
        self.post("/v1/feedback", {"id": verdict["id"], "is_spam": True, "user": USER})
        self.assertEqual(json.loads(self.export())["text"], text, "a recent message is known")
        other = self.check_message(text + " 2")
        self.wait_for(lambda: len(self.history()) == 2, "the history has both messages")
        self.stop(self.process)
        self.serve("spam", "--filter", "--store", self.path("store.db"))
        error = self.post("/v1/feedback", {"id": other["id"], "is_spam": True, "user": "ben"}, status=422)
        self.assertIn("only the redacted text", error["error"])
        self.fails("feedback", "add", "--store", self.store, "--id", other["id"], "--label", "spam", code=2, says=["only the redacted text"])
        self.post("/v1/feedback", {"id": other["id"], "text": "another text", "is_spam": True, "user": "ben"}, status=422)
        self.post("/v1/feedback", {"id": other["id"], "text": text + " 2", "is_spam": True, "user": "ben"})
        self.post("/v1/feedback", {"id": verdict["id"], "is_spam": False, "user": USER})
        self.assertEqual([json.loads(line) for line in self.export().splitlines()],
                         [{"text": text, "label": "ham"}, {"text": text + " 2", "label": "spam"}], "earlier feedback has the text")
        receipt = self.forget("--text", text, "--store", self.store)
        self.assertEqual(receipt["store"]["removed"]["messages"], 1)

    def test_several_verdicts_are_corrected_at_once(self):
        self.start()
        ids = [self.check_message(f"the minutes of meeting number {i}")["id"] for i in range(3)]
        body = {"ids": ids + ["unknown"], "is_spam": True, "user": USER}
        self.wait_for(lambda: len(self.history()) == 3, "the history has the messages")
        results = self.post("/v1/feedback", body, headers={"Idempotency-Key": "k1"})["results"]
        self.assertEqual([(result["id"], result.get("status"), result.get("error_type")) for result in results],
                         [(id, "stored", None) for id in ids] + [("unknown", None, "NotFound")])
        self.assertEqual([result.get("status") for result in self.post("/v1/feedback", body, headers={"Idempotency-Key": "k1"})["results"][:3]], ["duplicate"] * 3)
        self.assertEqual(len(self.export().splitlines()), 3)
        self.post("/v1/feedback", {"ids": ids, "forget": True, "user": USER})
        self.assertEqual(self.export(), b"")
        for wrong in ([], ["x"] * 101, [""], [7], "x"):
            self.post("/v1/feedback", {"ids": wrong, "is_spam": True}, status=422)
        self.post("/v1/feedback", {"ids": ids, "id": ids[0], "is_spam": True}, status=422)

    def test_rules_are_tested_on_the_history(self):
        self.start()
        spam = self.check_message("zebra 71 at lunch")["id"]
        self.check_message("see you at noon")
        self.wait_for(lambda: len(self.history()) == 2, "the history has the messages")
        self.post("/v1/feedback", {"id": spam, "is_spam": True, "feedback_type": "admin"})
        self.write("new.toml", "[actions]\nspam = 5\n[[rule]]\nname = \"ZEBRA\"\nscore = 7.0\npattern = 'zebra'\n")
        out = json.loads(self.winnow("rules", "test", self.path("new.toml"), "--store", self.store, "--since", "1h", "--json")[0])
        before = {message["id"]: message["isSpam"] for message in self.history()}
        self.assertEqual((out["messages"], out["to_spam"]), (2, 0 if before[spam] else 1))
        (rule,) = [rule for rule in out["rules"] if rule["name"] == "ZEBRA"]
        self.assertEqual((rule["hits"], rule["precision"]), (1, 1))
        self.assertEqual(json.loads(self.winnow("rules", "test", self.path("new.toml"), "--store", self.store, "--until", "1h", "--json")[0])["messages"], 0)
        stats = json.loads(self.winnow("rules", "stats", "--store", self.store, "--json")[0])
        self.assertEqual((stats["messages"], stats["known"]), (2, 1))
        self.assertIn("people know what 1 of them", self.winnow("rules", "stats", "--store", self.store)[0])
        self.fails("rules", "test", self.path("new.toml"), "--store", self.store, "--since", "soon", code=2, says=["--since: 'soon'"])
        self.fails("rules", "test", self.path("new.toml"), "--since", "7d", code=2, says=["require --store"])

    def test_redaction_can_be_chosen(self):
        self.start("--redact-history", "numbers")
        self.check_message("call 4711 or https://x.example/a")
        self.wait_for(lambda: self.history(), "the history has the message")
        self.assertEqual(self.history()[0]["text"], "call 0000 or https://x.example/a")
        self.fails("serve", "spam", "--filter", "--store", "store.db", "--redact-history", "names", code=2, says=["--redact-history: 'names'"])


if __name__ == "__main__":
    winnow.main()
