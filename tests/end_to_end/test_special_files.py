"""Paths that are no ordinary files: named pipes, devices, links, the input itself, the working directory. Nothing of them is replaced, and nothing waits for ever."""
import json
import os
import pty
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

import raw_http
import serving
import winnow

LETTERS = "a" * 170
WAIT = raw_http.PATIENCE


class SpecialFiles(serving.ServingTest):
    def setUp(self):
        super().setUp()
        self.trained("--kind", "lr")
        self.write("one.txt", "You won a prize\nsee you at nine\n")

    def fifo(self, name="fifo"):
        os.mkfifo(self.path(name))
        return self.path(name)

    def start(self, *arguments, **options):
        process = subprocess.Popen([self.program, *map(str, arguments)], cwd=self.directory, stderr=subprocess.PIPE, **options)
        self.addCleanup(process.stderr.close)
        self.addCleanup(self.stop, process)
        return process

    def wait_until_it_handles(self, process, number):
        """Until the program handles a signal, which would end it otherwise: it blocks it, and a thread of its own takes it."""
        def handles():
            with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
                blocked = next(line.split()[1] for line in file if line.startswith("SigBlk:"))
            return int(blocked, 16) >> (number - 1) & 1
        deadline = time.monotonic() + WAIT
        while not handles():
            self.assertLess(time.monotonic(), deadline)
            time.sleep(.02)

    def read_while(self, path, *arguments):
        """What a reader of the pipe gets of a command."""
        got = []

        def read():
            with open(path, "rb") as file:
                got.append(file.read())
        reader = threading.Thread(target=read)
        reader.start()
        self.winnow(*arguments)
        reader.join(WAIT)
        return got[0].decode()


class Output(SpecialFiles):
    def test_pipes_receive_the_output_and_stay(self):
        expected = self.winnow("classify", "model", "--input", "one.txt", "--json")[0]
        fifo = self.fifo("out.jsonl")
        self.assertEqual(self.read_while(fifo, "classify", "model", "--input", "one.txt", "--output", fifo), expected)
        rows = self.read_while(fifo, "data", "filter", winnow.MESSAGES, "--output", fifo)
        self.assertGreater(len(rows.splitlines()), 10)
        self.assertTrue(stat.S_ISFIFO(os.stat(fifo).st_mode))
        process = self.start("classify", "model", "--input", "one.txt", "--output", fifo)
        self.wait_until_it_handles(process, signal.SIGTERM)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(WAIT), 1, "nobody reads")

    def test_descriptors_receive_the_output(self):
        expected = self.winnow("classify", "model", "--input", "one.txt", "--json")[0]
        for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
            self.assertEqual(self.winnow("classify", "model", "--input", "one.txt", "--output", name)[0], expected, name)
            with open(self.path("log"), "w", encoding="utf-8") as log:
                log.write("before\n")
                log.flush()
                subprocess.run([self.program, "classify", "model", "--input", "one.txt", "--output", name], cwd=self.directory, stdout=log, stderr=subprocess.DEVNULL, check=True)
            with open(self.path("log"), encoding="utf-8") as log:
                self.assertEqual(log.read(), "before\n" + expected, name)

    @unittest.skipIf(os.geteuid() != 0, "only root can make devices")
    def test_devices_stay(self):
        device = self.path("null.jsonl")
        try:
            os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
            open(device, "wb").close()
        except OSError as error:
            self.skipTest(f"devices cannot be made here: {error}")
        self.winnow("classify", "model", "--input", "one.txt", "--output", device)
        self.winnow("data", "dedupe", winnow.MESSAGES, "--output", device)
        os.chmod(device, 0o666)
        self.serve("model", "--access-log", device, "--access-log-texts")
        status = os.stat(device)
        self.assertTrue(stat.S_ISCHR(status.st_mode))
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o666)

    def test_links_stay_and_their_targets_are_written(self):
        os.mkdir(self.path("elsewhere"))
        os.symlink("elsewhere/target.jsonl", self.path("link.jsonl"))
        for _ in range(2):  # the target is made, then replaced
            self.winnow("classify", "model", "--input", "one.txt", "--output", "link.jsonl")
            self.assertTrue(os.path.islink(self.path("link.jsonl")))
            self.assertEqual(len(self.files("elsewhere")["target.jsonl"].splitlines()), 2)

    def test_what_is_no_file_is_refused(self):
        os.mkdir(self.path("d.jsonl"))
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(self.path("s.jsonl"))
            for name, says in (("d.jsonl", "is a directory"), ("s.jsonl", "is a socket")):
                self.fails("classify", "model", "--input", "one.txt", "--output", name, says=[says])
                self.fails("data", "filter", winnow.MESSAGES, "--output", name, says=[says])
        self.assertTrue(stat.S_ISSOCK(os.stat(self.path("s.jsonl")).st_mode))

    def test_an_input_is_never_the_output(self):
        with open(winnow.MESSAGES, encoding="utf-8") as file:
            contents = file.read()
        self.write("x.tsv", contents)
        os.link(self.path("x.tsv"), self.path("hard.tsv"))
        os.symlink("x.tsv", self.path("soft.tsv"))
        for name in ("x.tsv", "./x.tsv", "hard.tsv", "soft.tsv"):
            for command in (["data", "filter", "x.tsv"], ["data", "dedupe", winnow.MESSAGES, "x.tsv"], ["data", "doctor", "x.tsv"], ["classify", "model", "--input", "x.tsv"]):
                self.fails(*command, "--output", name, code=2, says=["also an input", "another file"])
        self.fails("data", "doctor", winnow.MESSAGES, "--fix", "x.tsv", "--output", "hard.tsv", code=2, says=["also an input"])
        os.makedirs(self.path("parts"))
        os.link(self.path("x.tsv"), self.path("parts", "train.tsv"))
        self.fails("data", "split", "x.tsv", "--output-dir", "parts", "--overwrite", says=["is an input"])
        for name in ("x.tsv", "hard.tsv", "parts/train.tsv"):
            with open(self.path(name), encoding="utf-8") as file:
                self.assertEqual(file.read(), contents)


