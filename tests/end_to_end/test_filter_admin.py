"""What administrators see and change through the API: rules, senders, preferences, the must-pass list, the audit log, and how the server is doing."""
import json
import os
import shutil
import signal
import sqlite3
import threading
import time
import unittest
import urllib.parse

import postgres
import winnow
from serving import ServingTest
from winnow import MESSAGES

RULE = '[[rule]]\nname = "ZEBRA"\ndescription = "an animal"\nscore = 20\npattern = \'(?i)zebra\'\n'
SPAM = ["Claim your prize today, call now", "Claim your prize before midnight", "You can claim your prize here https://prizes.example.net/1", "Win: claim your prize"]
HAM = ["See you at lunch today", "The prize of the school went to Anna", "Your order is here", "Can you call me before midnight"]


class AdminTest(ServingTest):
    store = "sqlite:store.db"

    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr", output="spam")

    def begin(self, *arguments):
        self.serve("spam", "--filter", "--store", self.store, "--spool", "spool", "--workspace", "workspace", *arguments)

    def ask(self, method, path, body=None, status=200, headers=None):
        response, data = self.send(method, path, body, headers)
        self.assertEqual(response.status, status, data)
        return json.loads(data)

    def check(self, text, **fields):
        return self.ask("POST", "/v1/messages/check", {"text": text, **fields})

    def history(self, count, query=""):
        """The history, once it has so many messages: they are written a moment later."""
        def messages():
            found = self.ask("GET", f"/v1/history?limit=1000{query}")["messages"]
            return len(found) >= count and found
        return self.wait_for(messages, "history")

    def rule(self, name):
        return next((rule for rule in self.ask("GET", "/v1/rules")["rules"] if rule["name"] == name), None)

    def audit(self, action, count=1):
        """Entries of an action, the newest first, once there are so many; some are written a moment after the response."""
        def entries():
            found = self.ask("GET", f"/v1/audit?action={action}")["entries"]
            return len(found) >= count and found
        return self.wait_for(entries, action)


