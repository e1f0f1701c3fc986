"""What other tools answered in an earlier run, in the user's cache, by all that the answers depend on."""
import hashlib
import os
import pickle
import sys
import time

import packages


class Answers:
    """Answers of one conformance tool. What was answered in an earlier run is not asked again, unless what the answers depend on, such as a
    version of a package or the source of the tool, is another now."""

    UNUSED_DAYS = 30

    def __init__(self, name, *depends_on):
        key = hashlib.sha256(repr((sys.version, depends_on)).encode()).hexdigest()
        self.file = packages.cache() / name / f"{key[:32]}.pickle"
        self.kept = pickle.loads(self.file.read_bytes()) if self.file.exists() else {}
        self.known = len(self.kept)

    def __call__(self, what, ask):
        """`ask`'s answer, by a value that says all else that it depends on."""
        key = hashlib.sha256(repr(what).encode()).digest()
        if key not in self.kept:
            self.kept[key] = ask()
        return self.kept[key]

    def keep(self):
        self.file.parent.mkdir(parents=True, exist_ok=True)
        if len(self.kept) > self.known:
            new = self.file.with_suffix(f".{os.getpid()}")
            new.write_bytes(pickle.dumps(self.kept))
            new.replace(self.file)
        os.utime(self.file)
        for other in self.file.parent.glob("*.pickle"):
            if time.time() - other.stat().st_mtime > self.UNUSED_DAYS * 24 * 3600:
                other.unlink(missing_ok=True)
