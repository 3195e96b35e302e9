"""What the parts of the system say when they did something; see flows.py for how it is counted."""

from collections import Counter
from collections.abc import Iterable

from mailer.sendgrid.answer import Answer
from mailer.sendgrid.event_kinds import KINDS
from mailer.vitals import flows

SECOND_SEGMENT_IS_OURS = frozenset({"asm", "mail", "suppression", "tracking_settings", "user", "whitelabel"})
"""Parts of the API whose second segment names a call. Elsewhere, as in messages/ID, it may be an id."""


def count_request(path: tuple[str, ...], answer: Answer, seconds: float) -> None:
    """A request to SendGrid was made. An observer of `mailer.sendgrid.client.SendGrid`."""
    endpoint = "/".join(path[: 2 if path[0] in SECOND_SEGMENT_IS_OURS else 1])
    flows.add(
        flows.REQUESTS.one(endpoint, str(answer.status or answer.phase)),
        flows.REQUEST_SECONDS.took(seconds, endpoint),
    )


def count_submission(what: str, outcome: str, status: int | None, recipients: int) -> None:
    """A submission was recorded.

    Args:
        what: batch or letter.
        outcome: as the ledger names it.
        status: HTTP status of the answer, None without one.
    """
    flows.add(
        flows.SUBMISSIONS.one(what, outcome, str(status or "none")),
        flows.RECIPIENTS.more(recipients, what, outcome),
    )


def count_post(status: int, events: int = 0) -> None:
    """A post of the webhook was answered with this HTTP status; so many events in it were kept."""
    flows.add(flows.POSTS.one(str(status)), flows.EVENTS_RECEIVED.more(events))


def count_folding(kinds: Iterable[str], known: int, seconds: float) -> None:
    """A transaction of folding was committed.

    Args:
        kinds: of each event that was new.
        known: how many events had been folded before.
    """
    fresh = Counter(kinds)
    # Names of others come from outside: each would be a series of its own.
    other = sum(count for kind, count in fresh.items() if kind not in KINDS)
    flows.add(
        *(flows.EVENTS_FOLDED.more(count, kind) for kind, count in fresh.items() if kind in KINDS),
        flows.EVENTS_FOLDED.more(other, "other"),
        flows.EVENTS_KNOWN.more(known),
        flows.FOLD_SECONDS.took(seconds),
    )


def count_failed_task(task: str) -> None:
    """A worker's task ended with an error."""
    flows.add(flows.TASKS_FAILED.one(task))