class Closed(SpecialFiles):
    """Programs that are started without standard descriptors, as daemons and old crons start them."""

    def shell(self, line):
        return subprocess.run(["/bin/sh", "-c", line, self.program], cwd=self.directory, check=False, timeout=WAIT, capture_output=True, text=True)

    def test_results_have_nothing_that_was_for_standard_error(self):
        done = self.shell('"$0" classify model --input one.txt --output out.jsonl --json 2>&- 1>&-')
        self.assertEqual(done.returncode, 0, done)
        with open(self.path("out.jsonl"), encoding="utf-8") as file:
            self.assertEqual([type(json.loads(line)) for line in file], [dict, dict])

    def test_what_a_command_needs_it_misses(self):
        done = self.shell('"$0" classify model --input - <&-')
        self.assertEqual((done.returncode, done.stdout), (1, ""), done)
        self.assertIn("standard input", done.stderr)
        self.assertNotIn("is not text", done.stderr)
        done = self.shell('"$0" classify model --input one.txt 1>&-')
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("standard output", done.stderr)


class Input(SpecialFiles):
    def test_waiting_for_a_pipe_ends_with_a_signal(self):
        fifo = self.fifo()
        commands = [["classify", "model", "--input", fifo], ["train", fifo, "-o", "new"], ["train", winnow.MESSAGES, "--test", fifo, "-o", "new"], ["data", "doctor", "--fix", fifo, winnow.MESSAGES, "-o", "x.tsv"],
                    ["data", "filter", fifo, "-o", "x.tsv"], ["evaluate", "model", fifo], ["calibrate", "model", fifo], ["tokenize", "model", "--input", fifo]]
        for number in (signal.SIGTERM, signal.SIGINT):
            processes = [self.start(*command, stdout=subprocess.DEVNULL) for command in commands]
            time.sleep(2)
            for process, command in zip(processes, commands):
                process.send_signal(number)
            for process, command in zip(processes, commands):
                self.assertIsNotNone(process.wait(WAIT), command)

    def test_a_stalled_pipe_ends_with_a_signal(self):
        for command in (["classify", "model"], ["filter", "model"]):
            process = self.start(*command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
            process.stdin.write(b"half a li")
            process.stdin.flush()
            time.sleep(1)
            process.send_signal(signal.SIGTERM)
            process.wait(WAIT)
            process.stdin.close()

    def test_rows_that_are_read_twice_do_not_come_from_pipes(self):
        fifo = self.fifo("rows.tsv")
        for arguments in (["dedupe", fifo, "-o", "out.tsv"], ["split", fifo, "-o", "parts"], ["doctor", fifo, "--fix", "review.csv", "-o", "out.tsv"], ["split", "/dev/stdin", "-o", "parts"]):
            done = subprocess.run([self.program, "data", *arguments], cwd=self.directory, stdin=subprocess.PIPE, capture_output=True, text=True, timeout=WAIT)
            self.assertEqual(done.returncode, 2, done)
            self.assertIn("reads the rows twice", done.stderr)
            self.assertIn("save the rows to a file first", done.stderr)
        for name in ("out.tsv", "parts"):
            self.assertFalse(os.path.exists(self.path(name)))
        with open(winnow.MESSAGES, encoding="utf-8") as file:  # a file under another name
            subprocess.run([self.program, "data", "split", "/dev/stdin", "-o", "parts"], cwd=self.directory, stdin=file, check=True, capture_output=True, timeout=WAIT)
        self.assertTrue(os.path.exists(self.path("parts", "train.tsv")))
        shell = subprocess.run(["bash", "-c", '"$0" data filter <(cat one.txt) -o out.tsv', self.program], cwd=self.directory, capture_output=True, text=True, timeout=WAIT)
        self.assertEqual(shell.returncode, 1, "a pipe without labels has no second reading")
        self.assertFalse(os.path.exists(self.path("out.tsv")))

    def test_pipes_are_read(self):
        expected = self.winnow("classify", "model", "--input", "one.txt", "--json")[0]
        fifo = self.fifo()
        writer = threading.Thread(target=lambda: self.write("fifo", "You won a prize\nsee you at nine\n"))
        writer.start()
        self.assertEqual(self.winnow("classify", "model", "--input", fifo, "--json")[0], expected)
        writer.join(WAIT)
        shell = subprocess.run(["bash", "-c", '"$0" classify model --json --input <(cat one.txt) && "$0" classify model --json --input <(gzip -c one.txt)', self.program],
                               cwd=self.directory, stdout=subprocess.PIPE, check=True, timeout=WAIT * 5)
        self.assertEqual(shell.stdout.decode(), expected * 2)
        nothing = subprocess.run(["bash", "-c", '"$0" classify model --input <(true)', self.program], cwd=self.directory, capture_output=True, timeout=WAIT * 5)
        self.assertEqual(nothing.returncode, 1)
        self.assertIn(b"is empty", nothing.stderr)


class Server(SpecialFiles):
    def test_files_of_options_are_regular_ones(self):
        fifo = self.fifo()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem"],
                       cwd=self.directory, check=True, capture_output=True)
        for arguments in (["--tls-cert", fifo, "--tls-key", "key.pem"], ["--tls-cert", "cert.pem", "--tls-key", fifo], ["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tls-client-ca", fifo],
                          ["--api-key-file", fifo], ["--filter", "--rules", fifo, "--store", "sqlite:s.db"], ["--redis", "rediss://localhost:1", "--redis-tls-ca", fifo],
                          ["--redis", "rediss://localhost:1", "--redis-mac-key-file", fifo], ["--config", fifo]):
            self.fails("serve", "model", "--port", 0, *arguments, says=["not a regular file"])
        self.serve("model", "--tls-cert", "cert.pem", "--tls-key", "key.pem")
        os.remove(self.path("cert.pem"))
        self.fifo("cert.pem")
        self.process.send_signal(signal.SIGHUP)
        self.wait_for_log("not a regular file")
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(WAIT), 0)

    def test_an_access_log_that_nobody_reads_is_refused(self):
        fifo = self.fifo()
        self.fails("serve", "model", "--port", 0, "--access-log", fifo, says=["no process reads this named pipe"])
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.serve("model", "--access-log", fifo)
        self.send("GET", "/health")
        deadline, line = time.monotonic() + WAIT, b""
        while not line.endswith(b"\n"):
            self.assertLess(time.monotonic(), deadline)
            try:
                line += os.read(reader, 65536)
            except BlockingIOError:
                pass
            time.sleep(.02)
        self.assertEqual(json.loads(line)["path"], "/health")
        os.close(reader)
        self.send("GET", "/health")  # a line that is lost
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(WAIT), 0)

    def test_trailers_obey_the_grammar_of_headers(self):
        self.serve("model")
        for trailer, status in ((b"X-A: b\r\n folded\r\n", b"400"), (b"X-A: b\r\n\tfolded\r\n", b"400"), (b"X-A: b\r\n", b"200"), (b"", b"200")):
            body = b'{"text": "hello"}'
            request = raw_http.request(b"", [b"Transfer-Encoding: chunked"], length=False) + b"%x\r\n%s\r\n0\r\n%s\r\n" % (len(body), body, trailer)
            with socket.create_connection(("127.0.0.1", self.port), WAIT) as connection:
                connection.sendall(request)
                self.assertEqual(connection.recv(65536).split(b" ")[1], status, trailer)