class Rules(AdminTest):
    def test_a_rule_is_in_use_at_once_and_can_be_taken_back(self):
        self.begin()
        self.assertFalse(self.check("a zebra")["isSpam"])
        before = self.ask("GET", "/v1/rules")
        self.assertEqual((before["files"], before["editable"], before["problem"]), (["messages.toml"], True, None))
        self.assertGreater(len(before["rules"]), 60)
        put = self.ask("PUT", "/v1/rules/ZEBRA", {"rule": RULE})
        self.assertEqual((put["replaced"], put["rule"]["name"], put["rule"]["editable"], put["rule"]["file"]), (False, "ZEBRA", True, "page.toml"))
        verdict = self.check("a Zebra")
        self.assertEqual((verdict["isSpam"], verdict["source"]), (True, "rules"))
        self.history(2)
        self.assertEqual(self.rule("ZEBRA")["rule"], RULE)
        self.assertFalse(self.rule("PRIZE_WON")["editable"])

        milder = RULE.replace("score = 20", "score = 0.5")
        self.assertTrue(self.ask("PUT", "/v1/rules/ZEBRA", {"rule": milder})["replaced"])
        self.assertFalse(self.check("a zebra")["isSpam"])
        self.assertEqual(self.ask("POST", "/v1/rules/undo")["rules"], ["ZEBRA"])
        self.assertTrue(self.check("a zebra")["isSpam"])
        self.assertEqual(self.ask("DELETE", "/v1/rules/ZEBRA")["removed"], "ZEBRA")
        self.assertFalse(self.check("a zebra")["isSpam"])
        self.ask("POST", "/v1/rules/undo")
        self.assertTrue(self.check("a zebra")["isSpam"])
        self.assertEqual(self.ask("POST", "/v1/rules/undo")["rules"], [])
        self.ask("POST", "/v1/rules/undo", status=404)
        self.assertEqual([entry["object"] for entry in self.audit("rules.set", 2)], ["ZEBRA", "ZEBRA"])
        self.assertEqual(self.audit("rules.delete")[0]["actor"], "local")

    def test_rules_outlive_a_restart_and_a_reload(self):
        self.begin()
        self.ask("PUT", "/v1/rules/ZEBRA", {"rule": RULE})
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_log("reloaded rules")
        self.assertTrue(self.check("a zebra")["isSpam"])
        self.stop(self.process)
        self.begin()
        self.assertTrue(self.check("a zebra")["isSpam"])
        page = self.path("workspace", "rules", "page.toml")
        with open(page, "a", encoding="utf-8") as file:
            file.write("[[rule]\n")
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_log("the rules of the workspace are not in use")
        self.assertFalse(self.check("a zebra")["isSpam"])
        self.assertIn("page.toml, line", self.ask("GET", "/v1/rules")["problem"])
        self.ask("PUT", "/v1/rules/ZEBRA", {"rule": RULE}, status=422)

    def test_what_is_no_rule_is_answered_with_its_line_and_changes_nothing(self):
        self.begin()
        self.ask("PUT", "/v1/rules/ZEBRA", {"rule": RULE})
        wrong = {"patern = 'x'": (3, "unknown key 'patern'"), "pattern = '(x'": (1, "missing )"), "pattern = 'x": (3, ""), "score = 1": (1, "no condition"),
                 "pattern = 'x'\n[[rule]]\nname = \"B\"\npattern = 'y'": (4, "expected one rule, found 2"), "pattern = '" + "(a{1,900}){1,900}" + "'": (1, "")}
        for line, (place, says) in wrong.items():
            text = f'[[rule]]\nname = "WRONG"\n{line}\n'
            tested = self.ask("POST", "/v1/rules/test", {"rule": text})
            self.assertEqual((tested["valid"], tested["backtest"]), (False, None), line)
            self.assertEqual(tested["errors"][0]["line"], place, tested)
            self.assertIn(says, tested["errors"][0]["message"])
            refused = self.ask("PUT", "/v1/rules/WRONG", {"rule": text}, status=422)
            self.assertEqual(refused["errors"], tested["errors"])
        self.ask("PUT", "/v1/rules/OTHER", {"rule": RULE}, status=422)
        self.ask("PUT", "/v1/rules/PRIZE_WON", {"rule": RULE.replace("ZEBRA", "PRIZE_WON")}, status=422)
        self.ask("DELETE", "/v1/rules/PRIZE_WON", status=409)
        self.ask("DELETE", "/v1/rules/NONE", status=404)
        composite = '[[composite]]\nname = "BOTH"\nexpression = "ZEBRA & PRIZE_WON"\nscore = 1\n'
        self.assertEqual(self.ask("PUT", "/v1/rules/BOTH", {"rule": composite})["rule"]["conditions"], ["ZEBRA & PRIZE_WON"])
        self.assertIn("ZEBRA", self.ask("DELETE", "/v1/rules/ZEBRA", status=422)["error"])
        self.assertTrue(self.check("a zebra")["isSpam"], "the rules are as they were")
        warned = self.ask("POST", "/v1/rules/test", {"rule": '[[rule]]\nname = "DOLLAR"\nscore = 1\npattern = \'$100\'\n'})
        self.assertIn("dollar sign", warned["warnings"][0])

    def test_a_rule_is_tested_on_the_history_and_on_what_people_say(self):
        self.begin()
        ids = {text: self.check(text)["id"] for text in SPAM + HAM}
        self.history(len(ids))
        self.ask("POST", "/v1/feedback", {"items": [{"id": ids[text], "is_spam": text in SPAM, "feedback_type": "admin"} for text in ids]})
        self.ask("POST", "/v1/feedback", {"text": "they claim your prize is gone", "is_spam": False, "user": "anna"})
        test = {"rule": '[[rule]]\nname = "CLAIM"\nscore = 20\npattern = \'(?i)claim your\'\n'}
        tested = self.ask("POST", "/v1/rules/test", test)["backtest"]
        self.assertEqual((tested["messages"], tested["hits"], tested["spam"], tested["ham"]), (9, 5, 4, 1))
        self.assertEqual((tested["known_spam"], tested["known_ham"], tested["broken"], tested["complete"]), (4, 1, 0, True))
        self.assertEqual(tested["mended"], tested["to_spam"])
        self.assertIn(SPAM[3], tested["examples"])
        self.assertEqual(self.ask("POST", "/v1/rules/test", {**test, "messages": 2})["backtest"]["complete"], False)
        suggested = self.ask("POST", "/v1/rules/suggest", {"text": SPAM[0]})
        self.assertEqual(suggested["name"], "CLAIM_YOUR_PRIZE")
        self.assertEqual(suggested["backtest"]["hits"], 5)
        self.assertIn("3 other spam messages", suggested["reason"])
        self.ask("PUT", f"/v1/rules/{suggested['name']}", {"rule": suggested["rule"]})
        self.check("claim your prize")
        self.assertEqual(self.ask("POST", "/v1/rules/suggest", {"text": SPAM[0]})["name"], "CLAIM_YOUR_PRIZE_2")
        self.ask("POST", "/v1/rules/suggest", {"text": " "}, status=422)
        self.history(len(ids) + 1)
        self.wait_for(lambda: self.rule("CLAIM_YOUR_PRIZE")["hits"] == 1, "counted again after ten seconds", pause=.5)

    def test_requests_get_verdicts_while_rules_change(self):
        self.begin()
        failures, done = [], threading.Event()

        def ask():
            while not done.is_set():
                response, data = self.send("POST", "/v1/messages/check", {"text": "a zebra at the fair"})
                if response.status != 200:
                    failures.append(data)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for i in range(30):
            self.ask("PUT", "/v1/rules/ZEBRA", {"rule": RULE.replace("20", str(i % 2 * 20))})
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        self.assertTrue(self.check("a zebra at the fair")["isSpam"], "the last change counts")

    def test_without_a_workspace_rules_are_only_shown(self):
        self.serve("spam", "--filter")
        rules = self.ask("GET", "/v1/rules")
        self.assertEqual((rules["editable"], rules["counted"], rules["rules"][0]["hits"]), (False, None, None))
        self.ask("PUT", "/v1/rules/ZEBRA", {"rule": RULE}, status=409)
        self.assertEqual(self.ask("POST", "/v1/rules/test", {"rule": RULE}), {"valid": True, "name": "ZEBRA", "errors": [], "warnings": [], "backtest": None})
        self.ask("GET", "/v1/must-pass", status=404)


