#!/usr/bin/env python3
"""POST /checkv2 of winnow serve --filter beside rspamd on real mail: messages per second, and ROC-AUC on mails that neither has learned.

    python bench/peers/rspamd.py --shared ../shared --winnow build/release/winnow

Both learn the same four fifths of Enron-Spam's first set: rspamd through /learnspam and /learnham into the Bayes classifier of Debian's default
set-up (tokens in Redis), Winnow by training a linear model. Both then check the other fifth. The mails have the set's subjects and bodies; its
other header fields are lost, so all mails get the same ones. Servers are measured in turn by wrk, with the same mails and connections, as many
times as --repeats says. CPU time is that of the server's processes (and of Redis), which other work on the machine disturbs less than the rate.
rspamd runs as Debian sets it up, which does not learn a mail whose class it knows already with 95 %; and once more without the modules that ask DNS
or other servers, and with all mails learned. Needs rspamd, redis-tools and wrk.
"""
import argparse
import gzip
import http.client
import json
import os
import platform
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Beside this file lies tokenize.py, whose name is also that of a module of the standard library.
sys.path = [str(ROOT / "tests" / "end_to_end")] + [path for path in sys.path if os.path.abspath(path or ".") != str(Path(__file__).resolve().parent)]
import rspamd_server  # noqa: E402

REDIS = next((path for path in ("/usr/bin/redis-server", "/usr/bin/redis-check-rdb") if os.access(path, os.X_OK)), None)


def mails(shared):
    """[(label, mail)] in a fixed random order, each mail once."""
    lines = gzip.open(shared / "data/enron_spam/enron1.tsv.gz", "rt", encoding="utf-8").read().split("\n")[1:]
    rows = {}
    for line in lines:
        if line:
            label, _, subject, body = line.split("\t", 3)
            rows[subject, body] = label
    found = []
    for number, ((subject, body), label) in enumerate(rows.items()):
        mail = (f"Received: from mx.example.com (mx.example.com [192.0.2.1]) by mail.example.net; Mon, 4 Oct 2004 10:00:00 +0000\r\n"
                f"From: Sender <sender@example.com>\r\nTo: anna@example.net\r\nDate: Mon, 4 Oct 2004 10:00:00 +0000\r\nSubject: {subject}\r\n"
                f"Message-ID: <{number}@example.com>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}\r\n")
        found.append((label, mail.encode(), {"text": f"{subject}\n{body}", "label": label}))
    random.Random(1).shuffle(found)
    return found


def auc(scores, spam):
    """Area under the ROC curve; equal scores count half."""
    order = sorted(range(len(scores)), key=scores.__getitem__)
    ranks, at = [0.0] * len(scores), 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        for index in order[at:end]:
            ranks[index] = (at + end + 1) / 2
        at = end
    positives = sum(spam)
    total = sum(rank for rank, is_spam in zip(ranks, spam) if is_spam)
    return (total - positives * (positives + 1) / 2) / (positives * (len(spam) - positives))


