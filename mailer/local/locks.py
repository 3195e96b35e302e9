"""Locks between processes. The kernel drops those of a process that is killed."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Lock:
    """A lock on an open file; shared by many or held by one."""

    def __init__(self, handle: int) -> None:
        self._handle = handle

    def share(self) -> None:
        """Hold it together with others; waits while one holds it alone."""
        fcntl.flock(self._handle, fcntl.LOCK_SH)

    def join(self) -> bool:
        """Hold it together with others unless somebody holds it alone. Returns whether that worked."""
        return self._try(fcntl.LOCK_SH)

    def wait(self) -> None:
        """Hold it alone; waits while anybody else holds it."""
        fcntl.flock(self._handle, fcntl.LOCK_EX)

    def take(self) -> bool:
        """Hold it alone if nobody else holds it. Returns whether that worked."""
        return self._try(fcntl.LOCK_EX)

    def _try(self, how: int) -> bool:
        try:
            fcntl.flock(self._handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


@contextmanager
def lock(path: Path) -> Iterator[Lock]:
    """The lock of this file, not held yet; given up at the end."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        yield Lock(handle)
    finally:
        os.close(handle)
