"""Public data sets from a server that misbehaves, and rows through every format and back."""
import csv
import gzip
import hashlib
import http.server
import io
import json
import os
import re
import signal
import subprocess
import tarfile
import threading
import time
import unittest
import zipfile

import winnow
from ports import free_port
from winnow import MESSAGES, SHARED, TestCase

AWKWARD = ["plain", "a\ttab", "two\nlines", "\"quoted\" begin", "a \"quote\" inside", "\"never closed", "a, b; c|d", " spaces ",
           "héllo 🙂", "label", "text", "CRLF\r\ninside"]
TERMS = ("banking77", "clinc150", "enron-spam", "hate-davidson", "sms-spam")


class Server:
    """Serves {path: bytes} with ranges, as a mirror does. `cut` paths lose the connection half-way, so many times;
    `hang` paths stop half-way and wait."""

    def __init__(self, files):
        self.files, self.requests, self.cut, self.hang = files, [], {}, set()
        self.released = threading.Event()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                owner.requests.append((self.path, self.headers.get("Range")))
                body = owner.files.get(self.path)
                if body is None:
                    self.send_error(404)
                    return
                begin = int(self.headers["Range"][6:].rstrip("-")) if self.headers.get("Range") else 0
                self.send_response(206 if begin else 200)
                self.send_header("ETag", f'"{hashlib.sha256(body).hexdigest()}"')
                self.send_header("Content-Length", str(len(body) - begin))
                if begin:
                    self.send_header("Content-Range", f"bytes {begin}-{len(body) - 1}/{len(body)}")
                self.end_headers()
                half = len(body) // 2
                if owner.cut.get(self.path, 0) > 0 and begin < half:
                    owner.cut[self.path] -= 1
                    self.wfile.write(body[begin:half])
                    self.close_connection = True
                elif self.path in owner.hang and begin < half:
                    self.wfile.write(body[begin:half])
                    self.wfile.flush()
                    owner.released.wait(60)
                    self.close_connection = True
                else:
                    self.wfile.write(body[begin:])

            def log_message(self, *arguments):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()


