"""Whom somebody's counts are of, and whether they may see who is counted."""

from dataclasses import dataclass
from typing import Any

from mailer.staff.access.scope import lists_where

SECONDS = 10.0
"""That a count on a page may take."""


@dataclass(frozen=True)
class Seen:
    """What somebody may know of the people in segments.

    Attributes:
        lists: the mailing lists whose people they count; None for everybody in the store.
        people: whether they may see who those are.
    """

    lists: frozenset[int] | None
    people: bool


def seen_by(user: Any) -> Seen:
    """What somebody may know: who may see people counts those, who may not counts those of their newsletters."""
    people = user.has_perm("subscribers.view_subscriber")
    right = "subscribers.view_subscriber" if people else "subscribers.view_segment"
    return Seen(lists_where(user, right), people)
