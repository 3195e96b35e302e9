"""Whether people were sent something. The store sends nothing: whoever does registers here (see mailer/delivery/apps.py)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

Query = Callable[[Any, str, datetime], set[int]]
"""Given a cursor, a table with a column `subscriber_id`, and a moment: those of them to whom something was sent since,
or is about to be. Until the transaction ends nobody plans to send them anything."""
_queries: list[Query] = []


def register(query: Query) -> None:
    """Have `query` asked before people are taken out of the store."""
    if query not in _queries:
        _queries.append(query)


def was_sent(cursor: Any, people: str, since: datetime) -> set[int]:
    """Those of the people in a table (column `subscriber_id`) to whom something was sent since, or is about to be."""
    return {person for query in _queries for person in query(cursor, people, since)}
