"""The message filter extension of iOS: requests as iOS sends them, with the API key in the path."""
import json
import urllib.parse

import winnow
from serving import ServingTest

SPAM = "You won! Claim your prize now"
HAM = "See you at lunch"


def query(text, sender="14085550001", **more):
    return {"_version": 1, "query": {"sender": sender, "message": {"text": text}}, "app": {"version": "1.1"}, **more}


class AppleTest(ServingTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="spam")

    def ask(self, body, key="none", headers=None):
        response, data = self.send("POST", f"/apple/message-filter/{key}", body, {"Accept": "*/*", "Content-Type": "application/json; charset=utf-8", **(headers or {})})
        return response.status, json.loads(data)

    def test_spam_is_junk_and_other_messages_are_allowed(self):
        self.serve("spam", "--filter")
        self.assertEqual(self.ask(query(SPAM)), (200, {"action": "junk", "subAction": "none"}))
        self.assertEqual(self.ask(query(HAM)), (200, {"action": "allow", "subAction": "none"}))
        self.assertEqual(self.ask(query("")), (200, {"action": "allow", "subAction": "none"}))
        self.assertEqual(self.ask(query("\u00a1Hola! \U0001F600 \u4f60\u597d", sender=None))[1]["action"], "allow")

    def test_fields_that_apple_may_add_are_ignored(self):
        self.serve("spam", "--filter")
        body = query(SPAM, receiver={"country": "DE"})
        body["query"]["receiverISOCountryCode"] = "DE"
        body["query"]["message"]["attachments"] = [1]
        body["_version"] = 2
        self.assertEqual(self.ask(body)[1]["action"], "junk")
        del body["app"], body["_version"], body["query"]["sender"]
        self.assertEqual(self.ask(body)[1]["action"], "junk")

    def test_requests_that_are_not_apples_are_refused(self):
        self.serve("spam", "--filter")
        for body, says in (({}, "'query' must be an object"), ({"query": 7}, "'query' must be an object"), ({"query": {}}, "'query.message' must be an object"),
                           ({"query": {"message": {}}}, "'query.message.text' is missing"), ({"query": {"message": {"text": 7}}}, "must be a string"),
                           (query(HAM, sender=7), "'sender' must be a string"), (query(HAM, sender="1" * 2000), "at most 1024"), ([], "JSON object")):
            status, answer = self.ask(body)
            self.assertEqual(status, 422, answer)
            self.assertIn(says, answer["error"])
        self.assertEqual(self.ask("{")[0], 400)
        self.assertEqual(self.send("GET", "/apple/message-filter/none")[0].status, 405)
        self.assertEqual(self.send("POST", "/apple/message-filter", query(HAM))[0].status, 404)

    def test_the_sender_counts(self):
        self.serve("spam", "--filter", "--store", "store.db")
        response, _ = self.send("PUT", "/v1/senders/" + urllib.parse.quote("+1 408 555 0001"), {"list": "deny"})
        self.assertEqual(response.status, 200)
        self.assertEqual(self.ask(query(HAM, sender="+14085550001"))[1]["action"], "junk")
        self.assertEqual(self.ask(query(HAM, sender="+14085550002"))[1]["action"], "allow")

    def test_the_key_is_in_the_path_and_nowhere_else(self):
        key = self.winnow("keys", "add", "keys", "--name", "phones", "--role", "classify")[0].strip()
        wrong = self.winnow("keys", "add", "other", "--name", "phones", "--role", "classify")[0].strip()
        admin = self.winnow("keys", "add", "keys", "--name", "admin", "--role", "admin")[0].strip()
        self.serve("spam", "--filter", "--api-key-file", "keys", "--access-log", "access.jsonl", "--access-log-texts", "--log-level", "debug")
        self.assertEqual(self.ask(query(SPAM), key)[1]["action"], "junk")
        self.assertEqual(self.ask(query(SPAM), key.replace("wk_", "%77k_"))[1]["action"], "junk")
        for refused in (wrong, "none", key[:-1], key + "x"):
            status, answer = self.ask(query(SPAM), refused)
            self.assertEqual((status, answer["error_type"]), (401, "Unauthorized"))
        self.assertEqual(self.ask(query(SPAM), "none", {"X-API-Key": key})[0], 401)
        # Mistakes that people make with the URL.
        for path in (f"/apple/message-filter/{key}/x", f"/apple/message_filter/{key}", f"//apple/message-filter/{key}", f"/apple/message-filter/x/{key}",
                     f"/apple/message-filter/{key}?a={key}", f"/v1/users/{key}/preferences"):
            _, data = self.send("POST", path, query(SPAM))
            self.assertNotIn(key, data.decode())
        lines = [json.loads(line) for line in self.access_log().splitlines()]
        self.assertEqual((lines[0]["path"], lines[0]["key"]), ("/apple/message-filter/{key}", "phones"))
        response, metrics = self.send("GET", "/metrics", headers={"X-API-Key": admin})
        self.assertEqual(response.status, 200)
        self.assertIn(b'route="/apple/message-filter/{key}",status="200"', metrics)
        for name, text in (("access log", self.access_log()), ("log", self.logged()), ("metrics", metrics.decode())):
            for secret in (key, wrong, key[3:20], key.replace("wk_", "%77k_")):
                self.assertNotIn(secret, text, name)

    def test_labels_named_as_apple_names_them_are_its_actions(self):
        words = {"spam": "casino", "ham": "lunch", "promotion": "sale", "transactionalFinance": "account"}
        self.write("sms.tsv", "text\tlabel\n" + "".join(f"{word} {word} number {i}\t{label}\n" for label, word in words.items() for i in range(40)))
        self.winnow("train", "sms.tsv", "--kind", "lr", "--positive-label", "spam", "--output-dir", self.path("sms"))
        self.serve("sms", "--filter", "--rules", "none")
        for word, action in (("casino", ("junk", "none")), ("lunch", ("allow", "none")), ("sale", ("promotion", "none")),
                             ("account", ("transaction", "transactionalFinance"))):
            status, answer = self.ask(query(f"{word} {word}"))
            self.assertEqual((status, answer["action"], answer["subAction"]), (200, *action))

    def test_ios_finds_the_association_with_the_app(self):
        app = "A1B2C3D4E5.com.example.filter"
        self.winnow("keys", "add", "keys", "--name", "phones", "--role", "classify")
        self.serve("spam", "--filter", "--api-key-file", "keys", "--apple-app-id", app, "--apple-app-id", "A1B2C3D4E5.com.example.beta")
        response, data = self.send("GET", "/.well-known/apple-app-site-association")
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "application/json"))
        self.assertEqual(json.loads(data), {"messagefilter": {"apps": [app, "A1B2C3D4E5.com.example.beta"]}})
        self.stop(self.process)
        self.serve("spam", "--filter")
        self.assertEqual(self.send("GET", "/.well-known/apple-app-site-association")[0].status, 404)
        self.fails("serve", "spam", "--apple-app-id", app, code=2, says=["require --filter"])
        self.fails("serve", "spam", "--filter", "--apple-app-id", "filter", code=2, says=["A1B2C3D4E5.com.example.filter"])


if __name__ == "__main__":
    winnow.main()