def zip_of(**entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, contents in entries.items():
            archive.writestr(name, contents)
    return buffer.getvalue()


def tar_of(entries):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, contents in entries.items():
            member = tarfile.TarInfo(name)
            member.size = len(contents)
            archive.addfile(member, io.BytesIO(contents))
    return buffer.getvalue()


MADE_UP_SMS = "".join(f"{'spam' if i % 5 == 0 else 'ham'}\tmessage {i} {hashlib.sha256(str(i).encode()).hexdigest()}\n" for i in range(2000))


class Get(TestCase):
    def setUp(self):
        super().setUp()
        self.served = {"/sms-spam/sms%2Bspam%2Bcollection.zip": zip_of(readme="no", SMSSpamCollection=MADE_UP_SMS)}
        self.server = Server(self.served)
        self.addCleanup(self.server.stop)
        self.zip = "/sms-spam/sms%2Bspam%2Bcollection.zip"

    def get(self, *arguments, **options):
        environment = {"WINNOW_DATA_MIRROR": self.server.url, "no_proxy": "127.0.0.1", **options.pop("environment", {})}
        return self.winnow("data", "get", *arguments, environment=environment, **options)

    def test_all_sets_are_listed_with_their_terms(self):
        out, _ = self.winnow("data", "get")
        for name in TERMS:
            self.assertIn(name, out)
        self.assertIn("CC BY 4.0", out)
        sets = json.loads(self.winnow("data", "get", "--json")[0])
        self.assertEqual(sorted(each["name"] for each in sets), sorted(TERMS))
        self.assertTrue(all(each["licence"] and each["citation"] and each["homepage"] for each in sets))
        self.fails("data", "get", "sms-spma", code=2, says=["did you mean 'sms-spam'"])

    def test_a_wrong_digest_is_refused(self):
        _, err = self.get("sms-spam", code=1)
        digest = hashlib.sha256(MADE_UP_SMS.encode()).hexdigest()
        self.assertIn(digest, err)
        self.assertIn("expected 7d039a24", err)
        self.assertNotIn("data.tsv", self.files("sms-spam"))
        _, err = self.get("sms-spam", code=1)
        self.assertEqual(len(self.server.requests), 2, "what was refused is not taken the next time")
        self.served["/banking77/train.csv"] = b"text,category\na,b\n"
        _, err = self.get("banking77", code=1)
        self.assertIn("expected b06e26ac", err)

    def test_what_is_asked_for_without_a_check_is_taken_and_said_so(self):
        out, err = self.get("sms-spam", "--no-verify", "--json")
        result = json.loads(out)
        self.assertEqual(result["parts"][0]["rows"], 2000)
        self.assertFalse(result["files"][0]["verified"])
        self.assertIn("the file is used because of --no-verify", err)
        self.assertIn("the authors report 5574", err)
        self.assertIn("CC BY 4.0", err)
        self.assertIn("Almeida", err)
        record = json.loads(self.files("sms-spam")["source.json"])
        self.assertEqual(record["files"][0]["sha256"], hashlib.sha256(MADE_UP_SMS.encode()).hexdigest())
        self.assertTrue(record["files"][0]["fetched_from"].startswith(self.server.url))
        out, err = self.get("sms-spam", "--no-verify")
        self.assertEqual(len(self.server.requests), 1, "it lies there already")
        self.winnow("train", "sms-spam/data.tsv", "--base-model", "scratch", "--epochs", 1, "--output-dir", "model")

    def test_the_directory_is_quoted_in_the_command_of_the_training(self):
        for name in ("train.csv", "test.csv"):
            self.served[f"/banking77/{name}"] = b"text,category\na,b\n"
        out, _ = self.get("banking77", "--no-verify", "--output-dir", "{dir} of mine")
        self.assertIn("winnow train '{dir} of mine/train.csv' --test '{dir} of mine'/test.csv --output-dir", out)

    def test_a_cut_transfer_goes_on_where_it_stopped(self):
        self.server.cut[self.zip] = 1
        self.get("sms-spam", "--no-verify")
        half = len(self.served[self.zip]) // 2
        self.assertEqual([begin for _, begin in self.server.requests], [None, f"bytes={half}-"])

    def test_an_interrupted_one_goes_on_the_next_time(self):
        self.server.hang.add(self.zip)
        process = subprocess.Popen([winnow.TestCase.program, "data", "get", "sms-spam", "--no-verify", "--mirror", self.server.url],
                                   cwd=self.directory, stderr=subprocess.PIPE, text=True, env={**os.environ, "no_proxy": "127.0.0.1"})
        half = len(self.served[self.zip]) // 2
        part = self.path("sms-spam", "source", "sms+spam+collection.zip.incomplete")
        while not (os.path.exists(part) and os.path.getsize(part) == half):
            self.assertIsNone(process.poll(), "nothing arrived")
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 1, err)
        self.assertIn("cancelled", err)
        self.server.hang.clear()
        self.get("sms-spam", "--no-verify")
        self.assertEqual(self.server.requests[-1][1], f"bytes={half}-")
        with open(self.path("sms-spam", "data.tsv"), encoding="utf-8") as file:
            self.assertEqual(len(file.readlines()), 2001)

    def test_offline_says_what_to_do(self):
        port = free_port()
        _, err = self.get("sms-spam", code=1, environment={"WINNOW_DATA_MIRROR": f"http://127.0.0.1:{port}"})
        for says in ("could not be downloaded", f"127.0.0.1:{port}", "--mirror", "sms-spam/source", "archive.ics.uci.edu"):
            self.assertIn(says, err)
        self.assertEqual(os.listdir(self.directory), [], "nothing is left behind")
        _, err = self.get("banking77", code=1)
        self.assertIn("404", err)

    def test_an_archive_that_is_damaged_or_lacks_the_set_is_refused(self):
        for contents, says in ((b"not a zip", "zip file"), (zip_of(other="x"), "is not in the archive"), (self.served[self.zip][:-30], "zip file")):
            self.served[self.zip] = contents
            _, err = self.get("sms-spam", "--no-verify", code=1)
            self.assertIn(says, err)
            self.assertFalse(os.path.exists(self.path("sms-spam", "data.tsv")))

    def test_files_of_other_origin_are_not_written_over(self):
        os.mkdir(self.path("sms-spam"))
        self.write("sms-spam/data.tsv", "mine")
        _, err = self.get("sms-spam", "--no-verify", code=1)
        self.assertIn("--overwrite", err)
        self.assertEqual(self.files("sms-spam")["data.tsv"], b"mine")
        self.get("sms-spam", "--no-verify", "--overwrite")
        self.get("sms-spam", "--no-verify")

    def test_enron_spam_comes_out_of_its_six_archives(self):
        for i in range(1, 7):
            mails = {f"enron{i}/Summary.txt": b"no mail"}
            mails.update({f"enron{i}/ham/{n}.txt": f"Subject: meeting {n}\r\nsee you\r\nat {n}".encode() for n in range(20)})
            mails.update({f"enron{i}/spam/{n}.txt": b"Subject: \x93cheap\x94\nonly \xa35 " + str(n).encode() for n in range(20)})
            self.served[f"/enron-spam/enron{i}.tar.gz"] = tar_of(mails)
        out, err = self.get("enron-spam", "--json")
        result = json.loads(out)
        self.assertEqual(result["parts"][0]["rows"], 240)
        self.assertEqual(len(result["files"]), 6)
        self.assertIn("was not verified, because the expected SHA-256 is unknown", err)
        with open(self.path("enron-spam", "data.tsv"), encoding="utf-8") as file:
            lines = file.read().splitlines()
        self.assertEqual(lines[1], "ham\tenron1\tmeeting 0\tsee you at 0")
        self.assertEqual(lines[21], "spam\tenron1\t“cheap”\tonly £5 0")
        out, _ = self.winnow("data", "inspect", "enron-spam/data.tsv", "--template", "{subject} [SEP] {body}", "--json")
        self.assertEqual(json.loads(out)["labels"], {"ham": 120, "spam": 120})
        self.served["/enron-spam/enron4.tar.gz"] = self.served["/enron-spam/enron4.tar.gz"][:-9]
        os.remove(self.path("enron-spam", "source", "enron4.tar.gz"))
        _, err = self.get("enron-spam", code=1)
        self.assertIn("enron4.tar.gz", err)

    @unittest.skipUnless(os.path.isdir(os.path.join(SHARED, "data", "clinc150")), "needs the shared directory")
    def test_the_real_files_are_verified_and_train(self):
        def shared(*parts):
            with open(os.path.join(SHARED, "data", *parts), "rb") as file:
                return file.read()

        for name in ("train.csv", "test.csv"):
            self.served[f"/banking77/{name}"] = shared("banking77", name)
        self.served["/clinc150/data_full.json"] = shared("clinc150", "data_full.json")
        self.served["/hate-davidson/labeled_data.csv"] = shared("hate_davidson", "labeled_data.csv")
        self.served[self.zip] = zip_of(SMSSpamCollection=shared("sms_spam", "SMSSpamCollection").replace(b"\r\n", b"\n"))
        for name, rows in (("banking77", [10003, 3080]), ("clinc150", [15000, 3000, 4500, 1200]), ("hate-davidson", [24783]), ("sms-spam", [5574])):
            out, err = self.get(name, "--json")
            result = json.loads(out)
            self.assertEqual([part["rows"] for part in result["parts"]], rows)
            self.assertTrue(all(file["verified"] for file in result["files"]))
            self.assertNotIn("warning", err)
            for part in result["parts"]:
                if not part["file"].endswith("oos.tsv"):
                    seen = json.loads(self.winnow("data", "inspect", part["file"], "--json")[0])
                    self.assertEqual(seen["texts"], part["rows"])


