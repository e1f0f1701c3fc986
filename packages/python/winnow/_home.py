"""Directories of a process for files that others read by their path."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref


class Home:
    """A directory that is removed with the object, or when the process ends, by the process that made it: a forked child,
    whose copy of the object ends with the child, leaves it to its parent."""

    def __init__(self) -> None:
        self.name = tempfile.mkdtemp(prefix="winnow-")
        weakref.finalize(self, _remove, self.name, os.getpid())


def _remove(directory: str, process: int) -> None:
    if os.getpid() == process:
        shutil.rmtree(directory, ignore_errors=True)
