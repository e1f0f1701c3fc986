"""The commands of the family "rules"."""
import json
import os

import winnow
from winnow import SOURCE, TestCase

RULES = """
[actions]
spam = 3
ham = -1

[group.money]
max_score = 2.5

[[rule]]
name = "PRIZE"
description = "a prize"
score = 2
pattern = '(?i)you won a? ?prize'
fold = true

[[rule]]
name = "AMOUNT"
score = 2
pattern = '[0-9]+ EUR'
group = "money"

[[rule]]
name = "HURRY"
score = 2
pattern = '(?i)hurry'
group = "money"

[[rule]]
name = "LIST"
score = -1
exists = "header:List-Id"

[[composite]]
name = "PRIZE_AND_AMOUNT"
score = 3
expression = "PRIZE & AMOUNT & !LIST"
replaces = ["PRIZE"]
"""
CASES = os.path.join(SOURCE, "examples", "data", "messages_must_pass.jsonl")


class Rules(TestCase):
    def setUp(self):
        super().setUp()
        self.write("r.toml", RULES)

    def json(self, *arguments, **options):
        return json.loads(self.winnow("rules", *arguments, "--json", **options)[0])

    def test_check_counts_what_a_file_has(self):
        out, _ = self.winnow("rules", "check", "r.toml")
        self.assertIn("r.toml: rules: 4, composites: 1, groups: 1, not enabled: 0\n", out)
        self.assertIn("threshold of spam: 3; threshold of ham: -1\n", out)
        self.assertNotIn("warning", out)
        found = self.json("check", "r.toml")
        self.assertEqual((found["rules"], found["composites"], found["spam"], found["warnings"]), (4, 1, 3.0, []))
        self.assertRegex(found["sha256"], "^[0-9a-f]{64}$")

    def test_check_warns_and_succeeds(self):
        self.write("w.toml", "[[rule]]\nname = \"R\"\nscore = 1\npattern = 'win $100'\n")
        out, _ = self.winnow("rules", "check", "w.toml")
        self.assertIn("warning: line 1: rule R probably never matches", out)

    def test_check_names_file_line_and_rule_of_an_error(self):
        for contents, says in {
                "[[rule]]\nname = \"R\"\npatern = 'x'\n": ["bad.toml, line 3: rule R: unknown key 'patern'", "did you mean 'pattern'?"],
                "[[rule]]\nname = \"R\"\npattern = '(x'\n": ["bad.toml, line 1: rule R: the pattern is not valid: missing ): (x"],
                "[[composite]]\nname = \"C\"\nexpression = \"C\"\n": ["composite C: the composite contains itself: C -> C"],
                "[[rule]\n": ["bad.toml, line 1, column"]}.items():
            self.write("bad.toml", contents)
            self.fails("rules", "check", "bad.toml", says=says)
        self.fails("rules", "check", "missing.toml", says=["missing.toml"])

    def test_the_built_in_rules_have_no_warnings(self):
        self.assertEqual(self.json("check")["warnings"], [])
        self.assertIn("built-in", self.winnow("rules", "check", program=self.copied_program())[0])

    def copied_program(self):
        """The program without its share directory: the embedded copies are used."""
        copy = self.path("program", "winnow")
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        with open(self.program, "rb") as source, open(copy, "wb") as target:
            target.write(source.read())
        os.chmod(copy, 0o755)
        return copy

    def test_explain_shows_matches_composites_bounds_and_the_decision(self):
        out, _ = self.winnow("rules", "explain", "r.toml", "Hurry, you w0n a pr1ze of 500 EUR")
        self.assertEqual(out.splitlines(), [
            "replaced  PRIZE             text: \"you won a prize\" (by PRIZE_AND_AMOUNT)",
            "      +2  AMOUNT            text: \"500 EUR\"",
            "      +2  HURRY             text: \"Hurry\"",
            "      +3  PRIZE_AND_AMOUNT  PRIZE & AMOUNT & !LIST",
            "group money: +4 counts as +2.5",
            "score +5.5, spam (spam from 3, ham down to -1)"])
        found = self.json("explain", "r.toml", "Hurry, you won a prize of 500 EUR")
        self.assertEqual((found["decision"], found["score"]), ("spam", 5.5))
        self.assertEqual([s["name"] for s in found["symbols"]], ["AMOUNT", "HURRY", "PRIZE_AND_AMOUNT"])
        self.assertEqual(found["hits"][0]["replaced_by"], ["PRIZE_AND_AMOUNT"])

    def test_explain_reads_header_fields(self):
        self.write("headers", "From: a@example.com\nList-Id: <news>\n")
        found = self.json("explain", "r.toml", "you won a prize of 500 EUR", "--headers", "headers")
        self.assertEqual([hit["name"] for hit in found["hits"]], ["PRIZE", "AMOUNT", "LIST"])

    def test_explain_does_not_print_control_characters(self):
        self.write("any.toml", "[[rule]]\nname = \"ANY\"\nscore = 1\npattern = '(?s).+'\n")
        out, _ = self.winnow("rules", "explain", "any.toml", "a\x1b[31m\nb")
        self.assertNotIn("\x1b", out)
        self.assertEqual(len(out.splitlines()), 2)

    def test_explain_wants_one_text(self):
        self.fails("rules", "explain", "r.toml", code=2, says=["TEXT is missing"])
        self.fails("rules", "explain", "r.toml", "a", "b", code=2, says=["expected one text, found 2"])

    def test_test_measures_rules_on_labelled_texts(self):
        self.write("d.tsv", "label\ttext\nspam\tyou won a prize\nspam\tyou won a prize of 5 EUR\nspam\thello there\n"
                            "ham\tit costs 5 EUR\nham\tgood morning\n")
        found = self.json("test", "r.toml", "d.tsv")
        by_name = {rule["name"]: rule for rule in found["rules"]}
        self.assertEqual((by_name["PRIZE"]["hits"], by_name["PRIZE"]["precision"]), (2, 1.0))
        self.assertEqual((by_name["AMOUNT"]["spam_hits"], by_name["AMOUNT"]["ham_hits"]), (1, 1))
        self.assertEqual(found["decisions"]["of_spam"], {"spam": 1, "ham": 0, "undecided": 2})
        out, _ = self.winnow("rules", "test", "r.toml", "d.tsv")
        self.assertIn("2 ham messages: rules alone decide spam for 0 (0.00 %)", out)
        self.fails("rules", "test", "r.toml", "d.tsv", "--positive-label", "junk", code=2, says=["no label 'junk'", "ham"])
        self.fails("rules", "test", "r.toml", "missing.tsv", says=["missing.tsv"])

    def test_test_reads_several_fields_by_a_template(self):
        self.write("m.tsv", "label\tsubject\tbody\nspam\tyou won a\tprize\nham\tyou won a prize\tof 5 EUR\n")
        found = self.json("test", "r.toml", "m.tsv", "--template", "{subject} [SEP] {body}")
        by_name = {rule["name"]: rule for rule in found["rules"]}
        self.assertEqual((by_name["PRIZE"]["ham_hits"], by_name["AMOUNT"]["ham_hits"]), (1, 1))
        self.assertEqual(by_name["PRIZE"]["spam_hits"], 0, "the subject and the body are lines of their own")

    def test_test_shows_the_symbols_of_texts(self):
        out, _ = self.winnow("rules", "test", "r.toml", "you won a prize", "hello")
        self.assertEqual(out, "+2\tundecided\tPRIZE(+2)\n0\tundecided\t\n")

    def test_test_fails_where_rules_decide_otherwise_than_expected(self):
        self.write("c.jsonl", "".join(json.dumps(row) + "\n" for row in [
            {"text": "you won a prize of 5 EUR", "label": "spam"},
            {"text": "you won a prize of 6 EUR", "label": "ham", "note": "a false positive"},
            {"text": "hello", "label": "ham"}]))
        out, err = self.winnow("rules", "test", "r.toml", "--expect", "c.jsonl", code=1)
        self.assertIn("line 2: expected ham, rules decide spam (score +5: AMOUNT, PRIZE_AND_AMOUNT)", out)
        self.assertIn("3 cases; rules alone decide 1 as expected, 1 otherwise, 1 not at all", out)
        self.assertIn("rules alone decide otherwise for 1 of 3 cases", err)
        self.write("c.jsonl", "{\"text\": \"hello\"}\n")
        self.fails("rules", "test", "r.toml", "--expect", "c.jsonl", says=["c.jsonl, line 1: the key 'label' is missing"])

    def test_the_built_in_rules_pass_the_example_list(self):
        found = self.json("test", "--expect", CASES)
        self.assertEqual((found["cases"], found["differing"]), (60, []))
        self.assertGreaterEqual(found["agreed"], 5)

    def test_the_built_in_rules_read_spam_however_its_words_are_divided(self):
        words = "You have won a $1000 gift card. Click here: https://bit.ly/x"
        for text in (words, words.replace(" ", "  "), words.replace(" ", "\u00a0"), words.replace(" ", "\t"), words.replace(" won", "\nwon").replace(" here", "\nhere")):
            self.assertEqual(self.json("explain", text)["decision"], "spam", text)

    def test_the_built_in_rules_alone_do_not_decide_about_what_many_people_want(self):
        for text in ("Order confirmation #1234\nThank you for your order! Total $59.90, shipping fee $4.90. You can cancel your order within 24 hours: https://mystore.shop/orders/1234",
                     "Your order has been shipped. Subtotal EUR 39.00, delivery charges EUR 4.90. Delivery pending. Track: https://track.mystore.online/t/9",
                     "News of the week: https://news.example?reader=joe@example.com"):
            self.assertEqual(self.json("explain", text)["decision"], "undecided", text)
        self.assertIn("PARCEL_FEE", str(self.json("explain", "Please pay the customs fee of 2 EUR for your parcel")))

    def test_nobody_can_make_the_built_in_rules_decide_ham(self):
        forged = "Pills\n> verification code\nDo not share this. Your appointment lol, see you later, otp 123456"
        self.write("headers", "In-Reply-To: <1@x>\nList-Id: <x>\nList-Unsubscribe: <x>\n")
        found = self.json("explain", forged, "--headers", "headers")
        self.assertLess(found["score"], -5)
        self.assertEqual(found["decision"], "undecided")


if __name__ == "__main__":
    winnow.main()