class People(AdminTest):
    def test_senders_and_preferences_are_listed_by_their_last_change(self):
        self.begin()
        for i in range(5):
            self.ask("PUT", f"/v1/senders/{urllib.parse.quote(f'joe{i}@example.com')}", {"list": "deny" if i < 3 else "allow"})
            self.ask("PUT", f"/v1/users/user{i}/preferences", {"mode": "strict"} if i else {"threshold": .7})
            time.sleep(.005)
        self.ask("PUT", "/v1/senders/joe0@example.com", {"list": "none"})
        names = lambda query: [sender["sender"] for sender in self.ask("GET", f"/v1/senders{query}")["senders"]]
        self.assertEqual(names(""), [f"joe{i}@example.com" for i in (4, 3, 2, 1)])
        self.assertEqual(names("?list=deny"), names("?list=block"))
        self.assertEqual(names("?list=allow&contains=OE4"), ["joe4@example.com"])
        first = self.ask("GET", "/v1/senders?limit=3")
        self.assertEqual(names("?limit=3&before=" + urllib.parse.quote(first["next"])), ["joe1@example.com"])
        self.ask("GET", "/v1/senders?before=x", status=422)
        self.ask("GET", "/v1/senders?list=x", status=422)
        self.ask("POST", "/v1/feedback", {"text": "win", "is_spam": True, "sender": "mia@example.com"})
        learnt = self.wait_for(lambda: self.ask("GET", "/v1/senders?list=learnt")["senders"], "learnt")
        self.assertEqual((learnt[0]["sender"], learnt[0]["list"]), ("mia@example.com", "none"))
        self.assertAlmostEqual(learnt[0]["score"], 1, 2)
        page = self.ask("GET", "/v1/preferences?limit=4")
        self.assertEqual([user["user"] for user in page["users"]], ["user4", "user3", "user2", "user1"])
        rest = self.ask("GET", "/v1/preferences?before=" + urllib.parse.quote(page["next"]))
        self.assertEqual([(user["user"], user["mode"], user["threshold"]) for user in rest["users"]], [("user0", None, .7)])
        self.assertIsNone(rest["next"])
        self.assertEqual(len(self.audit("senders.set", 6)), 6)

    def test_people_label_the_history_in_place_and_take_it_back(self):
        self.begin()
        ids = [self.check(f"claim prize {i}", user="anna")["id"] for i in range(150)]
        self.history(150)
        labels = lambda: {message["id"]: message["label"] for message in self.ask("GET", "/v1/history?limit=1000")["messages"]}
        self.assertEqual(set(labels().values()), {None})
        answer = self.ask("POST", "/v1/feedback", {"items": [{"id": id, "is_spam": i % 2 == 0} for i, id in enumerate(ids[:100])] + [{"id": "unknown", "is_spam": True}]})["results"]
        self.assertEqual([result["status"] for result in answer[:100]], ["stored"] * 100)
        self.assertEqual(answer[100]["error_type"], "NotFound")
        self.assertEqual([result["id"] for result in answer[:100]], ids[:100], "in the order of the request")
        now = labels()
        self.assertEqual([now[id] for id in ids], ["spam", "ham"] * 50 + [None] * 50)
        self.ask("POST", "/v1/feedback", {"ids": ids[:50], "forget": True})
        self.assertEqual([labels()[id] for id in ids[:100]], [None] * 50 + ["spam", "ham"] * 25)
        self.ask("POST", "/v1/feedback", {"id": ids[99], "is_spam": True, "feedback_type": "admin"})
        self.ask("POST", "/v1/feedback", {"id": ids[99], "is_spam": False, "user": "anna"})
        message = next(message for message in self.ask("GET", "/v1/history?limit=1000")["messages"] if message["id"] == ids[99])
        self.assertEqual((message["label"], message["redacted"]), ("spam", True), "its number was replaced")
        self.assertEqual({(said["user"], said["label"], said["by"]) for said in message["feedback"]}, {(None, "spam", "admin"), ("anna", "ham", "user"), (None, "ham", "user")})
        self.assertEqual(self.audit("feedback.bulk")[-1]["detail"], {"events": 100, "failed": 1})
        added = self.audit("feedback.add")
        self.assertEqual([(line["object"], line["detail"]) for line in added], [(ids[99], {"label": "spam", "is_spam": True})], "what users say is no change for all")
        for body in ({"items": []}, {"items": [{"is_spam": True}]}, {"items": [{"id": "a"}]}, {"items": [{"id": "a", "is_spam": True}], "user": "x"}, {"items": [{"id": "a", "is_spam": True, "ids": ["b"]}]},
                     {"items": [{"id": "a", "is_spam": True}] * 1001}):
            self.ask("POST", "/v1/feedback", body, status=422)
        repeated = {"items": [{"id": ids[0], "is_spam": True}, {"text": "win", "label": "spam"}]}
        key = {"Idempotency-Key": "bulk"}
        self.assertEqual([result["status"] for result in self.ask("POST", "/v1/feedback", repeated, headers=key)["results"]], ["stored"] * 2)
        self.assertEqual([result["status"] for result in self.ask("POST", "/v1/feedback", repeated, headers=key)["results"]], ["duplicate"] * 2)

    def test_the_audit_log_names_the_key(self):
        key = self.winnow("keys", "add", "keys", "--name", "web", "--role", "admin")[0].strip()
        classify = self.winnow("keys", "add", "keys", "--name", "app", "--role", "classify")[0].strip()
        self.begin("--api-key-file", "keys")
        headers = {"Authorization": f"Bearer {key}"}
        self.ask("PUT", "/v1/senders/joe@example.com", {"list": "deny"}, headers=headers)
        self.ask("POST", "/models/switch", {"model": "spam"}, headers=headers)
        def entries_of_both():
            found = self.ask("GET", "/v1/audit", headers=headers)["entries"]
            return len(found) >= 2 and found
        entries = self.wait_for(entries_of_both, "the audit log")
        self.assertEqual({(entry["actor"], entry["action"], entry["object"]) for entry in entries}, {("web", "models.switch", "spam"), ("web", "senders.set", "joe@example.com")})
        last = self.ask("GET", "/v1/audit?limit=1", headers=headers)
        self.assertEqual(len(self.ask("GET", f"/v1/audit?before={last['next']}", headers=headers)["entries"]), 1)
        for path in ("/v1/audit", "/v1/senders", "/v1/preferences", "/v1/rules", "/v1/must-pass", "/v1/operation", "/v1/operation/history"):
            self.ask("GET", path, status=401)
            self.ask("GET", path, status=403, headers={"Authorization": f"Bearer {classify}"})


