"""What the servers have acknowledged, and what they may not answer. Thread-safe."""
import http.client
import json
import threading
import time

UNKNOWN = object()  # the outcome of a request that got no answer

# Statuses that a fault may cause, by the kind of the request; those of docs/operations.md, "When something is down". None: the connection broke.
# Redis, the clock, reloads and slow clients cause none.
ALLOWED = {
    "kill": {"any": {None}},
    "restart": {"any": {None, 503}},
    "descriptors": {"any": {None, 503}},
    "database": {"store": {503}, "registry": {503}},
    "lock": {"store": {503}, "registry": {503}},
    "disk": {"files": {503, 507}, "store": {503}, "feedback": {503}, "registry": {503}},
}
TYPES = {503: {"Unavailable", "Overloaded", "Timeout"}, 507: {"InsufficientStorage"}}
GRACE = {"kill": .2, "restart": .2, "descriptors": 2, "database": 8, "lock": 3, "disk": 3, "redis": 0, "clock": 0}  # seconds until a server has noticed that the fault is over


class Window:
    """One fault, from its beginning to its end."""

    def __init__(self, name, server, detail):
        self.name, self.server, self.detail = name, server, detail
        self.begin, self.end = time.monotonic(), None

    def reaches(self, begin, end, server, grace):
        return ((self.server is None or server is None or self.server == server) and self.begin <= end
                and (self.end is None or begin <= self.end + grace))


class Register:
    """A value with one writer: what it may be, after the answers so far."""

    def __init__(self, value=None):
        self.possible = [value]

    def write(self, value, outcome):
        """outcome: True (acknowledged), False (refused) or UNKNOWN."""
        if outcome is True:
            self.possible = [value]
        elif outcome is UNKNOWN and value not in self.possible:
            self.possible.append(value)


class Ledger:
    def __init__(self, log):
        self.lock = threading.RLock()
        self.log_file = log
        self.begin = time.monotonic()
        self.windows = []
        self.word = "wrong"   # in the log, for a failure
        self.wrong = []       # each ends the run
        self.counts = {}      # of answers, by kind and status
        self.late = {}        # the latest error after the end of a fault, in seconds
        self.slowest = {}     # the longest request by kind while no fault was on
        self.registers = {}   # (what, server, name): Register
        self.feedback = {}    # key: {"text", "user", "label", "acknowledged"}
        self.verdicts = {}    # id: (monotonic time, name of the server)
        self.jobs = {}        # (server, id): kind
        self.versions = []    # of the registry, pushed and acknowledged
        self.reasons = []     # of changes of aliases that were acknowledged, in order
        self.experiments = []  # that were acknowledged
        self.expected = {}    # (model, version): {text: answer}

    def log(self, event, **fields):
        line = json.dumps({"seconds": round(time.monotonic() - self.begin, 2), "event": event, **fields})
        with self.lock:
            self.log_file.write(line + "\n")
            self.log_file.flush()

    def fail(self, message):
        with self.lock:
            self.wrong.append(f"{time.monotonic() - self.begin:.1f} s: {message}; faults on: {[(w.name, w.server) for w in self.windows if w.end is None]}")
        self.log(self.word, message=message)

    def count(self, name):
        with self.lock:
            self.counts[name] = self.counts.get(name, 0) + 1

    # Faults
    def open(self, name, server=None, **detail):
        window = Window(name, server, detail)
        with self.lock:
            self.windows.append(window)
        self.log("begins", fault=name, server=server, **detail)
        return window

    def close(self, window):
        window.end = time.monotonic()
        self.log("ends", fault=window.name, server=window.server, after=round(window.end - window.begin, 2))

    def faults(self, begin, end, server, grace=True):
        with self.lock:
            return [w for w in self.windows if w.reaches(begin, end, server, GRACE[w.name] if grace else 0)]

    # Answers
    def judge(self, server, kind, what, status, answer, begin, end):
        """A status of a request that no fault explains, or an error without its type, is wrong."""
        self.count(f"{kind} {status if status is not None else 'broken'}")
        if status is not None and status < 400:
            with self.lock:
                if not self.faults(begin, end, server):
                    self.slowest[kind] = max(self.slowest.get(kind, 0), end - begin)
            return
        explained = [w for w in self.faults(begin, end, server)
                     if status in ALLOWED.get(w.name, {}).get("any", ()) or status in ALLOWED.get(w.name, {}).get(kind, ())]
        if not explained:
            self.fail(f"{server} {what}: {status} {str(answer)[:300]} after {end - begin:.1f} s")
            return
        if status is not None and (not isinstance(answer, dict) or answer.get("error_type") not in TYPES[status]):
            self.fail(f"{server} {what}: {status} is not documented as {str(answer)[:300]}")
        for window in explained:
            if window.end is not None:
                with self.lock:
                    self.late[window.name] = max(self.late.get(window.name, 0), round(begin - window.end, 2))

    def register(self, what, server, name):
        with self.lock:
            return self.registers.setdefault((what, server, name), Register())


class Client:
    """One actor's way to the servers."""

    def __init__(self, ledger):
        self.ledger = ledger

    def ask(self, server, kind, method, path, body=None, headers=None, accepts=(200,)):
        """(status, answer). `kind` says which faults may hurt: answer (none but kills), store, files, feedback. Statuses in `accepts` are what was asked for."""
        begin = time.monotonic()
        status, answer = None, "no answer"
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=240)
        try:
            connection.request(method, path, json.dumps(body) if isinstance(body, (dict, list)) else body, headers or {})
            response = connection.getresponse()
            data = response.read()
            status = response.status
            answer = json.loads(data) if "json" in response.getheader("Content-Type", "") and data else data
        except (OSError, http.client.HTTPException, ValueError) as exception:
            status, answer = None, repr(exception)
        finally:
            connection.close()
        if status in accepts:
            self.ledger.judge(server.name, kind, f"{method} {path}", 200, answer, begin, time.monotonic())
        else:
            self.ledger.judge(server.name, kind, f"{method} {path}", status, answer, begin, time.monotonic())
        return status, answer

    @staticmethod
    def outcome(status):
        """Of a write. An error of the server may come after the write: nothing was promised either way."""
        return True if status is not None and status < 300 else UNKNOWN if status is None or status >= 500 else False
