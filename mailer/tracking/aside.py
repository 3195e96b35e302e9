"""Events that cannot be folded though they can be kept: set aside as a post of their own, and tried again later.

That takes a fault of ours, which a new version mends. Until then they must neither be lost nor hold up all others.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from traceback import extract_tb

import structlog
from django.db import DataError, ProgrammingError

from mailer.tracking.intake import Row
from mailer.tracking.models import Post

log = structlog.get_logger()

FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What code raises that meets what it does not expect."""
OF_EVENTS = re.compile("21|22|23|54|XX000")
"""How the codes begin by which PostgreSQL refuses what it is given: https://www.postgresql.org/docs/current/errcodes-appendix.html
With others it is away, busy, or not migrated, and no event is to blame."""


def lies_in_events(error: Exception) -> bool:
    """Whether an error comes from the events that were folded, so that others can be folded without them."""
    if code := getattr(error.__cause__, "sqlstate", None):
        return OF_EVENTS.match(code) is not None
    # psycopg itself refuses what it cannot write.
    return isinstance(error, (*FAULTS, DataError, ProgrammingError))


def set_aside(rows: Sequence[Row], error: Exception) -> None:
    """Make a post of events of one post, which waits until `try_again`."""
    body = b"[" + ",".join(row.written for row in rows).encode() + b"]"
    set_post_aside(body, len(rows), rows[0].received_at, error)


def set_post_aside(body: bytes, events: int, received_at: datetime, error: Exception) -> None:
    """Keep a post as it came, which waits until `try_again`.

    Args:
        events: how many it holds.
    """
    trouble = _what_and_where(error)
    post = Post.objects.create(received_at=received_at, events=events, body=body, trouble=trouble[:200])
    log.error("events_set_aside", post=post.pk, events=events, reason=trouble)


def _what_and_where(error: Exception) -> str:
    """An error by its name and line, such as "KeyError, facts.py:87"; not by its words, which may quote the events."""
    cause = error.__cause__ or error
    broken = getattr(getattr(cause, "diag", None), "constraint_name", None)
    own = [frame for frame in extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    where = f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else ""
    return ", ".join(filter(None, (type(cause).__name__, broken, where)))


def try_again() -> int:
    """Let all that is set aside be folded with the next posts. Returns how many posts it is."""
    return Post.objects.exclude(trouble="").update(trouble="")