class Rows(TestCase):
    def write_awkward(self, name, extra=0):
        texts = AWKWARD + [f"text number {i}" for i in range(extra)]
        rows = [{"id": i, "label": "ab"[i % 2], "text": text, "lang": "en" if i % 3 else "de"} for i, text in enumerate(texts)]
        if name.endswith(".jsonl"):
            return self.write(name, "".join(json.dumps(row) + "\n" for row in rows)), rows
        with open(self.path(name), "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["id", "label", "text", "lang"], delimiter="\t" if name.endswith(".tsv") else ",", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return self.path(name), rows

    def read(self, name):
        """As Python reads it."""
        with open(self.path(name), encoding="utf-8", newline="") as file:
            if name.endswith(".jsonl"):
                return [json.loads(line) for line in file]
            return list(csv.DictReader(file, delimiter="\t" if name.endswith(".tsv") else ","))

    def test_rows_survive_every_way_through_the_formats(self):
        data, rows = self.write_awkward("a.jsonl", extra=5)
        last = "a.jsonl"
        for step, extension in enumerate(("tsv", "csv", "jsonl", "csv", "tsv", "jsonl")):
            name = f"step{step}.{extension}"
            out, _ = self.winnow("data", "filter", last, "--output", name)
            self.assertIn(f"{len(rows)} of {len(rows)} rows", out)
            read = self.read(name)
            self.assertEqual([row["text"] for row in read], [row["text"] for row in rows], name)
            self.assertEqual([(str(row["id"]), row["lang"]) for row in read], [(str(row["id"]), row["lang"]) for row in rows])
            last = name

    def test_filter_keeps_what_fits(self):
        self.write("a.csv", "text,label,lang\nshort,x,en\nsomewhat longer,x,de\nmuch longer than the others,x,en\n,x,en\nnone,,en\n")
        out, _ = self.winnow("data", "filter", "a.csv", "--max-chars", 20, "--min-chars", 6, "--output", "b.tsv")
        self.assertIn("1 of 5 rows", out)
        self.assertIn("1 too short, 1 too long, 1 empty, 1 without a label", out)
        self.assertEqual(self.read("b.tsv"), [{"text": "somewhat longer", "label": "x", "lang": "de"}])
        counts = json.loads(self.winnow("data", "filter", "a.csv", "--filter", "lang=en", "--output", "c.csv", "--json")[0])
        self.assertEqual((counts["kept"], counts["filtered"]), (2, 1))
        self.fails("data", "filter", "a.csv", "--filter", "lang=fr", "--output", "d.csv", says=["none of 5 rows", "the values of 'lang' are en (4), de (1)"])
        self.fails("data", "inspect", "a.csv", "--filter", "lang=EN", says=["no row satisfies 'lang=EN'", "did you mean 'en'?"])
        self.fails("data", "inspect", "a.csv", "--filter", "lang=en or lang=de", code=2, says=["'or' is not supported"])
        self.assertFalse(os.path.exists(self.path("d.csv")))
        self.fails("data", "filter", "a.csv", "--output", "d.xlsx", code=2, says=[".jsonl"])
        self.fails("data", "filter", "a.csv", "--filter", "colour=red", "--output", "d.csv", says=["colour", "lang"])
        self.fails("data", "filter", "-", "--output", "d.csv", code=2, says=["standard input"])
        self.fails("data", code=2, says=["data get", "data split"])

    def test_the_label_map_takes_names_with_commas(self):
        self.write("a.csv", 'text,label\none,"Billing, refunds"\ntwo,"billing, refunds"\nthree,other\n')
        out, _ = self.winnow("data", "inspect", "a.csv")
        advice = re.search(r"--label-map '(.*)'", out)[1]
        for entries in (["--label-map", advice], ["--label-map", "other=x, Billing=y", "--label-map", advice]):
            labels = json.loads(self.winnow("data", "inspect", "a.csv", *entries, "--json")[0])["labels"]
            self.assertEqual(labels, {"Billing, refunds": 2, ("x" if len(entries) > 2 else "other"): 1})

    def test_filter_takes_values_with_commas_and_apostrophes(self):
        self.write("a.csv", 'text,label,city\none,x,"York, Ohio"\ntwo,y,Rome\nthree,x,O\'Brien\n')
        for condition, kept in (("city='York, Ohio'", ["one"]), ("city!='York, Ohio'", ["two", "three"]), ('city="York, Ohio",label=x', ["one"]),
                                ("city!=O'Brien, label=x", ["one"]), ("city!=O'Brien and label=y", ["two"])):
            self.winnow("data", "filter", "a.csv", "--filter", condition, "--output", "b.csv")
            self.assertEqual([row["text"] for row in self.read("b.csv")], kept, condition)
        self.winnow("data", "filter", "a.csv", "--filter", "city!='York, Ohio'", "--filter", "label=x", "--output", "b.csv")
        self.assertEqual([row["text"] for row in self.read("b.csv")], ["three"])
        self.fails("data", "filter", "a.csv", "--filter", "city='York, label=x", "--output", "c.csv", code=2, says=["a quote is never closed"])

    def test_filter_takes_unlabelled_texts_and_mails_by_template(self):
        self.write("texts.txt", "one\nanother line\n")
        self.winnow("data", "filter", "texts.txt", "--max-chars", 5, "--output", "short.jsonl")
        self.assertEqual(self.read("short.jsonl"), [{"text": "one"}])
        self.write("mail.jsonl", '{"subject": "hi", "body": "a b", "label": "x"}\n{"subject": "hello there", "body": "again", "label": "y"}\n')
        self.winnow("data", "filter", "mail.jsonl", "--template", "{subject} {body}", "--max-chars", 8, "--output", "short.tsv")
        self.assertEqual(self.read("short.tsv"), [{"subject": "hi", "body": "a b", "label": "x"}])

    def test_inspect_tells_what_is_odd(self):
        self.write("a.tsv", "label\ttext\nham\tsee you\nham\tsee you\nspam\tпривет мир\nham\tПривет  мир\nspam\twin a prize\nham\t\nham\n")
        out, _ = self.winnow("data", "inspect", "a.tsv")
        for says in ("texts: 5", "ham  3  60.0 %", "Latin 60.0 %, Cyrillic 40.0 %", "duplicates: 1 exact", "conflicting labels: 1", "a.tsv:4 spam; a.tsv:5 ham"):
            self.assertIn(says, out)
        found = json.loads(self.winnow("data", "inspect", "a.tsv", "--json")[0])
        self.assertEqual(found["rows"], 7)
        self.assertEqual(found["chars"]["max"], 11)
        self.assertEqual(found["reading"]["files"][0]["dropped"]["unreadable"], 1)
        self.assertEqual(found["duplicates"]["conflicting_groups"], 1)

    def test_inspect_shows_what_cannot_be_trained_on(self):
        out, _ = self.winnow("data", "inspect", self.write("one.csv", "text,label\nsee you,ham\nbe there at six,ham\n"))
        for says in ("texts: 2", "ham  2  100.0 %"):
            self.assertIn(says, out)
        self.fails("data", "inspect", self.write("none.csv", "text,label\n"), says=["none.csv: contains a header, but no rows"])
        self.fails("data", "inspect", self.write("one.csv", "text,label\nsee you,ham\n"), "--delimiter", ";", says=["the delimiter of --delimiter does not separate columns"])

    def test_dedupe_keeps_each_text_once_with_all_its_fields(self):
        self.write("a.csv", "id,text,label\n1,See you,ham\n2,see  YOU,ham\n3,\"win, now\",spam\n4,maybe,ham\n5,maybe,spam\n")
        self.write("b.csv", "id,text,label\n6,see you,ham\n7,\"line\nend\",spam\n")
        out, _ = self.winnow("data", "dedupe", "a.csv", "b.csv", "--output", "c.tsv")
        self.assertIn("7 texts, 3 kept", out)
        self.assertEqual(self.read("c.tsv"), [{"id": "1", "text": "See you", "label": "ham"}, {"id": "3", "text": "win, now", "label": "spam"},
                                              {"id": "7", "text": "line\nend", "label": "spam"}])

    def test_split_makes_parts_that_share_no_text(self):
        out, _ = self.winnow("data", "split", MESSAGES, "--output-dir", "parts", "--json")
        parts = {os.path.basename(part["file"]): part["rows"] for part in json.loads(out)["parts"]}
        self.assertEqual(sorted(parts), ["test.tsv", "train.tsv", "validation.tsv"])
        texts = {name: [row["text"] for row in self.read(f"parts/{name}")] for name in parts}
        self.assertEqual({name: len(rows) for name, rows in texts.items()}, parts)
        together = sum(texts.values(), [])
        self.assertEqual(len(set(together)), len(together))
        before = self.files("parts")
        self.fails("data", "split", MESSAGES, "--output-dir", "parts", says=["--overwrite"])
        self.winnow("data", "split", MESSAGES, "--output-dir", "parts", "--overwrite")
        self.assertEqual(self.files("parts"), before, "the same seed gives the same parts")
        self.winnow("data", "split", MESSAGES, "--output-dir", "parts", "--overwrite", "--seed", 7, "--validation-size", 0)
        self.assertEqual(sorted(self.files("parts")), ["test.tsv", "train.tsv"])
        self.winnow("train", "parts/train.tsv", "--test", "parts/test.tsv", "--base-model", "scratch", "--epochs", 1, "--output-dir", "model")

    def test_split_keeps_lists_of_labels(self):
        rows = "".join(json.dumps({"text": f"text {i}", "labels": [["a"], ["a", "b"], []][i % 3]}) + "\n" for i in range(60))
        self.write("multi.jsonl", rows)
        self.winnow("data", "split", "multi.jsonl", "--output-dir", "parts")
        written = sum((self.read(f"parts/{name}.jsonl") for name in ("train", "validation", "test")), [])
        self.assertEqual(sorted(map(json.dumps, written)), sorted(map(json.dumps, map(json.loads, rows.splitlines()))))
        self.fails("data", "split", "multi.jsonl", "--output-dir", "tables", "--format", "tsv", says=["'labels' contains lists", ".jsonl"])

    def test_split_keeps_soft_labels_and_nested_ones(self):
        rows = [{"text": f"text {i}", "label": {"spam": .8, "ham": .2} if i % 2 else {"spam": .1, "ham": .9}, "meta": {"by": ["ann"], "n": {"x": i}}} for i in range(40)]
        self.write("soft.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
        _, err = self.winnow("data", "split", "soft.jsonl", "--output-dir", "parts")
        self.assertNotIn("not written", err)
        written = sum((self.read(f"parts/{name}.jsonl") for name in ("train", "validation", "test")), [])
        self.assertEqual(sorted(written, key=lambda row: row["text"]), sorted(rows, key=lambda row: row["text"]))
        _, err = self.winnow("data", "split", "soft.jsonl", "--output-dir", "tables", "--format", "csv")
        self.assertIn("the field 'label' contains JSON objects and is not written to the output", err)

    def test_columns_of_one_name_stay_apart(self):
        self.write("twice.csv", "text,label,text,,\na,ham,b,,\nc,spam,,x,\n")
        self.winnow("data", "dedupe", "twice.csv", "--output", "b.csv")
        with open(self.path("b.csv"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "text,label,text,,\na,ham,b,,\nc,spam,,x,\n")
        self.winnow("data", "dedupe", "twice.csv", "--output", "b.jsonl")
        self.assertEqual([(row["text"], row["text.1"]) for row in self.read("b.jsonl")], [("a", "b"), ("c", "")])

    def test_gzip_is_read(self):
        with gzip.open(self.path("a.tsv.gz"), "wt", encoding="utf-8") as file:
            file.write("ham\tsee you\nspam\twin now\n")
        self.winnow("data", "filter", "a.tsv.gz", "--output", "b.csv")
        self.assertEqual(self.read("b.csv"), [{"label": "ham", "text": "see you"}, {"label": "spam", "text": "win now"}])


if __name__ == "__main__":
    winnow.main()
