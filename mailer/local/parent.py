"""Processes that end with the one that started them, also where that one was killed and could not stop them."""

import os
import signal
import threading
import time
from collections.abc import Mapping

import psutil

PARENT = "MAILER_PARENT"
"""The environment variable with the number of the process to end with."""
STEP = 0.5
"""Seconds between two looks."""


def for_children(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment for processes that shall end with this one."""
    return {**variables, PARENT: str(os.getpid())}


def end_with_parent(variables: Mapping[str, str]) -> None:
    """Have this process told to stop (SIGTERM) when the one named in its environment is gone; without one: nothing."""
    number = variables.get(PARENT, "")
    if number.isdecimal():
        threading.Thread(target=_watch, args=(int(number),), name="parent", daemon=True).start()


def _watch(number: int) -> None:
    try:
        parent = psutil.Process(number)
        while parent.is_running() and parent.status() != psutil.STATUS_ZOMBIE:
            time.sleep(STEP)
    except psutil.NoSuchProcess:
        pass
    os.kill(os.getpid(), signal.SIGTERM)