def cpu_seconds(pids):
    """User and system time of processes and of their children."""
    seconds, ticks = 0.0, os.sysconf("SC_CLK_TCK")
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            fields = (directory / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(directory.name) in pids or int(fields[1]) in pids:
            seconds += (int(fields[11]) + int(fields[12])) / ticks
    return seconds


def post(port, path, body, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("POST", path, body, headers or {})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response.status, data


def bayes_score(reply):
    for name, sign in (("BAYES_SPAM", 1), ("BAYES_HAM", -1)):
        symbol = reply["symbols"].get(name)
        if symbol:
            return sign * abs(symbol["score"] / symbol["metric_score"])
    return 0.0


class Winnow:
    name = "winnow serve --filter"

    def __init__(self, program, directory, learned):
        with open(directory / "learn.jsonl", "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for _, _, row in learned)
        begin = time.monotonic()
        subprocess.run([program, "train", "learn.jsonl", "--kind", "lr", "--positive-label", "spam", "--test-size", "0", "--quiet", "--output-dir", "model"],
                       cwd=directory, check=True, stdout=subprocess.DEVNULL)
        self.learn_seconds = time.monotonic() - begin
        self.process = subprocess.Popen([program, "serve", "model", "--filter", "--store", "store.db", "--max-wait", "0", "--port", "0", "--json"], cwd=directory,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = json.loads(self.process.stdout.readline())["port"]
        self.pids = {self.process.pid}

    def scores(self, reply):
        return {"score": reply["winnow"]["score"]}

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Rspamd:
    def __init__(self, name, directory, learned, configuration):
        self.name = name
        port = rspamd_server.free_port()
        self.redis = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(directory)], executable=REDIS,
                                      stdout=subprocess.DEVNULL)
        self.server = rspamd_server.Rspamd({"local.d/redis.conf": f'servers = "127.0.0.1:{port}";', **configuration}, quick=False)
        self.port = self.server.port
        self.pids = {self.server.server.pid, self.redis.pid}
        begin = time.monotonic()
        outcomes = {}
        for label, mail, _ in learned:
            status, _ = post(self.server.control_port, f"/learn{label}", mail)
            outcomes[status] = outcomes.get(status, 0) + 1
        self.learn_seconds = time.monotonic() - begin
        print(f"{name}: answers while learning, by status: {outcomes}", file=sys.stderr)

    def scores(self, reply):
        return {"Bayes alone": bayes_score(reply), "total score": reply["score"]}

    def stop(self):
        self.server.stop()
        self.redis.terminate()
        self.redis.wait()


def quality(server, held_out):
    scores, errors = {}, 0
    for _, mail, _ in held_out:
        status, data = post(server.port, "/checkv2", mail)
        errors += status != 200
        for name, score in server.scores(json.loads(data)).items():
            scores.setdefault(name, []).append(score)
    spam = [label == "spam" for label, _, _ in held_out]
    return {name: auc(values, spam) for name, values in scores.items()}, errors


def rate(server, mails_file, arguments):
    before = cpu_seconds(server.pids)
    out = subprocess.run(["wrk", "-t", "1", "-c", str(arguments.connections), "-d", f"{arguments.seconds}s", "--timeout", "20s", "-s", "bench/post_mails.lua",
                          f"http://127.0.0.1:{server.port}/checkv2"], cwd=ROOT, env={**os.environ, "WINNOW_BENCH_MAILS": str(mails_file)},
                         check=True, capture_output=True, text=True).stdout
    measured = json.loads([line for line in out.splitlines() if line.startswith("{")][-1])
    failed = measured["status_errors"] + measured["timeouts"]
    return {"per_second": measured["requests"] / measured["seconds"], "p50_ms": measured["p50_ms"], "p99_ms": measured["p99_ms"], "failed": failed,
            "cpu_ms": 1e3 * (cpu_seconds(server.pids) - before) / max(1, measured["requests"])}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, required=True)
    parser.add_argument("--winnow", default="build/release/winnow")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=8)
    arguments = parser.parse_args()
    for program in (rspamd_server.RSPAMD, REDIS, shutil.which("wrk")):
        if program is None:
            return print("skipped: rspamd, redis-tools or wrk is not installed")
    found = mails(arguments.shared)
    part = len(found) // 5
    held_out, learned = found[:part], found[part:]
    servers = []
    directory = Path(tempfile.mkdtemp())
    directory.chmod(0o755)
    try:
        mails_file = directory / "mails"
        mails_file.write_bytes(b"\0".join(mail for _, mail, _ in held_out))
        servers.append(Winnow(os.path.abspath(arguments.winnow), directory, learned))
        # Greylisting would put off all mails unread, since they have one sender.
        servers.append(Rspamd("rspamd, Debian's default set-up without greylisting", directory, learned, {"local.d/greylist.conf": "enabled = false;"}))
        servers.append(Rspamd("rspamd without modules that ask other servers, and every mail learned", directory, learned,
                              {**rspamd_server.OFFLINE, "local.d/classifier-bayes.conf": 'learn_condition = "return function() return true end";'}))
        areas = {server.name: quality(server, held_out) for server in servers}
        runs = {server.name: [] for server in servers}
        for _ in range(arguments.repeats):
            for server in servers:
                runs[server.name].append(rate(server, mails_file, arguments))
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(directory, True)
    version = subprocess.run([rspamd_server.RSPAMD, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    spam = sum(label == "spam" for label, _, _ in held_out)
    print(f"{platform.machine()}, {os.cpu_count()} CPUs; {version}; {len(learned)} mails learned, {len(held_out)} checked ({spam} spam); "
          f"wrk with {arguments.connections} connections, median of {arguments.repeats} runs of {arguments.seconds} s")
    for server in servers:
        median = {key: statistics.median(run[key] for run in runs[server.name]) for key in runs[server.name][0]}
        area, errors = areas[server.name]
        print(f"  {server.name}: {median['per_second']:.0f} messages/s, {median['cpu_ms']:.2f} ms CPU per message, p50 {median['p50_ms']:.1f} ms, "
              f"p99 {median['p99_ms']:.1f} ms, {median['failed']:.0f} failed; learned in {server.learn_seconds:.0f} s; ROC-AUC "
              + ", ".join(f"{name} {value:.4f}" for name, value in area.items()) + (f"; {errors} errors" if errors else ""))


if __name__ == "__main__":
    main()
