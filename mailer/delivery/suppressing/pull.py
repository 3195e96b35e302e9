"""Pulling SendGrid's suppressions: what its lists hold becomes suppressions here.

Its bounces, spam reports, invalid addresses and global unsubscribes are read in windows of time. How far each list was
read is kept with the entries in one transaction, so that a crash loses nothing and repeats a window at most. Blocks are
no suppressions: the address is good, SendGrid tries it again, and so do we (see soft_bounces.py for what comes of them).

Whoever is on the global list of unsubscribes gets nothing at all from then on. Their subscriptions stay as they are, as
with every suppression: a send leaves them out as "asked to get nothing at all".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from mailer.delivery.models import PulledList
from mailer.delivery.suppressing.trace import traced
from mailer.delivery.suppressing.turn import keep_turn
from mailer.sendgrid import suppressions
from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import CallFailed
from mailer.sendgrid.suppressions import Page, Suppressed, SuppressionList
from subscribers.models import SuppressionReason
from subscribers.privacy import erased
from subscribers.text import one_line

log = structlog.get_logger()

LISTS: dict[SuppressionList, SuppressionReason] = {
    "spam_reports": SuppressionReason.COMPLAINT,
    "bounces": SuppressionReason.BOUNCE,
    "invalid_emails": SuppressionReason.INVALID,
    "unsubscribes": SuppressionReason.UNSUBSCRIBE,
}
"""What each list means here; the gravest is read first."""
OVERLAP = timedelta(minutes=10)
"""Read again each time, for entries that come into a list late."""
BEGINNING = datetime(2009, 1, 1, tzinfo=UTC)
"""Nothing at SendGrid is older."""
LONGEST_ADDRESS = 320
LONGEST_DETAIL = 500

Matcher = Callable[[str], bool]


@dataclass(frozen=True)
class Pulled:
    """What became of the entries that were read of a list: read = added + known + lifted + erased + odd.

    Attributes:
        known: suppressed here already, for the same reason or, on the global list, for the one that it was pushed for.
        lifted: older than the moment when somebody of the staff took the address off.
        erased: of people who were erased, so kept as a hash alone (see subscribers/privacy/erased.py).
        odd: without a usable address or time.
    """

    name: SuppressionList
    read: int = 0
    added: int = 0
    lifted: int = 0
    erased: int = 0
    odd: int = 0

    @property
    def known(self) -> int:
        return self.read - self.added - self.lifted - self.erased - self.odd


Progress = Callable[[Pulled, datetime, datetime, datetime], None]
"""Is told, after each page: what was read so far; and from when, up to when, and until when the list is read."""


@traced("pull")
def pull(
    client: SendGrid, *, since: datetime | None = None, progress: Progress | None = None
) -> list[Pulled]:
    """Read the four lists from where they were left to now.

    Args:
        since: read again from then on, if that is before where they were left.
    Returns: what was read of each list.
    Raises:
        CallFailed: a call failed; what was read up to it is kept, and the next call goes on from there. A list that
            may not be read, or cannot be understood, keeps no other back.
    """
    is_erased = erased.matcher()
    pulled: list[Pulled] = []
    failures: list[CallFailed] = []
    for name in LISTS:
        try:
            pulled.append(_pull_list(client, name, since, is_erased, progress))
        except CallFailed as failure:
            keep_turn(failure)
            failures.append(failure)
            if failure.status != 403 and failure.code != "unexpected":
                break
    if failures:
        raise failures[0]
    return pulled


def _pull_list(
    client: SendGrid,
    name: SuppressionList,
    since: datetime | None,
    is_erased: Matcher,
    progress: Progress | None,
) -> Pulled:
    start, end = _start(name, since), timezone.now()
    total = Pulled(name)
    for page in suppressions.pull(client, name, int(start.timestamp()), int(end.timestamp())):
        until = datetime.fromtimestamp(page.end, UTC)
        with transaction.atomic(), connection.cursor() as cursor:
            total = _take(cursor, page, is_erased, total)
            _note(cursor, name, until)
        if progress:
            progress(total, start, until, end)
    if total.added or total.odd:
        log.info("suppressions_pulled", list=name, read=total.read, added=total.added, odd=total.odd)
    return total


def _start(name: SuppressionList, since: datetime | None) -> datetime:
    left = PulledList.objects.filter(name=name).first()
    if left is None:
        return max(BEGINNING, since) if since else BEGINNING
    resumed = left.until - OVERLAP
    return max(BEGINNING, min(since, resumed) if since else resumed)


def _note(cursor: CursorWrapper, name: SuppressionList, until: datetime) -> None:
    """Two that pull at once may overtake each other: the list was read as far as the foremost got."""
    cursor.execute(
        """
        INSERT INTO delivery_pulledlist (name, until, read_at) VALUES (%s, %s, now())
        ON CONFLICT (name) DO UPDATE SET until = greatest(delivery_pulledlist.until, excluded.until), read_at = now()
        """,
        [name, until],
    )


def _take(cursor: CursorWrapper, page: Page, is_erased: Matcher, total: Pulled) -> Pulled:
    """Write the entries of a page; returns the total with them."""
    reason = LISTS[page.name]
    usable = [entry for entry in page.entries if _is_usable(entry)]
    gone = [entry for entry in usable if is_erased(entry.email.strip())]
    for entry in gone:
        erased.suppress(entry.email, reason)
    kept = [entry for entry in usable if not is_erased(entry.email.strip())] if gone else usable
    added, lifted = _insert(cursor, kept, reason)
    odd = page.odd + len(page.entries) - len(usable)
    return replace(
        total,
        read=total.read + len(page.entries) + page.odd,
        added=total.added + added,
        lifted=total.lifted + lifted,
        erased=total.erased + len(gone),
        odd=total.odd + odd,
    )


def _is_usable(entry: Suppressed) -> bool:
    address = entry.email.strip()
    return "@" in address and address.isprintable() and len(address) <= LONGEST_ADDRESS


# An address that was pushed for another reason comes back on the global list: that is no new suppression. A complaint
# is never lifted, so nothing keeps one out.
_INSERT = """
WITH given AS (
    SELECT DISTINCT ON (lower(email)) lower(email) AS address, created, detail
    FROM unnest(%(emails)s::text[], %(created)s::bigint[], %(details)s::text[]) AS given (email, created, detail)
    ORDER BY lower(email), created DESC
), judged AS (
    SELECT given.*, %(reason)s <> 'complaint' AND EXISTS (
        SELECT 1 FROM subscribers_lifting lifting
        WHERE lifting.address = given.address AND lifting.at >= to_timestamp(given.created)
    ) AS lifted
    FROM given
    WHERE char_length(address) <= 320
), added AS (
    INSERT INTO subscribers_suppression (address, reason, detail, origin)
    SELECT address, %(reason)s, detail, 'provider' FROM judged
    WHERE NOT lifted AND NOT (%(reason)s = 'unsubscribe' AND EXISTS (
        SELECT 1 FROM subscribers_suppression pushed
        WHERE pushed.address = judged.address AND pushed.pushed_at IS NOT NULL
    ))
    ORDER BY address
    ON CONFLICT (address, reason) DO NOTHING
    RETURNING 1
)
SELECT (SELECT count(*) FROM added), (SELECT count(*) FROM judged WHERE lifted)
"""


def _insert(cursor: CursorWrapper, entries: list[Suppressed], reason: SuppressionReason) -> tuple[int, int]:
    """Returns how many became suppressions, and how many were lifted since they came into the list."""
    if not entries:
        return 0, 0
    cursor.execute(
        _INSERT,
        {
            "emails": [entry.email.strip() for entry in entries],
            "created": [entry.created for entry in entries],
            "details": [_detail(entry) for entry in entries],
            "reason": reason.value,
        },
    )
    added, lifted = cursor.fetchone()
    return int(added), int(lifted)


def _detail(entry: Suppressed) -> str:
    """The receiving server's words, where the list has any."""
    said = entry.reason if entry.reason.startswith(entry.status) else f"{entry.status} {entry.reason}"
    return one_line(said)[:LONGEST_DETAIL]
