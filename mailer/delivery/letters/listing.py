"""Letters and what became of each, newest first."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from mailer.delivery.models import Batch, Submission
from mailer.issues.models import Newsletter
from subscribers.letters.moot import address_of, why_moot
from subscribers.models import Letter

FAILED = Q(state__in=[Batch.State.REJECTED, Batch.State.UNKNOWN]) | Q(
    Q(attempts__gt=0) | Q(published=False), state=Batch.State.WAITING
)
"""What somebody should look at: refused, unknown, tried in vain, or without a newsletter to send it."""


@dataclass(frozen=True)
class Listed:
    """A letter. `standing` is the word for its batch's state, `because` says why in words, "" where that says it all."""

    letter: int
    kind: str
    address: str
    mailing_list: str
    asked_at: datetime
    standing: str
    because: str
    submission: str


def letters(*, failed: bool = False, most: int = 50) -> Iterator[Listed]:
    """The newest letters.

    Args:
        failed: only those of which somebody should know.
        most: how many.
    """
    batches = _batches().filter(FAILED) if failed else _batches()
    rows = list(batches.order_by("-letter_id")[:most])
    submissions = Submission.objects.in_bulk([row.submission_id for row in rows if row.submission_id])
    for row in rows:
        letter = row.letter
        if letter is None:  # every batch of these carries one
            continue
        submission = submissions.get(row.submission_id) if row.submission_id else None
        standing, because = _standing(row, letter, submission)
        yield Listed(
            letter=letter.pk,
            kind=letter.kind,
            address=address_of(letter),
            mailing_list=letter.mailing_list.slug,
            asked_at=letter.created_at,
            standing=standing,
            because=because,
            submission=str(submission.pk) if submission else "",
        )


def _batches() -> QuerySet[Batch]:
    published = Newsletter.objects.filter(mailing_list=OuterRef("letter__mailing_list"))
    carrying = Batch.objects.filter(letter__isnull=False).annotate(published=Exists(published))
    return carrying.select_related("letter__subscriber", "letter__mailing_list")


def _standing(batch: Batch, letter: Letter, submission: Submission | None) -> tuple[str, str]:
    reason = submission.reason if submission else ""
    match batch.state:
        case Batch.State.WAITING if not getattr(batch, "published", True):
            return "waits", "no newsletter sends to the list: make one on the staff site"
        case Batch.State.WAITING if batch.attempts:
            again = f"{timezone.localtime(batch.due_at):%d %b %H:%M:%S}"
            return "waits", f"tried {batch.attempts}×, not accepted: {reason}. Goes again {again}"
        case Batch.State.WAITING:
            return "waits", ""
        case Batch.State.SUBMITTING:
            return "under way", ""
        case Batch.State.CANCELLED:
            return "not sent", why_moot(letter) or "it was not needed any more"
        case Batch.State.UNKNOWN:
            return "unknown", f"{reason}. See: mailer settle"
        case _:
            return batch.state, reason
