"""What happens to the servers: one fault after the other, sometimes two at once, drawn from a seed and logged."""
import random
import signal
import threading
import time

DAY = 86400


class Faults:
    def __init__(self, chaos):
        self.chaos, self.ledger = chaos, chaos.ledger
        self.draw = random.Random(f"{chaos.seed} faults")
        self.longest = chaos.longest_fault  # seconds
        self.kinds = {"redis dies": self.redis_dies, "redis hangs": self.redis_hangs, "redis has foreign bytes": self.redis_spoilt, "kill": self.kill, "restart": self.restart, "lock": self.lock,
                      "descriptors": self.descriptors}
        if hasattr(chaos.store, "crash"):
            self.kinds["database"] = self.database
        if chaos.disk.limited:
            self.kinds["disk"] = self.disk
        if chaos.clocks:
            self.kinds["clock"] = self.clock
        self.deck = []
        self.busy = {name: threading.Lock() for name in self.kinds}
        self.busy["restart"] = self.busy["kill"]  # of the same server
        for name in ("redis hangs", "redis has foreign bytes"):
            self.busy[name] = self.busy["redis dies"]
        if "database" in self.busy:
            self.busy["lock"] = self.busy["database"]
        self.done = {}
        self.broken = False  # a server does not start again, for instance: the run ends

    def duration(self, least=.3):
        return self.draw.uniform(least, self.longest)

    def deal(self):
        """Each kind once before any comes again."""
        if not self.deck:
            self.deck = sorted(self.kinds)
            self.draw.shuffle(self.deck)
        return self.deck.pop()

    def one(self, name):
        with self.busy[name]:
            self.done[name] = self.done.get(name, 0) + 1
            try:
                self.kinds[name]()
            except Exception as exception:
                self.ledger.fail(f"the fault '{name}': {exception!r}")
                self.broken = True
                raise

    def run(self, stopping):
        """Until the time is over. All faults are over when it returns."""
        while not stopping.is_set():
            first = self.deal()
            if self.draw.random() < .25:
                second = threading.Thread(target=self.one, args=(self.deal(),))
                second.start()
                self.one(first)
                second.join()
            else:
                self.one(first)
            stopping.wait(self.draw.uniform(.2, self.longest))

    # Redis
    def redis_dies(self):
        window = self.ledger.open("redis", way="dies")
        self.chaos.redis.kill()
        time.sleep(self.duration())
        self.chaos.redis.start()
        self.ledger.close(window)

    def redis_hangs(self):
        window = self.ledger.open("redis", way="hangs")
        self.chaos.redis.process.send_signal(signal.SIGSTOP)
        time.sleep(self.duration())
        self.chaos.redis.process.send_signal(signal.SIGCONT)
        self.ledger.close(window)

    def redis_spoilt(self):
        try:
            number = self.chaos.redis.spoil(self.draw)
        except OSError:  # it is down, or hangs
            number = 0
        self.ledger.log("foreign bytes in Redis", values=number)
        self.chaos.spoilt += number

    # The store
    def database(self):
        window = self.ledger.open("database", way="crashes")
        self.chaos.store.crash()
        time.sleep(self.duration())
        self.chaos.store.start()
        self.ledger.close(window)

    def lock(self):
        window = self.ledger.open("lock")
        try:
            with self.chaos.store.locked():
                time.sleep(min(self.duration(), 5))
        except Exception as exception:  # the database has crashed, or the disk is full
            self.ledger.log("the lock ended early", why=repr(exception))
        self.ledger.close(window)

    # The machine
    def disk(self):
        window = self.ledger.open("disk")
        self.chaos.disk.fill()
        time.sleep(self.duration(1))
        self.chaos.disk.free()
        self.ledger.close(window)

    def kill(self):
        server = self.chaos.servers[0]  # the memory of the other one is measured over the whole time
        self.chaos.being_killed.set()
        window = self.ledger.open("kill", server.name)
        server.kill()
        time.sleep(self.draw.uniform(0, .5))
        server.start()
        self.ledger.close(window)
        self.chaos.being_killed.clear()

    def restart(self):
        """Ends a server as an upgrade does, and starts it again."""
        server = self.chaos.servers[0]
        self.chaos.being_killed.set()
        window = self.ledger.open("restart", server.name)
        server.terminate()
        server.start()
        self.ledger.close(window)
        self.chaos.being_killed.clear()

    def descriptors(self):
        server = self.chaos.servers[1]
        window = self.ledger.open("descriptors", server.name)
        former = server.limit_descriptors(server.descriptors() + self.draw.randrange(4))
        time.sleep(self.duration())
        server.limit_descriptors(former)
        self.ledger.close(window)

    def clock(self):
        server = self.draw.choice(self.chaos.servers)
        seconds = self.draw.choice((-1, 1)) * self.draw.choice((5, 3600, DAY, 9 * DAY))
        self.ledger.log("the clock jumps", server=server.name, by=seconds)
        server.clock.jump(seconds)
        time.sleep(self.duration(1.5))
        if self.draw.random() < .7:
            server.clock.jump(0)
            time.sleep(1.2)