class Operation(AdminTest):
    def test_the_must_pass_list_tells_what_the_filter_says_now(self):
        self.begin()
        self.assertEqual(self.ask("GET", "/v1/must-pass"), {"messages": [], "right": 0, "total": 0})
        code = self.ask("PUT", "/v1/must-pass", {"text": "Your verification code is 482913.", "isSpam": False, "note": "code"})
        self.assertTrue(code["added"])
        self.ask("PUT", "/v1/must-pass", {"text": "a zebra", "isSpam": True})
        self.ask("PUT", "/v1/must-pass", {"text": "at noon in the canteen", "subject": "Lunch", "sender": "joe@example.com", "isSpam": False})
        listed = self.ask("GET", "/v1/must-pass")
        self.assertEqual((listed["right"], listed["total"]), (2, 3))
        self.assertEqual([message["right"] for message in listed["messages"]], [True, False, True])
        self.assertEqual(listed["messages"][0]["verdict"]["source"], "classifier")
        self.ask("PUT", "/v1/rules/ZEBRA", {"rule": RULE})
        self.assertEqual(self.ask("GET", "/v1/must-pass")["right"], 3)
        self.assertFalse(self.ask("PUT", "/v1/must-pass", {"text": "a zebra", "isSpam": False})["added"])
        self.assertEqual(self.ask("GET", "/v1/must-pass")["right"], 2)
        removed = self.ask("DELETE", f"/v1/must-pass/{code['id']}")["removed"]
        self.assertEqual((removed["text"], removed["note"]), ("Your verification code is 482913.", "code"))
        self.ask("DELETE", f"/v1/must-pass/{code['id']}", status=404)
        with open(self.path("workspace", "rules", "must_pass.jsonl"), encoding="utf-8") as file:
            self.assertEqual([json.loads(line)["label"] for line in file], ["ham", "ham"])
        self.winnow("rules", "test", "--expect", self.path("workspace", "rules", "must_pass.jsonl"))
        self.ask("PUT", "/v1/must-pass", {"text": "", "isSpam": False}, status=422)
        self.ask("PUT", "/v1/must-pass", {"text": "a"}, status=422)
        last = self.check("hello")["id"]
        self.assertEqual([message["id"] for message in self.history(1)], [last], "the list is not in the history")

    def test_the_server_tells_how_it_is_doing(self):
        self.begin()
        for text in SPAM:
            self.check(text)
        now = self.ask("GET", "/v1/operation")
        self.assertEqual(now["routes"][0]["route"], "/v1/messages/check")
        self.assertEqual((now["routes"][0]["count"], now["requests"]["errors"], now["verdicts"]["spam"] + now["verdicts"]["ham"]), (4, 0, 4))
        self.assertGreater(now["requests"]["p99_ms"], 0)
        self.assertEqual(now["models"][0]["model"], "spam")
        self.assertEqual((now["drift"], now["errors_audited"]["labelled"], now["store"]["available"]), (None, 0, True))
        os.makedirs(self.path("workspace", "reports"))
        shutil.copy(MESSAGES, self.path("messages.tsv"))
        report, _ = self.winnow("drift", "spam", "--data", "messages.tsv", "--json")
        with open(self.path("workspace", "reports", "drift.json"), "w", encoding="utf-8") as file:
            file.write(report)
        self.assertEqual(self.ask("GET", "/v1/operation")["drift"]["model"], "spam")
        # At the next full minute, or the one after it if the first one has come in between.
        points = lambda: self.ask("GET", "/v1/operation/history")["points"]
        self.wait_for(lambda: sum(point["spam"] + point["ham"] for point in points()) == 4, "the minutes", pause=1)
        self.assertGreaterEqual(sum(point["requests"] for point in points()), 6)

    def test_the_history_of_many_messages_opens_at_once(self):
        self.begin()
        self.check("first")
        self.history(1)
        self.stop(self.process)
        self.fill(100_000)
        self.begin()
        self.ask("GET", "/v1/history?limit=100")
        times = []
        for _ in range(5):
            start = time.monotonic()
            page = self.ask("GET", "/v1/history?limit=100")
            times.append(time.monotonic() - start)
        self.assertEqual(len(page["messages"]), 100)
        print(f"a page of a history of 100,000 messages: {1000 * min(times):.1f} ms")
        start = time.monotonic()
        tested = self.ask("POST", "/v1/rules/test", {"rule": RULE})
        print(f"a backtest on {tested['backtest']['messages']} messages: {time.monotonic() - start:.2f} s")
        start = time.monotonic()
        self.assertIsNotNone(self.rule("PRIZE_WON")["hits"])
        print(f"rules with their hits: {time.monotonic() - start:.2f} s")

    def fill(self, count):
        with sqlite3.connect(self.path("store.db")) as database:
            symbols = '[{"name":"PRIZE_WON","score":2.0},{"name":"CLASSIFIER","score":1.5}]'
            database.executemany("INSERT INTO messages (message_id, text, sender, is_spam, score, source, symbols, created_at) VALUES (?, ?, 'joe@example.com', ?, .8, 'classifier', ?, '2026-11-28T20:15:00.125Z')",
                                 ((f"m{i}", f"message {i}: you won a prize at the fair of the year", i % 3 == 0, symbols) for i in range(count)))


@unittest.skipIf(postgres.PROGRAMS is None, "PostgreSQL is not installed (Debian: postgresql)")
class OnPostgres(People):
    def setUp(self):
        super().setUp()
        self.database = postgres.Postgres()
        self.addCleanup(self.database.stop)
        self.store = self.database.url


if __name__ == "__main__":
    winnow.main()
