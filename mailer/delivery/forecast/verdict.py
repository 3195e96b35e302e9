"""The answer to "why does this person get it, or not?"."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Verdict(StrEnum):
    """What holds for one address and one send."""

    WILL_GET = "will_get"
    UNDER_WAY = "under_way"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    EXCLUDED = "excluded"
    NOT_IN_AUDIENCE = "not_in_audience"
    NOT_ON_LIST = "not_on_list"
    NO_SUBSCRIBER = "no_subscriber"


@dataclass(frozen=True)
class Explanation:
    """The answer for one person.

    Args:
        reason: with EXCLUDED the one reason, as Exclusion.Reason names it.
        text: a sentence or two for who asked.
        since: when that which decided it happened, where that is known; for WILL_GET when it is due, None at once.
    """

    address: str
    verdict: Verdict
    text: str
    since: datetime | None = None
    reason: str = ""
