"""Writing down what must not be lost while the database is away for a moment: a restart, a connection that is cut."""

import time
from collections.abc import Callable
from typing import TypeVar

import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

log = structlog.get_logger()

Written = TypeVar("Written")

LONGEST = 30
"""Seconds."""
FIRST_WAIT = 0.1
LONGEST_WAIT = 3.0
"""Seconds between two tries; each wait is twice as long as the one before."""


def insist(write: Callable[[], Written]) -> Written:
    """Write to the database, over a new connection again and again where it cannot be reached.

    A try may have been committed although its answer was lost, so a second one must change nothing then. It is not
    tried again inside a transaction of the caller's, of which the rest would be lost.

    Returns: what `write` returns.
    Raises:
        OperationalError, InterfaceError: it was away for longer than `patience`.
    """
    end = time.monotonic() + patience()
    wait = FIRST_WAIT
    while True:
        try:
            return write()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block:
                raise
            if time.monotonic() + wait > end:
                log.error("database_stays_away", error=type(error).__name__)
                raise
            log.warning("database_away", error=type(error).__name__, again_in=wait)
            connection.close()
            time.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)


def patience() -> float:
    """Seconds for which a write is tried. A request and this end before its claim counts as one of a worker that is
    gone (settle.claim_limit)."""
    return min(LONGEST, settings.ENVIRONMENT.sendgrid_timeout)
