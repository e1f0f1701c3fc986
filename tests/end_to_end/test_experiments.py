"""Experiments with users: a bad candidate is rolled back and a good one promoted by what users report, on servers that follow a registry; blind labels
decide in shadow mode; the commands."""
import csv
import json

import winnow
from serving import ServingTest
from winnow import MESSAGES

GOOD, BAD = "1.0.0", "1.1.0"


class ExperimentTest(ServingTest):
    place = ("--registry", "registry")

    def setUp(self):
        super().setUp()
        with open(MESSAGES, encoding="utf-8") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
        self.messages = [row["text"] for row in rows if row["label"] == "ham"]
        # A model that has learnt the labels the wrong way round makes every error that there is.
        self.write("wrong.tsv", "label\ttext\n" + "".join(f"{'ham' if row['label'] == 'spam' else 'spam'}\t{row['text']}\n" for row in rows))
        for data, directory in ((MESSAGES, "good"), (self.path("wrong.tsv"), "bad")):
            self.winnow("train", data, "--kind", "lr", "--output-dir", self.path(directory), "--name", "spam", "--positive-label", "spam")
        self.registry("push", "good", "--alias", "champion")
        self.registry("push", "bad", "--bump", "minor")

    def registry(self, command, *arguments, json_lines=False):
        out, _ = self.winnow("registry", command, *arguments, *self.place, "--json")
        return json.loads(out) if command in ("ab", "show") else [json.loads(line) for line in out.splitlines()]

    def status(self):
        return self.registry("ab", "spam", "--status")

    def begin(self, candidate, *arguments):
        experiment = self.registry("ab", "spam", "--candidate", candidate, "--settle", "0s", *arguments)
        self.assertEqual((experiment["phase"], experiment["candidate"]), ("running", candidate))
        return experiment

    def follow(self):
        """A server; its models and its experiments are those of the registry."""
        self.serve(*self.place, "--registry-cache", "served", "--registry-interval", .2, "--filter", "--rules", "none", "--store", "sqlite:" + self.path("store.db"),
                   environment={"XDG_CACHE_HOME": self.path("cache")})

    def ask(self, path, body):
        response, data = self.send("POST", path, body)
        self.assertEqual(response.status, 200, data)
        return json.loads(data)

    def check(self, user, text):
        return self.ask("/v1/messages/check", {"text": text, "user": user})

    def wait_for_versions(self, *versions):
        """Until these versions, and no others, answer users."""
        self.wait_for(lambda: {self.check(f"early-{i}", self.messages[-1 - i])["modelVersion"] for i in range(20)} == set(versions))

    def champion(self):
        return self.registry("show", "spam@champion")["version"]

    def report_errors(self, users=60):
        """Each user gets a message that is not spam, and says so if the answer is another one. {user: version}"""
        versions = {}
        for i in range(users):
            verdict = self.check(f"user-{i}", self.messages[i])
            versions[f"user-{i}"] = verdict["modelVersion"]
            if verdict["isSpam"]:
                self.ask("/v1/feedback", {"id": verdict["id"], "is_spam": False, "user": f"user-{i}"})
        return versions


class ByComplaints(ExperimentTest):
    def test_a_bad_candidate_is_rolled_back(self):
        self.begin(BAD, "--percent", 50)
        self.follow()
        self.wait_for_versions(GOOD, BAD)
        versions = self.report_errors()
        self.assertEqual(set(versions.values()), {GOOD, BAD})
        self.wait_for(lambda: not self.status()["active"])
        status = self.status()
        self.assertEqual(status["phase"], "rolled_back")
        self.assertEqual([decision["action"] for decision in status["decisions"] if decision["action"] != "pause"], ["start", "roll_back"])
        self.assertIn("users who reported an error are the candidate's", status["decisions"][-1]["reason"])
        self.assertEqual(self.champion(), GOOD)
        self.assertNotIn("challenger", self.registry("list")[0]["aliases"])
        self.wait_for_versions(GOOD)
        self.assertGreater(status["users"]["candidate"], 10)
        self.assertEqual(status["users"]["both"], 0)
        # The same users as before get the champion again.
        self.assertEqual(self.check("user-0", self.messages[100])["modelVersion"], GOOD)

    def test_a_good_candidate_is_promoted_also_across_a_restart(self):
        self.registry("promote", "spam", BAD)
        self.begin(GOOD, "--percent", 50)
        self.follow()
        self.wait_for_versions(GOOD, BAD)
        before = self.report_errors(users=12)
        self.process.terminate()
        self.process.wait()
        self.follow()
        self.wait_for_versions(GOOD, BAD)
        again = {user: self.check(user, self.messages[200 + i])["modelVersion"] for i, user in enumerate(before)}
        self.assertEqual(again, before, "users stay in their arms")
        for i in range(12, 60):
            if not self.status()["active"]:
                break
            verdict = self.check(f"user-{i}", self.messages[i])
            if verdict["isSpam"]:
                self.ask("/v1/feedback", {"id": verdict["id"], "is_spam": False, "user": f"user-{i}"})
        self.wait_for(lambda: not self.status()["active"])
        self.assertEqual(self.status()["phase"], "promoted")
        self.assertEqual(self.champion(), GOOD)
        self.wait_for_versions(GOOD)
        [newest, *_] = self.registry("history", "spam", "--alias", "champion")
        self.assertEqual((newest["actor"], newest["from_version"]), ("experiment spam/1", BAD))