class Directories(SpecialFiles):
    def test_a_model_is_written_into_the_working_directory_in_place(self):
        os.mkdir(self.path("work"))
        self.write("work/notes.txt", "mine")
        before = os.stat(self.path("work")).st_ino
        train = ["train", winnow.MESSAGES, "--kind", "lr", "-q", "--output-dir", ".", "--overwrite"]
        for _ in range(2):
            subprocess.run([os.path.abspath(self.program), *train], cwd=self.path("work"), check=True, stdout=subprocess.DEVNULL)
            self.assertEqual(os.stat(self.path("work")).st_ino, before, "whoever is in it stays in it")
            self.assertEqual(self.files("work")["notes.txt"], b"mine")
            self.winnow("verify", "work")
        self.assertEqual([name for name in os.listdir(self.directory) if "winnow" in name], [])

    def test_a_link_to_nowhere_is_told_before_the_training(self):
        os.symlink("none", self.path("link"))
        err = self.fails("train", winnow.MESSAGES, "--kind", "lr", "--output-dir", "link", says=["'none', which does not exist"])
        self.assertNotIn("texts", err)

    def test_a_pipe_in_the_output_directory_stays(self):
        os.mkdir(self.path("new"))
        self.fifo("new/pipe")
        self.winnow("train", winnow.MESSAGES, "--kind", "lr", "--output-dir", "new", "--overwrite", "-q")
        self.assertTrue(stat.S_ISFIFO(os.stat(self.path("new", "pipe")).st_mode))


