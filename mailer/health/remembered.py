"""Answers that are given again for a while, so that whoever asks often does not load the system."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Remembered(Generic[Answer]):
    """What a look found, for `seconds`; of several threads that ask at once one looks, and the others wait for it.

    A look that raises is not remembered.
    """

    def __init__(self, look: Callable[[], Answer], seconds: float) -> None:
        self._look = look
        self._seconds = seconds
        self._lock = threading.Lock()
        self._last: tuple[float, Answer] | None = None

    def __call__(self) -> Answer:
        """How it is now, or was `seconds` ago at most."""
        with self._lock:
            if self._last is None or time.monotonic() - self._last[0] > self._seconds:
                self._last = time.monotonic(), self._look()
            return self._last[1]

    def forget(self) -> None:
        """Look anew the next time."""
        with self._lock:
            self._last = None
