"""Memory, descriptors and threads of a process over time."""
import collections
import contextlib
import os
import re
import time


def state(process):
    """(resident memory in MB, descriptors, threads)"""
    with open(f"/proc/{process.pid}/status", encoding="utf-8") as file:
        fields = dict(line.split(":", 1) for line in file if ":" in line)
    return int(fields["VmRSS"].split()[0]) / 1024, len(os.listdir(f"/proc/{process.pid}/fd")), int(fields["Threads"])


def open_files(process):
    """What the descriptors are, with their number."""
    names = collections.Counter()
    for descriptor in os.listdir(f"/proc/{process.pid}/fd"):
        with contextlib.suppress(OSError):
            names[re.sub(r"\d+", "N", os.path.basename(os.readlink(f"/proc/{process.pid}/fd/{descriptor}")))] += 1
    return names


def settled(process, seconds=30):
    """The state of an idle process, once it has not changed for two seconds."""
    before, deadline = None, time.monotonic() + seconds
    while True:
        now = state(process)
        if before is not None and now[1:] == before[1:] and abs(now[0] - before[0]) < .5 or time.monotonic() > deadline:
            return now
        before = now
        time.sleep(2)


def slope(points):
    """(slope, its standard error) of a line through (x, y), by least squares."""
    count = len(points)
    if count < 3:
        return 0., float("inf")
    mean_x, mean_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if spread == 0:
        return 0., float("inf")
    rise = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    residual = sum((y - mean_y - rise * (x - mean_x)) ** 2 for x, y in points)
    return rise, (residual / (count - 2) / spread) ** .5
