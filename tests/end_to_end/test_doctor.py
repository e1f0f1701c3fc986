"""What the doctor finds, and a review's way through a spreadsheet and back."""
import csv
import json
import os
import random

import winnow
from winnow import MESSAGES, TestCase

AWKWARD = ["=cmd|' /C calc'!A0 is what a formula looks like", "+49 30 1234 is my number", "- a list", "@home", "'quoted' from the start", "a \"quote\", a comma; a bar|",
           "two\nlines of it", "CRLF\r\ninside of it", "héllo 🙂 你好", "ends with spaces  ", "\ttab first"]


class Doctor(TestCase):
    def write_rows(self, name, rows, fields=("id", "label", "text")):
        with open(self.path(name), "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, fields, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return name

    def read(self, name):
        with open(self.path(name), encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def answer(self, review, fix):
        """Fills in the column as a spreadsheet does: every cell written anew."""
        rows = self.read(review)
        for row in rows:
            row["fix"] = fix(row)
        return self.write_rows(review, rows, rows[0].keys())

    def make(self):
        """Messages with an oddity of each kind; returns the rows."""
        with open(MESSAGES, encoding="utf-8") as file:
            lines = [line.rstrip("\n").split("\t", 1) for line in file.readlines()[1:]]
        rows = [{"id": i, "label": label, "text": text} for i, (label, text) in enumerate(lines)]
        rows += [{"id": len(rows) + i, "label": "ham", "text": text} for i, text in enumerate(AWKWARD)]
        rows[5]["label"] = "spam" if rows[5]["label"] == "ham" else "ham"
        rows.append({"id": 9001, "label": rows[20]["label"], "text": rows[20]["text"]})
        rows.append({"id": 9002, "label": "SPAM", "text": "you won a prize, call this number now to claim it"})
        rows.append({"id": 9003, "label": "ham", "text": "a cafÃ© in town, shall we meet"})
        rows.append({"id": 9004, "label": "ham", "text": "?!"})
        rows.append({"id": 9005, "label": "ham" if rows[30]["label"] == "spam" else "spam", "text": rows[30]["text"]})
        return rows

    def test_segments_are_shown_without_their_separator(self):
        self.write_rows("mail.csv", [{"subject": "Lunch", "body": "See you at one", "label": label} for label in ("ham", "spam")] * 3, ("subject", "body", "label"))
        out, _ = self.winnow("data", "doctor", "mail.csv", "--template", "{subject} [SEP] {body}")
        self.assertIn("Lunch See you at one", out)
        self.assertNotIn("x1e", out)

    def test_counts_are_told_and_every_kind_is_found(self):
        rows = self.make()
        self.write_rows("data.csv", rows)
        self.write_rows("test.csv", [rows[40], {"id": 1, "label": "ham", "text": "only here, and nowhere else at all"}])
        out, _ = self.winnow("data", "doctor", "data.csv", "--test", "test.csv", "--output", "review.csv")
        for says in ("labels with similar names", "also occur in a held-out part", "identical texts with different labels", "probable label errors", "duplicate texts", "encoding errors", "next: open review.csv"):
            self.assertIn(says, out)
        found = json.loads(self.winnow("data", "doctor", "data.csv", "--test", "test.csv", "--json")[0])
        self.assertEqual(found["texts"], len(rows) + 2)
        self.assertEqual(found["parts"], {"train": len(rows), "validation": 0, "test": 2})
        for kind in ("similar labels", "leak", "conflict", "label error", "duplicate", "encoding", "nearly empty", "small class"):
            self.assertGreaterEqual(found["counts"][kind], 1, kind)
        self.assertEqual(sum(found["counts"].values()), len(found["findings"]))
        review = self.read("review.csv")
        self.assertEqual(len(review), len(found["findings"]))
        self.assertEqual(list(review[0]), ["file", "line", "text", "label", "suggested", "kind", "score", "note", "fix"])
        self.assertTrue(all(cell[:1] not in tuple("=+-@\t\r") for row in review for cell in row.values()))
        leak = next(row for row in review if row["kind"] == "leak")
        self.assertEqual((leak["file"], leak["text"], leak["suggested"]), ("data.csv", rows[40]["text"], "drop"))

    def test_the_next_command_reads_the_same_rows(self):
        rows = self.make()
        for name in ("data.csv", "more data.csv"):
            self.write_rows(name, rows)
        out, _ = self.winnow("data", "doctor", "data.csv", "more data.csv", "--text-field", "text", "--filter", "id>=0", "--output", "review.csv")
        self.assertIn("\n  winnow data doctor data.csv 'more data.csv' --text-field text --filter 'id>=0' --fix review.csv --output corrected.csv\n", out)

    def test_a_review_comes_back_and_nothing_else_changes(self):
        rows = self.make()
        self.write_rows("data.csv", rows)
        self.winnow("data", "doctor", "data.csv", "--output", "review.csv")
        self.winnow("data", "doctor", "data.csv", "--fix", "review.csv", "--output", "same.csv")
        self.assertEqual(self.read("same.csv"), self.read("data.csv"), "no fix, no change")
        fixed = {}
        for row in self.read("review.csv"):
            if row["kind"] in ("duplicate", "conflict"):
                fixed.setdefault((row["file"], row["line"]), "drop")
        self.answer("review.csv", lambda row: fixed.get((row["file"], row["line"])) or (row["suggested"] if row["kind"] == "similar labels" else "keep"))
        out = json.loads(self.winnow("data", "doctor", "data.csv", "--fix", "review.csv", "--output", "mended.csv", "--json")[0])
        self.assertEqual(out["dropped"], len(fixed))
        self.assertEqual(out["relabelled"], 1)
        mended = self.read("mended.csv")
        self.assertEqual(len(mended), len(rows) - len(fixed))
        before = {row["id"]: row for row in self.read("data.csv")}
        for row in mended:
            expected = dict(before[row["id"]])
            if expected["label"] == "SPAM":
                expected["label"] = "spam"
            self.assertEqual(row, expected)
        again = json.loads(self.winnow("data", "doctor", "mended.csv", "--json")[0])
        for kind in ("duplicate", "conflict", "similar labels"):
            self.assertEqual(again["counts"][kind], 0, kind)

    def test_awkward_texts_are_recognised_again(self):
        # Each of them twice with two labels, so that each is in the review.
        rows = [{"id": i, "label": "ab"[i % 2], "text": AWKWARD[i // 2]} for i in range(2 * len(AWKWARD))]
        self.write_rows("data.csv", rows)
        self.winnow("data", "doctor", "data.csv", "--output", "review.csv")
        asked = [row for row in self.read("review.csv") if row["kind"] == "conflict"]
        self.assertEqual(len(asked), len(rows))
        self.answer("review.csv", lambda row: "b" if row["kind"] == "conflict" else "")
        for extension in ("csv", "tsv", "jsonl"):
            self.winnow("data", "doctor", "data.csv", "--fix", "review.csv", "--output", "mended." + extension)
            self.winnow("data", "filter", "mended." + extension, "--output", "back.csv")
            self.assertEqual([(row["text"], row["label"]) for row in self.read("back.csv")], [(row["text"], "b") for row in rows])

    def test_labels_are_mended_in_the_form_that_the_file_has(self):
        self.write("a.jsonl", "".join(json.dumps({"text": f"text number {i} of many", "labels": ["x"] if i % 2 else ["x", "y"]}) + "\n" for i in range(6)))
        self.write("review.csv", "file,line,text,label,fix\na.jsonl,1,text number 0 of many,x; y,y\na.jsonl,2,text number 1 of many,x,(none)\n,,,x,label:z\n")
        self.winnow("data", "doctor", "a.jsonl", "--fix", "review.csv", "--output", "b.jsonl")
        with open(self.path("b.jsonl"), encoding="utf-8") as file:
            labels = [json.loads(line)["labels"] for line in file]
        self.assertEqual(labels, [["y"], [], ["y", "z"], ["z"], ["y", "z"], ["z"]])
        self.write("c.csv", "text,toxic,rude\none of them,1,0\ntwo of them,0,1\nthree of them,0,0\n")
        self.write("review.csv", "file,line,text,label,fix\nc.csv,3,two of them,rude,toxic; rude\n")
        self.winnow("data", "doctor", "c.csv", "--label-field", "toxic,rude", "--fix", "review.csv", "--output", "d.csv")
        self.assertEqual([(row["toxic"], row["rude"]) for row in self.read("d.csv")], [("1", "0"), ("1", "1"), ("0", "0")])

    def test_mended_labels_are_read_as_what_was_asked(self):
        def counts(name, *options):
            return json.loads(self.winnow("data", "inspect", name, *options, "--json")[0])["labels"]
        texts = ["one of them", "two of them", "three of them"]
        names = ("--labels", "toxic,rude,threat")
        self.write("hot.jsonl", "".join(json.dumps({"text": text, "labels": bits}) + "\n" for text, bits in zip(texts, ([1, 1, 0], [0, 1, 0], [0, 0, 1]))))
        self.write("hot.csv", 'text,labels\none of them,"[1, 1, 0]"\ntwo of them,"[0, 1, 0]"\nthree of them,"[0, 0, 1]"\n')
        for name, line in (("hot.jsonl", 2), ("hot.csv", 3)):
            for options, fix in (((), "0; 2"), (names, "threat; toxic"), (("--label-map", "0=a", "--label-map", "2=b"), "a; b")):
                self.write("review.csv", f"file,line,text,label,fix\n{name},{line},two of them,,{fix}\n")
                self.winnow("data", "doctor", name, *options, "--fix", "review.csv", "--output", "mended-" + name)
                self.assertEqual(counts("mended-" + name, *names), {"toxic": 2, "threat": 2, "rude": 1})
            self.write("review.csv", f"file,line,text,label,fix\n{name},{line},two of them,,label:new\n")
            self.fails("data", "doctor", name, "--fix", "review.csv", "--output", "out." + name, says=["no position of the multi-hot vectors for the label 'new'"])
        self.write("ids.jsonl", "".join(json.dumps({"text": text, "labels": ids}) + "\n" for text, ids in zip(texts, ([1, 2], [0], [2]))))
        self.write("review.csv", "file,line,text,label,fix\nids.jsonl,1,one of them,,spam\nids.jsonl,2,two of them,,2; 1\n")
        self.winnow("data", "doctor", "ids.jsonl", "--label-map", "0=spam", "--fix", "review.csv", "--output", "mended.jsonl")
        with open(self.path("mended.jsonl"), encoding="utf-8") as file:
            self.assertEqual([json.loads(line)["labels"] for line in file], [["spam"], [1, 2], [2]])
        self.write("list.csv", "text,labels\none of them,\"['x', 'y']\"\ntwo of them,['x']\nthree of them,['y']\n")
        self.write("review.csv", "file,line,text,label,fix\nlist.csv,3,two of them,x,x; y\n")
        self.winnow("data", "doctor", "list.csv", "--fix", "review.csv", "--output", "mended.csv")
        self.assertEqual(counts("mended.csv"), {"y": 3, "x": 2})

    def test_mistakes_are_told_and_nothing_is_written(self):
        self.write_rows("data.csv", [{"id": i, "label": "ab"[i % 2], "text": f"some text {i}"} for i in range(10)])
        head = "file,line,text,label,fix\n"
        for row, says in (("data.csv,2,some text 0,a,bb", "'bb' is not a label"), ("data.csv,2,other,a,b", "has changed"), ("data.csv,99,some text 0,a,b", "no text at line '99'"),
                          ("data.csv,2,some text 0,a,b\ndata.csv,2,some text 0,a,drop", "have different fixes")):
            self.write("review.csv", head + row + "\n")
            self.fails("data", "doctor", "data.csv", "--fix", "review.csv", "--output", "out.csv", says=[says, "line"])
        self.fails("data", "doctor", "data.csv", "--fix", "data.csv", "--output", "out.csv", says=["no column 'file'"])
        self.fails("data", "doctor", "data.csv", "--fix", "review.csv", says=["--output"], code=2)
        self.fails("data", "doctor", "data.csv", "--output", "review.xlsx", says=[".csv"], code=2)
        self.assertFalse(os.path.exists(self.path("out.csv")))

    def test_sets_that_are_hardly_any_and_one_text_without_end(self):
        self.write("three.csv", "text,label\none,a\ntwo,b\nthree,a\n")
        out, _ = self.winnow("data", "doctor", "three.csv")
        self.assertIn("not checked for errors", out)
        self.write("one.csv", "text,label\n" + "".join(f"text {i},a\n" for i in range(20)))
        self.fails("data", "doctor", "one.csv", says=["every row has the same label"])
        self.write("same.csv", "text,label\n" + "the same text again,a\n" * 100000 + "and another,b\n")
        found = json.loads(self.winnow("data", "doctor", "same.csv", "--json")[0])
        self.assertEqual(found["counts"]["duplicate"], 99999)
        codes = random.Random(1)
        self.write("codes.csv", "text,label\n" + "".join(f"your one-time code is {codes.randrange(10**9)} so keep it secret,{'ab'[i % 2]}\n" for i in range(20000)))
        self.winnow("data", "doctor", "codes.csv", "--output", "review.csv")


if __name__ == "__main__":
    winnow.main()