class OverHttp(ExperimentTest):
    def test_an_experiment_is_begun_shown_and_stopped(self):
        self.follow()
        path = "/v1/registry/spam/ab"
        self.assertEqual(self.send("GET", path)[0].status, 404)
        for body, status in (({"candidate": "9.9.9"}, 404), ({"candidate": BAD, "percent": 0}, 422), ({"candidate": BAD, "ramp": [5, 1]}, 422),
                             ({"candidate": BAD, "hold": "1w"}, 422), ({"candidate": BAD, "ramp": [1], "percent": 1}, 422), ({"candidate": BAD, "promotion_margin": 1.1}, 422),
                             ({"candidate": BAD, "margin": .9}, 422), ({"candidate": GOOD}, 422)):
            response, data = self.send("POST", path, body)
            self.assertEqual(response.status, status, data)
        begun = self.ask(path, {"candidate": BAD, "ramp": [1, 50], "hold": "24h", "margin": 1.1})
        self.assertEqual((begun["phase"], begun["candidate"], begun["plan"]["margin"], begun["plan"]["promotion_margin"]), ("running", BAD, 1.1, 1))
        self.assertEqual(self.send("POST", path, {"candidate": BAD})[0].status, 409)
        self.assertEqual(json.loads(self.send("GET", path)[1])["share"], .01)
        self.assertEqual(self.ask(path + "/stop", {"reason": "enough"})["decisions"][-1]["reason"], "enough")
        self.assertEqual(self.send("POST", path + "/stop")[0].status, 404)


class ByBlindLabels(ExperimentTest):
    def test_in_shadow_mode_users_see_the_champion_and_labels_decide(self):
        self.begin(BAD, "--shadow", "--percent", 50)
        self.follow()
        self.wait_for_versions(GOOD)

        def compared():
            for i in range(20):
                self.assertEqual(self.check(f"user-{i}", self.messages[i])["modelVersion"], GOOD)
            return self.status()["labels"]["waiting"] >= 20
        self.wait_for(compared)
        store = ("--store", "sqlite:" + self.path("store.db"))
        for _ in range(16):
            out, _ = self.winnow("feedback", "audit", "next", *store, "--json")
            drawn = json.loads(out)
            self.assertEqual(set(drawn), {"number", "text"}, "the verdicts are not shown")
            self.winnow("feedback", "audit", "label", *store, "--number", drawn["number"], "--label", "ham", "--by", "anna")
        self.wait_for(lambda: not self.status()["active"])
        status = self.status()
        self.assertEqual(status["phase"], "rolled_back")
        self.assertIn("T2: the candidate is wrong in", status["decisions"][-1]["reason"])
        difference = status["difference"]
        self.assertGreater(difference["errors_per_message"], 0)
        low, high = difference["errors_per_message_interval"]
        self.assertLessEqual(low, difference["errors_per_message"])
        self.assertGreaterEqual(high, difference["errors_per_message"])
        out, _ = self.winnow("feedback", "audit", "report", *store, "--json")
        self.assertEqual(json.loads(out)["labelled"], 0, "disagreements are no sample of all verdicts")


class Commands(ExperimentTest):
    def test_an_experiment_is_begun_shown_and_stopped(self):
        place = self.place
        self.fails("registry", "ab", "spam", *place, says=["--candidate, --status or --stop"], code=2)
        self.fails("registry", "ab", "spam", *place, "--status", says=["there was no experiment of spam"])
        self.fails("registry", "ab", "spam", *place, "--candidate", "9.9.9", says=["no version 9.9.9"])
        self.fails("registry", "ab", "spam", *place, "--candidate", GOOD, says=["is the champion itself"], code=2)
        self.fails("registry", "ab", "spam", *place, "--candidate", BAD, "--ramp", "5,1", says=["must ascend"], code=2)
        self.fails("registry", "ab", "spam", *place, "--candidate", BAD, "--ramp", "1,5", "--hold", "1w", says=["'1w' is not a duration"], code=2)
        self.begin(BAD, "--ramp", "1,5,10", "--hold", "24h")
        self.fails("registry", "ab", "spam", *place, "--candidate", BAD, says=["the experiment spam/1 with the candidate 1.1.0 is running", "--stop"])
        out, _ = self.winnow("registry", "ab", "spam", *place, "--status")
        self.assertIn("spam/1: running, 1.1.0 against the champion 1.0.0", out)
        self.assertIn("1 % of the users since", out)
        self.assertIn("; then 5, 10 %, each after at least 24 h", out)
        stopped = self.registry("ab", "spam", "--stop", "--reason", "a better one is coming")
        self.assertEqual((stopped["phase"], stopped["decisions"][-1]["reason"]), ("stopped", "a better one is coming"))
        self.fails("registry", "ab", "spam", *place, "--stop", says=["no experiment of spam is running"])
        self.assertEqual(self.begin(BAD, "--percent", "20")["experiment"], "spam/2")

    def test_simulations_show_what_to_expect(self):
        def simulate(*arguments):
            return json.loads(self.winnow("registry", "simulate", "--json", *arguments)[0])
        equal = simulate()
        self.assertLess(equal["rolled_back"], 50)
        self.assertGreater(simulate("--count-messages")["rolled_back"], 400)
        self.assertAlmostEqual(simulate("--ratio", 2)["median"], 64, delta=5)
        self.assertEqual(simulate("--labels", "--candidate-wrong", 83)["median"], 16)


if __name__ == "__main__":
    winnow.main()
