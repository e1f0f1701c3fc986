"""`winnow classify` answers each text of its input once, or says which row it cannot answer."""
import json
import os

import winnow
from winnow import TestCase


class ClassifyInput(TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = TestCase()
        cls.keeper.setUp()
        cls.addClassCleanup(cls.keeper.doCleanups)
        cls.keeper.winnow("train", winnow.MESSAGES, "--kind", "lr", "-o", cls.keeper.path("model"), "-q")
        cls.model = cls.keeper.path("model")

    def rows(self, contents, *arguments, name=None):
        """The row numbers of the answers, and standard error."""
        if name is None:
            out, err = self.winnow("classify", self.model, "--json", *arguments, stdin=contents)
        else:
            out, err = self.winnow("classify", self.model, "--json", "--input", self.write(name, contents), *arguments)
        return [json.loads(line)["row"] for line in out.splitlines()], err

    def refused(self, contents, *says, arguments=(), name=None, code=1):
        if name is None:
            return self.fails("classify", self.model, "--json", *arguments, stdin=contents, says=says, code=code)
        return self.fails("classify", self.model, "--json", "--input", self.write(name, contents), *arguments, says=says, code=code)

    def test_a_table_may_have_one_column(self):
        table = b'text\n"hello\nthere"\nwin a prize\n'
        rows, err = self.rows(table, name="s.csv")
        self.assertEqual(rows, [2, 4])
        self.assertIn("CSV, 1 column, with a header; 2 rows, 2 kept", err)
        self.assertEqual(self.rows(table)[0], [2, 4])
        self.assertEqual(self.rows(b"\xef\xbb\xbf" + table)[0], [2, 4])
        for arguments in (["--format", "csv"], ["--text-field", "text"], ["--delimiter", ","]):
            self.assertEqual(self.rows(table, *arguments, name="s.txt")[0], [2, 4], arguments)
        self.assertEqual(self.rows(table, "--format", "lines", name="s.csv")[0], [1, 2, 3, 4])
        self.assertEqual(self.rows(b"text\nhello\n")[0], [1, 2])

    def test_a_file_is_told_from_a_text(self):
        mail = "From: Win <win@spam.example>\nSubject: You won\n\nClaim your prize today\n"
        self.write("1120.eml", mail)
        self.write("notes.txt", "hello\n")
        _, err = self.winnow("classify", self.model, "1120.eml", "notes.txt", "none.txt", "x" * 5000)
        self.assertIn("'1120.eml' is the name of a file; to classify the messages in it, run 'winnow data import 1120.eml --output mails.jsonl'", err)
        self.assertIn("'notes.txt' is the name of a file; to classify its contents, specify --input notes.txt", err)
        self.assertEqual(err.count("is the name of a file"), 2)
        self.assertNotIn("is the name of a file", self.winnow("classify", self.model, "a text")[1])
        self.write("INBOX.MBOX", "From a@b.example Thu Jan  1 00:00:00 2026\n" + mail)
        for name in ("1120.eml", "INBOX.MBOX"):
            self.fails("classify", self.model, "--input", name, says=[f"--input {name}: messages of mail", f"winnow data import {name} --output mails.jsonl"], code=2)
            self.winnow("data", "import", name, "--output", "mails.jsonl")
            self.assertEqual(len(self.rows(self.files(".")["mails.jsonl"], name="mails.jsonl")[0]), 1)
        self.assertEqual(self.rows(mail, "--format", "lines", name="1120.eml")[0], [1, 2, 3, 4])

    def test_the_separator_of_segments_is_a_space_in_a_text(self):
        self.trained(output="small")
        texts = ("win\x1ea prize now", "win a prize now")
        self.write("texts.txt", "".join(text + "\n" for text in texts))
        answers = [json.loads(line) for arguments in (("--", *texts), ("--input", "texts.txt"))
                   for line in self.winnow("classify", "small", "--json", "--weights", "float", *arguments)[0].splitlines()]
        for answer in answers:
            self.assertAlmostEqual(answer["score"], answers[3]["score"], delta=1e-6)

    def test_rows_without_a_text_are_named(self):
        good = '{"text":"hello"}\n{"text":""}\n'
        for row, says in (('{"message":"hello"}', "its keys are: message"), ('{"text":null}', "null"), ('{"text":["win","x"]}', "a list"),
                          ('{"text":{"en":"win"}}', "an object")):
            self.refused(good + row + "\n", "line 3", says, "--skip-bad-rows", name="a.jsonl")
            self.refused((good + row + "\n").encode(), "line 3", says, "--skip-bad-rows")
            rows, err = self.rows(good + row + "\n", "--skip-bad-rows", name="a.jsonl")
            self.assertEqual(rows, [1, 2])
            self.assertIn("dropped: 1 unreadable", err)
            self.assertIn("1 of 3 rows were left out", self.rows(good + row + "\n", "--skip-bad-rows", "-q", name="a.jsonl")[1])
        mostly_bad = '{"text":"hello"}\n' + 3 * '{"text":null}\n'
        self.refused(mostly_bad, "3 of 4 rows are unreadable", "--skip-bad-rows", name="a.jsonl")
        rows, err = self.rows(mostly_bad, "--skip-bad-rows", "-q", name="a.jsonl")
        self.assertEqual(rows, [1])
        self.assertIn("3 of 4 rows were left out", err)

    def test_templates_need_one_of_their_fields(self):
        rows = "".join(json.dumps({"subject": f"{'prize' if i % 2 else 'lunch'} {i}", "body": "see below", "label": "spam" if i % 2 else "ham"}) + "\n" for i in range(60))
        self.winnow("train", self.write("mails.jsonl", rows), "--kind", "lr", "--template", "{subject} {body}", "-o", self.path("mails"), "-q")
        self.model = self.path("mails")
        good = '{"subject":"a"}\n{"subject":"a","body":"b"}\n'
        self.assertEqual(self.rows(good, name="a.jsonl")[0], [1, 2])
        for row in ('{"sbject":"a"}', "{}", '{"subject":["a"],"body":"b"}', '{"subject":"a","body":{"x":1}}'):
            self.refused(good + row + "\n", "line 3", "no text", name="a.jsonl")

    def test_shards_are_the_parts_of_the_whole(self):
        for count, name in ((10, "a.txt"), (3, "b.txt"), (1, "c.txt")):
            file = self.write(name, "".join(f"message {i}\n" for i in range(count)))
            whole, _ = self.winnow("classify", self.model, "--json", "--input", file)
            parts = [self.winnow("classify", self.model, "--json", "--input", file, "--shard", f"{i}/4")[0] for i in range(1, 5)]
            self.assertEqual("".join(parts), whole)
            sizes = [len(part.splitlines()) for part in parts]
            self.assertLessEqual(max(sizes) - min(sizes), 1)
        for shard in ("0/4", "5/4", "1/0", "1", "1/4/2", "a/b", "-1/4", ""):
            self.fails("classify", self.model, "--input", file, "--shard", shard, says=["--shard", "I/N"], code=2)
        self.fails("classify", self.model, "hello", "--shard", "1/2", says=["--shard requires --input FILE"], code=2)
        os.mkfifo(self.path("pipe"))
        self.fails("classify", self.model, "--input", "pipe", "--shard", "1/2", says=["--shard requires --input FILE"], code=2)

    def test_a_hyphen_is_standard_output(self):
        lines, _ = self.winnow("classify", self.model, "hello", "win a prize", "--json")
        self.assertEqual(self.winnow("classify", self.model, "hello", "win a prize", "-o", "-")[0], lines)
        self.assertEqual(os.listdir(self.directory), [])

    def test_an_option_with_one_value_is_given_once(self):
        self.write("a.txt", "hello\n")
        self.write("b.txt", "win\n")
        self.fails("classify", self.model, "--input", "a.txt", "--input", "b.txt", code=2, says=["--input: specified 2 times", "a.txt, b.txt"])
        self.fails("evaluate", self.model, winnow.MESSAGES, "--threads", 1, "--threads", 2, code=2, says=["--threads"])
        self.winnow("classify", self.model, "--json", "--json", "hello")

    def test_a_stray_quote_is_refused_by_its_line(self):
        rows = b'id,text\n1,win a prize\n2,"hello\n3,see you\n4,"free cash"\n5,call me\n'
        self.refused(rows, "line 3", "line 4 looks like a whole row", "--quoting none")
        self.assertEqual(self.rows(rows, "--quoting", "none")[0], [2, 3, 4, 5, 6])

    def test_json_by_columns_and_lists(self):
        for contents in ('{"text":{"0":"win a prize","1":"hello"}}', '{"text":["win a prize","hello"]}', '["win a prize","hello"]',
                         '["win a prize",\n"hello"]'):
            self.assertEqual(self.rows(contents, name="a.json")[0], [1, 2], contents)
        self.refused('{"text":["a","b"],"id":[1]}', "'text' has 2 rows and 'id' has 1", name="a.json")

    def test_headers_and_tabs_are_no_texts(self):
        self.refused("id,title\n1,win\n2,hello\n", "id, title", "--text-field", name="a.csv")
        self.refused("text,label\na,x\nlabel,text\ny,b\n", "line 3", "another order", name="a.csv")
        self.assertEqual(self.rows(b"\xef\xbb\xbftext,id\na,1\n\xef\xbb\xbftext,id\nb,2\n", name="a.csv")[0], [2, 4])
        rows, err = self.rows(b"win a\tprize\n")
        self.assertEqual(rows, [1])
        self.assertIn("--format tsv", err)
        err = self.rows("subject,body\na,b\n", name="a.csv")[1]
        self.assertIn("train with --template", err)


if __name__ == "__main__":
    winnow.main()
