"""A real PostgreSQL for a test, on a Unix socket in a directory of its own."""
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

PROGRAMS = next((d for d in ("/usr/lib/postgresql/15/bin", "/usr/lib/postgresql/16/bin", "/usr/lib/postgresql/17/bin", "/usr/bin")
                 if os.access(os.path.join(d, "initdb"), os.X_OK)), None)


class Postgres:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="winnow-pg-")
        self.user = {}
        if os.geteuid() == 0:  # as which initdb refuses to run
            account = pwd.getpwnam("postgres")
            os.chown(self.directory, account.pw_uid, account.pw_gid)
            self.user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self.data = os.path.join(self.directory, "data")
        self.run("initdb", "--no-sync", "-A", "trust", "-U", "winnow", "-E", "UTF8", "--locale=C", "-D", self.data)
        self.start()

    def start(self):
        self.server = subprocess.Popen([os.path.join(PROGRAMS, "postgres"), "-D", self.data, "-k", self.directory, "-c", "listen_addresses=",
                                        "-c", "fsync=off"], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **self.user)
        for _ in range(2000):
            if subprocess.run([os.path.join(PROGRAMS, "pg_isready"), "-q", "-h", self.directory]).returncode == 0:
                return
            time.sleep(.01)
        raise RuntimeError("PostgreSQL won't start")

    def run(self, program, *arguments):
        return subprocess.run([os.path.join(PROGRAMS, program), *arguments], cwd="/", check=True, capture_output=True, text=True, **self.user).stdout

    def sql(self, statement):
        return self.run("psql", "-h", self.directory, "-U", "winnow", "-d", "postgres", "-At", "-c", statement)

    @property
    def url(self):
        return f"postgres://winnow@{urllib.parse.quote(self.directory, safe='')}/postgres"

    def halt(self, how):
        """SIGINT ends connections and writes all data; SIGQUIT ends it as a crash does. start() starts it again."""
        self.server.send_signal(how)
        self.server.wait()

    def signal_all(self, which):
        """SIGSTOP has it hang with all of its processes, until SIGCONT. The one that starts the others is the first, so that none is left out."""
        self.server.send_signal(which)
        if which == signal.SIGSTOP:
            os.waitpid(self.server.pid, os.WUNTRACED)
        for process in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{process}/stat", encoding="utf-8") as file:
                    parent = int(file.read().rpartition(")")[2].split()[1])
            except OSError:  # it has ended
                continue
            if parent == self.server.pid:
                os.kill(int(process), which)

    def stop(self):
        if self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)  # open connections do not delay it
        self.server.wait()
        shutil.rmtree(self.directory, True)