class HostileModels(SpecialFiles):
    unverified = True

    def setUp(self):
        super().setUp()
        self.trained(output="small")

    def with_tokenizer(self, **parts):
        with open(self.path("small", "tokenizer.json"), encoding="utf-8") as file:
            tokenizer = json.load(file)
        return self.write("small/tokenizer.json", json.dumps({**tokenizer, **parts}))

    def test_a_tokenizer_cannot_take_time_without_bound(self):
        split = {"type": "Split", "behavior": "Isolated", "invert": False}
        self.with_tokenizer(pre_tokenizer={**split, "pattern": {"Regex": ".*.*.*.*.*=.*"}})
        self.fails("classify", "small", LETTERS, says=["takes too much time", ".*.*.*.*.*=.*"])
        self.serve("small", "--no-verify")
        self.assertEqual(self.send("POST", "/v1/classify", {"text": LETTERS})[0].status, 500)
        self.assertEqual(self.send("GET", "/health")[0].status, 200)
        self.with_tokenizer(pre_tokenizer={**split, "pattern": {"Regex": "a{1000000}"}})
        self.fails("classify", "small", "hello", says=["more than 1000 times"])

    def test_a_normalizer_cannot_make_texts_grow_without_bound(self):
        replace = {"type": "Replace", "pattern": {"String": "a"}, "content": "a" * 100}
        self.with_tokenizer(normalizer={"type": "Sequence", "normalizers": [replace] * 6})
        self.fails("classify", "small", "a", says=["tokenizer.json makes a text", "grow"])

    def test_counts_are_checked_first(self):
        with open(self.path("small", "config.json"), encoding="utf-8") as file:
            config = json.load(file)
        for change, says in (({"id2label": {str(i): f"L{i}" for i in range(100000)}, "label2id": {f"L{i}": i for i in range(100000)}}, "100000 labels"), ({"num_hidden_layers": 1000}, "1000 layers")):
            self.write("small/config.json", json.dumps({**config, **change}))
            self.fails("classify", "small", "hello", says=[says])


class Terminal(SpecialFiles):
    def test_texts_cannot_change_the_terminal(self):
        self.write("bad.txt", "You won\u009b31m a prize \u202egnp.exe\n")
        master, slave = pty.openpty()
        for options in ([], ["--json"]):
            process = self.start("classify", "model", "--input", "bad.txt", *options, stdout=slave)
            self.assertEqual(process.wait(WAIT * 2), 0)
            written = os.read(master, 65536).decode()
            self.assertNotIn("\u009b", written)
            self.assertNotIn("\u202e", written)
            if not options:
                self.assertIn("\\u009b31m a prize \\u202egnp.exe", written)
        os.close(slave)
        os.close(master)
        self.assertIn("\u202e", self.winnow("classify", "model", "--input", "bad.txt")[0], "a file gets what the text has")


if __name__ == "__main__":
    winnow.main()
