"""Power cuts in programs that tests start, by tests/support/power_cut.c."""
import os
import shutil
import subprocess

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
MODES = ({}, {"WINNOW_TEST_POWER_CUT_TORN": "1"}, {"WINNOW_TEST_POWER_CUT_KILL": "1"})


def compiled(directory):
    """The path of the library that a program is started with, or None if there is no C compiler."""
    compiler = shutil.which("cc")
    if not compiler:
        return None
    library = os.path.join(directory, "power_cut.so")
    subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, os.path.join(SOURCE, "tests", "support", "power_cut.c"), "-ldl"], check=True)
    return library


class PowerCuts:
    """What a program is started with in the directory of a test. Where there is no C compiler, the test is skipped."""

    def __init__(self, directory, skip):
        self.library = compiled(directory)
        if not self.library:
            skip("no C compiler")
        self.count = os.path.join(directory, "calls")

    def counting(self):
        """The environment of a program that runs to its end, and whose calls are counted."""
        return {"LD_PRELOAD": self.library, "WINNOW_TEST_POWER_CUT_COUNT": self.count}

    def calls(self):
        """The number of calls that change files, of the program that was last started with `counting`."""
        with open(self.count, encoding="utf-8") as file:
            return int(file.read())

    def at(self, call, number=0, dice=None):
        """The environment of a program whose power is cut at a call. By `number`, what is lost takes turns: all that was not synced, a random half of it (by `dice`), nothing."""
        mode = {name: str(dice.randrange(1 << 30)) if name.endswith("TORN") else value for name, value in MODES[number % len(MODES)].items()}
        return {"LD_PRELOAD": self.library, "WINNOW_TEST_POWER_CUT": str(call), **mode}
