#!/usr/bin/env python3
"""Runs the commands of a page of docs/tutorials or docs/how-to in their order, and looks for the lines that the page shows in what they
print.

    tests/docs/test_commands.py WINNOW PAGE [--show] [--keep DIR]

The commands run in a new directory with examples/data and deploy, and share no environment, as in new terminals. A command that ends
in "&" is a server: the next command runs once the server has printed what the page shows, and accepts connections at the port that its
command names. `kill %1 %2` ends those that were started first and second, and `kill -HUP %1` signals one, as a shell with job control
does.
A page with the line `<!-- needs: PROGRAM... -->` is skipped (77) where one of these programs is missing.
"""
import argparse
import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import blocks
import shell_blocks

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "end_to_end"))
import ports  # noqa: E402

sys.path.pop(0)
PORTS = ("8080", "8081", "8443", "9090")  # what pages write; tests take free ones
SKIPPED = 77
SECONDS = 240
PATH = os.pathsep.join([os.environ["PATH"], "/usr/sbin"])  # where Debian has servers


class Server:
    """A program that runs while later commands do."""

    def __init__(self, command, work, environment, port):
        self.output = work / f"server-{command.line}.log"
        with open(self.output, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(["bash", "-c", "exec " + command.text.rstrip("& ")], cwd=work, env=environment, stdout=log, stderr=log,
                                            start_new_session=True)
        deadline = time.monotonic() + SECONDS
        while not self.ready(command.shown, port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                missing = shell_blocks.first_missing(command.shown, self.printed())
                self.stop()
                raise AssertionError(f"the server does not start, or does not print {missing!r}:\n{self.printed()}")
            time.sleep(.05)

    def printed(self):
        return self.output.read_text(encoding="utf-8")

    def ready(self, shown, port):
        if shell_blocks.first_missing(shown, self.printed()) is not None:
            return False
        if port is None:
            return True
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
        return False

    def stop(self):
        """Ends it as Ctrl-C does, and returns its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            return self.process.wait()


def run(command, work, environment, show):
    """Runs a command; returns what is wrong, or an empty text."""
    began = time.monotonic()
    done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", command.text], cwd=work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=SECONDS, check=False)
    print(f"  line {command.line}: {time.monotonic() - began:.1f} s  {command.text}", flush=True)
    if show:
        print(done.stdout, flush=True)
    if done.returncode != 0:
        return f"exit status {done.returncode}\n{done.stdout[-4000:]}"
    missing = None if show else shell_blocks.first_missing(command.shown, done.stdout)
    return "" if missing is None else f"the page shows\n{missing}\nbut printed was\n{done.stdout[-8000:]}"


def run_page(page, work, environment, show):
    """Runs the commands of a page; returns what is wrong, or an empty text."""
    commands = shell_blocks.commands_of(page)
    if not commands:
        return f"{page}: there are no commands"
    chosen = {written: ports.free_port() for written in PORTS}
    servers = []
    try:
        for command in commands:
            for written, port in chosen.items():
                command.text = re.sub(rf"\b{written}\b", str(port), command.text)
            if jobs := re.fullmatch(r"kill (-HUP )?((?:%\d+ ?)+)", command.text):
                for job in jobs[2].replace("%", "").split():
                    if jobs[1]:
                        servers[int(job) - 1].process.send_signal(signal.SIGHUP)
                    elif (status := servers[int(job) - 1].stop()) != 0:
                        return f"{page.name}:{command.line}: the exit status of job {job} is {status}\n{servers[int(job) - 1].printed()}"
                if all(server.process.poll() is not None for server in servers):
                    servers = []  # the shell begins at %1 again
            elif command.text.endswith("&"):
                if show:
                    command.shown = []
                servers.append(Server(command, work, environment, next((port for port in chosen.values() if str(port) in command.text), None)))
                print(f"  line {command.line}: {command.text}\n{servers[-1].printed() if show else ''}", flush=True)
            elif wrong := run(command, work, environment, show):
                logs = "".join(f"\nserver:\n{server.printed()}" for server in servers)
                return f"{page.name}:{command.line}: {command.text}\n{wrong}{logs}"
    finally:
        for server in servers:
            server.stop()
    return ""


def missing_programs(page):
    """The programs that a page needs, and this machine lacks."""
    needs = re.search(r"<!-- needs: (.+) -->", page.read_text(encoding="utf-8"))
    return [] if needs is None else [program for program in needs[1].split() if shutil.which(program, path=PATH) is None]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("winnow", type=Path)
    parser.add_argument("page", help="path of the page below docs, without .md: how-to/imbalanced-classes")
    parser.add_argument("--show", action="store_true", help="print what the commands print, and do not compare it with the page")
    parser.add_argument("--keep", type=Path, help="run in this new directory, and leave it")
    arguments = parser.parse_args()
    page = ROOT / "docs" / f"{arguments.page}.md"
    if missing := missing_programs(page):
        print("skipped: there is no " + ", no ".join(missing))
        sys.exit(SKIPPED)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("WINNOW_", "LC_"))}
    with contextlib.ExitStack() as stack:
        if arguments.keep:
            work = arguments.keep.resolve()
            work.mkdir(parents=True)
        else:
            work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        (work / "examples").mkdir()
        shutil.copytree(ROOT / "examples" / "data", work / "examples" / "data")
        shutil.copytree(ROOT / "deploy", work / "deploy")
        # In numbers that do not depend on which were faster just now, and without the models and settings of whoever runs the test.
        environment |= {"WINNOW_PRECISION": "f32", "HF_HUB_OFFLINE": "1", "HOME": str(work), "XDG_CACHE_HOME": str(work / "cache"), "LC_ALL": "C.UTF-8",
                        "PATH": os.pathsep.join([str(arguments.winnow.resolve().parent), PATH])}
        try:
            failed = run_page(page, work, environment, arguments.show)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            failed = str(error)
    if failed:
        sys.exit(f"failed: {failed}")
    print("passed")


if __name__ == "__main__":
    main()
