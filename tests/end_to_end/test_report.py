"""Evaluation reports: complete, equal to evaluate's figures, harmless whatever the data hold, and good to look at."""
import html.parser
import json
import os
import unittest

import browser
import winnow
from winnow import TestCase, messages

VOID = {"meta", "link", "img", "br", "wbr", "hr", "input", "source", "path", "rect", "circle", "polygon"}
EXPECTED = {"html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "p", "ul", "ol", "li", "div", "span", "bdi", "strong",
            "b", "i", "small", "table", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd", "code", "pre", "details", "summary", "figure",
            "figcaption", "section", "input", "label", "br", "wbr", "svg", "desc", "g", "path", "polygon", "rect", "circle", "text", "tspan"}
HOSTILE = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>", "'><svg onload=alert(3)>", "</title></style><b onclick=x>",
           "{{7*7}} ${7*7} | a | b\\|", "\u202eevil\u2066", "a" * 3000, "-->]]><!--"]


class Elements(html.parser.HTMLParser):
    """All elements with their attributes; fails where tags do not match."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.tags, self.open, self.text = [], [], ""
        self.feed(text)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert tag in VOID or self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text += data


class Report(TestCase):
    def setUp(self):
        super().setUp()
        rows = messages()
        self.write("train.tsv", "".join(rows[:401]))
        self.write("test.tsv", rows[0] + "".join(rows[401:]))

    def read(self, *parts):
        with open(self.path(*parts), encoding="utf-8") as file:
            return file.read()

    def report(self, model="model", data="test.tsv", *arguments, **options):
        """Makes the report; returns its three files, the JSON parsed and the HTML as elements, and standard error."""
        _, err = self.winnow("evaluate", model, data, "--report", "report", *arguments, **options)
        page = self.read("report", "report.html")
        return Elements(page), json.loads(self.read("report", "report.json")), self.read("report", "report.md"), err

    def check_harmless(self, page):
        for tag, attributes in page.tags:
            self.assertIn(tag, EXPECTED)
            for name, value in attributes.items():
                self.assertFalse(name.startswith("on"), (tag, name))
                self.assertNotIn(name, ("src", "href", "xlink:href", "action", "srcdoc"))
                self.assertNotIn("url(", value or "")
        policy, = [a["content"] for tag, a in page.tags if a.get("http-equiv") == "Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)

    def test_the_files_say_what_evaluate_says(self):
        self.trained("--epochs", 6, "--positive-label", "spam", data="train.tsv")
        os.makedirs(self.path("report"))
        self.write("report/notes.txt", "mine")
        self.write("report/report.html", "an older one")
        page, data, text, _ = self.report()
        self.check_harmless(page)
        evaluated = json.loads(self.winnow("evaluate", "model", "test.tsv", "--json")[0])
        for figure, value in evaluated.items():
            if figure != "per_class":
                self.assertEqual(data[figure], value, figure)
        for label, of_report in zip(evaluated["per_class"], data["per_class"]):
            self.assertEqual({**of_report, **label}, of_report)
        self.assertEqual(self.read("report", "notes.txt"), "mine")
        self.assertEqual(sorted(os.listdir(self.path("report"))), ["notes.txt", "report.html", "report.json", "report.md"])
        for heading in ("Confusion", "Labels", "Decision thresholds", "Calibration", "Slices", "Model, data and settings"):
            self.assertIn(heading, page.text)
        self.assertRegex(page.text, r"Of 1,000 negatives \(texts that are not 'spam'\), [0-9]+ w(as|ere) assigned that label\.")
        self.assertIn(evaluated["verdict"].split(" (with ")[0], page.text)
        self.assertRegex(page.text, r"[Bb]etter than always assigning 'ham' \(accuracy [0-9.]+ %\)")
        self.assertIn("Data: test.tsv.", page.text)
        self.assertIn(data["origin"]["data"][0]["sha256"], page.text)
        self.assertIn("winnow evaluate model test.tsv --report report", page.text)
        command = self.report("model", "test.tsv", "--format", "tsv", "--encoding", "utf-8")[1]["origin"]["command"]
        self.assertEqual(command, "winnow evaluate model test.tsv --format tsv --encoding utf-8 --report report")
        command = self.report("model", "test.tsv", "--fold-disguises", "on")[1]["origin"]["command"]
        self.assertEqual(command, "winnow evaluate model test.tsv --fold-disguises on --report report")
        self.assertEqual([len(data[part]) for part in ("curves",)], [1])
        self.assertEqual(set(data["thresholds"]["modes"]), {"strict", "moderate", "lenient"})
        moderate = data["thresholds"]["modes"]["moderate"]
        self.assertEqual((moderate["fpr"], moderate["recall"]), (evaluated["fpr"], evaluated["per_class"][1]["recall"]))
        self.assertEqual(sum(bin["count"] for bin in data["reliability"]), data["count"])
        gap = sum(bin["count"] * abs(bin["confidence"] - bin["hit_rate"]) for bin in data["reliability"]) / data["count"]
        self.assertAlmostEqual(gap, data["ece"], places=9)
        self.assertEqual(sum(part["count"] for part in data["slices"]["length"]), data["count"])
        self.assertEqual(data["error_count"], round((1 - data["accuracy"]) * data["count"]))
        self.assertIn("# Evaluation of model", text)
        self.assertEqual([tag for tag, _ in page.tags].count("svg"), 5)

    def test_hostile_labels_and_texts_stay_text(self):
        train = ["label\ttext\tsource\n"]
        for i in range(160):
            label = HOSTILE[i % 4].replace("\t", " ")
            train.append(f'{json.dumps({"label": label, "text": f"word{i % 4} number {i} {HOSTILE[i % len(HOSTILE)]}", "source": HOSTILE[i % 3]})}\n')
        self.write("hostile.jsonl", "".join(train[1:]))
        # Labels moved on by one: every decision is an error, and every text is shown.
        rows = [json.loads(line) for line in train[1:]]
        for i, row in enumerate(rows):
            row["label"] = HOSTILE[(i + i // 40) % 4]
            row["text"] += "\x00\x07\x1b[31m</li>\r\n"
        self.write("<b>moved.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode() +
                   b'{"label": "' + json.dumps(HOSTILE[0])[1:-1].encode() + b'", "text": "bytes \xff\xfe\xc3( that are no UTF-8", "source": "x"}\n')
        self.train("--epochs", 3, data="hostile.jsonl", output="<i>model")
        page, data, text, _ = self.report("<i>model", "<b>moved.jsonl")
        self.check_harmless(page)
        self.assertEqual(len(data["slices"]["source"]), 4)
        self.assertIn("[U+202E]evil[U+2066]", page.text)
        self.assertIn("[U+0000][U+0007][U+001B][31m</li>", page.text)
        for hidden in "\u202e\u2066\x00\x07\x1b":
            self.assertNotIn(hidden, page.text)
            self.assertNotIn(hidden, text)
        for tag in ("<script", "<img", "<svg", "<b ", "</title"):
            self.assertNotIn(tag, text)
        if browser.PROGRAM:
            for width in (360, 1200):
                seen = browser.look(self.path("report", "report.html"), width)
                self.assertEqual((seen["scripts"], seen["odd"], seen["console"]), (0, [], []))
                self.assertLessEqual(seen["scrollWidth"], width)
                self.assertIn("<script>alert(1)</script>", seen["text"])

    def test_private_texts_stay_out(self):
        self.trained(data="train.tsv")
        rows = messages()
        swapped = [("ham" if row.startswith("spam") else "spam") + row[row.index("\t"):] for row in rows[401:]]
        self.write("secret.tsv", rows[0] + "".join(row.replace("\n", " xyzzyplugh\n") for row in swapped))
        self.report("model", "secret.tsv")
        for name in ("report.html", "report.json", "report.md"):
            self.assertIn("xyzzyplugh", self.read("report", name))
        self.report("model", "secret.tsv", "--no-texts")
        for name in ("report.html", "report.json", "report.md"):
            self.assertNotIn("xyzzyplugh", self.read("report", name))

    def test_the_charts_need_no_other_program(self):
        self.trained(data="train.tsv")
        os.makedirs(self.path("bin"))
        page, _, _, err = self.report(environment={"PATH": self.path("bin")})
        self.assertNotIn("warning", err)
        charts = [attributes["aria-labelledby"].split("-")[0] for tag, attributes in page.tags if tag == "svg"]
        self.assertEqual(charts[:2], ["roc", "pr"])
        self.assertIn("reliability", charts)

    def test_two_models_on_the_same_texts(self):
        self.trained("--epochs", 6, "--positive-label", "spam", data="train.tsv", output="one")
        self.write("reversed.txt", "spam\nham\n")
        self.trained("--epochs", 1, "--labels", "reversed.txt", "--positive-label", "spam", data="train.tsv", output="two")
        out, _ = self.winnow("evaluate", "one", "test.tsv", "--against", "two", "--json")
        against = json.loads(out)["against"]
        second = json.loads(self.winnow("evaluate", "two", "test.tsv", "--json")[0])
        verdict = second.pop("verdict")
        self.assertEqual(against.pop("verdict"), verdict)
        self.assertRegex(verdict, r"^Of 1,000 texts like these, expect about \d+ to get the right label \(with 95 % confidence, between \d+ and [\d,]+\)\. ")
        self.assertEqual(against["metrics"], second)
        test = against["mcnemar"]
        self.assertEqual(test["both_right"] + test["only_first_right"] + test["only_second_right"] + test["both_wrong"], 200)
        self.assertEqual(test["both_right"] + test["only_second_right"], round(second["accuracy"] * 200))
        paired = against["paired"]["accuracy"]
        self.assertAlmostEqual(paired["difference"], (test["only_second_right"] - test["only_first_right"]) / 200)
        self.assertLessEqual(paired["interval"][0], paired["difference"])
        self.assertGreaterEqual(paired["interval"][1], paired["difference"])
        self.assertEqual(set(against["paired"]), {"accuracy", "f1_macro", "recall", "fpr"})
        self.assertEqual(len(against["differing"]), min(50, test["only_first_right"] + test["only_second_right"]))
        text = self.winnow("evaluate", "one", "test.tsv", "--against", "two")[0]
        self.assertIn("compared with two\n", text)
        self.assertIn("\n  two: " + verdict + "\n", text)
        self.assertIn("McNemar", text)
        self.assertIn("\n" + verdict + "\n", self.winnow("evaluate", "two", "test.tsv")[0])
        page, data, _, _ = self.report("one", "test.tsv", "--against", "two")
        self.check_harmless(page)
        self.assertIn("one compared with two", page.text)
        self.assertEqual(data["against"].pop("verdict"), verdict)
        self.assertEqual(data["against"], against)
        # Options that change how texts are read apply to both models.
        self.write("disguised.tsv", "".join(messages()[:1] + [line.replace("e", "\u0435").replace("o", "0") for line in messages()[401:]]))
        arguments = ("disguised.tsv", "--fold-disguises", "on", "--json")
        folded = json.loads(self.winnow("evaluate", "two", *arguments)[0])
        del folded["verdict"]  # which the first model alone has
        self.assertNotEqual(folded, json.loads(self.winnow("evaluate", "two", "disguised.tsv", "--json")[0]))
        self.assertEqual(json.loads(self.winnow("evaluate", "one", *arguments, "--against", "two")[0])["against"]["metrics"], folded)
        self.fails("evaluate", "one", "-", "--against", "two", code=2, says=["--against", "standard input"])
        # A model against itself differs nowhere.
        same = json.loads(self.winnow("evaluate", "one", "test.tsv", "--against", "one", "--json")[0])["against"]
        self.assertEqual((same["mcnemar"]["p_value"], same["differing"], same["paired"]["accuracy"]["interval"]), (1, [], [0, 0]))

    def test_only_texts_that_both_models_know_are_compared(self):
        self.trained(data="train.tsv", output="two")
        three = [f"maybe\tperhaps we call {i}\n" for i in range(60)]
        self.write("three.tsv", "".join(messages()[:301] + three))
        self.train(data="three.tsv", output="three")
        drop = ("--unknown-labels", "drop")
        out, _ = self.winnow("evaluate", "three", "three.tsv", "--against", "two", "--json", *drop)
        report = json.loads(out)
        self.assertEqual((report["count"], report["against"]["metrics"]["count"]), (300, 300))
        page, data, _, _ = self.report("three", "three.tsv", "--against", "two", *drop)
        self.assertIn("60 more rows were skipped", page.text)
        rows = "".join(f"text {i},{i % 2},{int(i % 3 == 0)}\n" for i in range(60))
        self.write("multi.csv", "comment,a,b\n" + rows)
        self.train("--text-field", "comment", "--label-field", "a,b", data="multi.csv", output="multi")
        self.fails("evaluate", "two", "test.tsv", "--against", "multi", code=2, says=["--against"])

    def test_many_labels_sets_of_labels_and_folds(self):
        self.write("many.tsv", "label\ttext\n" + "".join(f"intent{i % 60}\tplease do thing {i % 60} now {i}\n" for i in range(360)))
        self.train("--epochs", 1, data="many.tsv", output="many")
        page, data, _, _ = self.report("many", "many.tsv")
        self.check_harmless(page)
        self.assertEqual(len(data["curves"]), 7, "all labels together, and the worst six")
        self.assertIsNone(data["curves"][0]["label"])
        self.assertIsNone(data["thresholds"])
        self.assertIn("The other 45 labels", page.text)
        rows = "".join(f"{'a free prize' if i % 3 == 0 else 'the meeting'} {'today' if i % 2 else 'urgent now'} {i},{int(i % 3 == 0)},{int(i % 2 == 0)},0\n"
                       for i in range(240))
        self.write("multi.csv", "comment,prize,urgent,never\n" + rows)
        fields = ("--text-field", "comment", "--label-field", "prize,urgent,never")
        self.train(*fields, data="multi.csv", output="multi")
        page, data, _, _ = self.report("multi", "multi.csv", *fields)
        self.check_harmless(page)
        self.assertEqual([curve["label"] for curve in data["curves"]][0], None)
        self.assertEqual(sum(bin["count"] for bin in data["reliability"]), 3 * 240)
        self.assertIn("true negatives", page.text)
        self.trained("--positive-label", "spam", data="train.tsv")
        page, data, _, _ = self.report("model", "test.tsv", "--folds", 2)
        self.check_harmless(page)
        self.assertEqual((data["count"], data["origin"]["folds"]), (200, 2))
        self.assertIn("with 2 folds", page.text)
        self.assertEqual(data["error_count"], round((1 - data["accuracy"]) * data["count"]))

    def test_what_makes_no_sense_is_refused(self):
        self.trained(data="train.tsv")
        self.write("file", "")
        self.fails("evaluate", "model", "test.tsv", "--report", "file", code=2, says=["--report", "not a directory"])
        self.fails("evaluate", "model", "test.tsv", "--folds", 2, "--against", "model", code=2, says=["--against"])
        self.fails("evaluate", "model", "test.tsv", "--against", "nowhere", says=["nowhere"])

    @unittest.skipUnless(browser.PROGRAM, "Chromium is not installed (./dev test installs it)")
    def test_it_is_good_to_look_at(self):
        self.trained("--epochs", 6, "--positive-label", "spam", data="train.tsv")
        self.report()
        page = self.path("report", "report.html")
        backgrounds, strokes = set(), set()
        for width in (360, 768, 1200):
            for dark in (False, True):
                seen = browser.look(page, width, dark)
                self.assertEqual((seen["innerWidth"], seen["console"], seen["wide"], seen["odd"]), (width, [], [], []))
                self.assertLessEqual(seen["scrollWidth"], width, "the page scrolls sideways")
                self.assertEqual(seen["title"][:20], "Evaluation: model 1.")
                self.assertIn("Most confident errors", seen["headings"])
                backgrounds.add((dark, seen["background"]))
                strokes.add((dark, tuple(seen["strokes"])))
                self.assertEqual(len(seen["charts"]), 5)
                for chart_width, chart_height, words in seen["charts"]:
                    self.assertGreater(chart_width, 0.7 * min(width, 400))
                    self.assertGreater(chart_height, 200)
                    self.assertIn("0.8", words)
        self.assertEqual(len(backgrounds), 2, "light and dark")
        self.assertEqual(len({background for _, background in backgrounds}), 2)
        self.assertEqual(len(strokes), 2, "charts follow")
        width, height, size = browser.screenshot(page, self.path("seen.png"), 1200, 3000)
        self.assertEqual((width, height), (1200, 3000))
        self.assertGreater(size, 60000, "a page with charts and tables")


if __name__ == "__main__":
    winnow.main()
