"""The emulator's record of every message against the ledger: who should have got what, and who got it."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from mailer.delivery.models import Send


@dataclass
class Audit:
    """What does not agree, each as "send/subscriber". All lists must be empty.

    `lost` are accepted in the ledger, and SendGrid has nothing for them. `doubled` have got more than one of a send.
    `strays` have got one that the ledger says they have not got (rejected, excluded, waiting, unknown, of no send).
    `elsewhere` have got theirs by another submission than the one that the ledger names.
    """

    mailed: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        return not (self.lost or self.doubled or self.strays or self.elsewhere)


def audit(sends: Iterable[Send], messages: Iterable[Mapping[str, Any]]) -> Audit:
    """Compare.

    Args:
        sends: at rest: what is under way would be reported.
        messages: all that the emulator accepted, as its control API shows them.
    """
    expected = _expected([send.pk for send in sends])
    counts: Counter[tuple[str, str]] = Counter()
    found = Audit()
    for message in messages:
        arguments = message["custom_args"]
        who = (arguments["mailer_send"], arguments["mailer_subscriber"])
        counts[who] += 1
        address, submission = expected.get(who, ("", ""))
        if message["to"] != address:
            found.strays.append("/".join(who))
        elif arguments["mailer_submission"] != submission:
            found.elsewhere.append("/".join(who))
    found.mailed = len(counts)
    found.lost = ["/".join(who) for who in expected if who not in counts]
    found.doubled = ["/".join(who) for who, count in counts.items() if count > 1]
    return found


def _expected(send_ids: list[int]) -> dict[tuple[str, str], tuple[str, str]]:
    """Address and submission of each whom the ledger calls accepted, by send and subscriber.

    Batch and delivery have to say so both: otherwise whoever got it is a stray.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT batch.send_id, recipient.subscriber_id, subscriber.email, batch.submission_id
            FROM delivery_batch batch
            CROSS JOIN LATERAL unnest(batch.subscriber_ids) AS recipient (subscriber_id)
            JOIN delivery_delivery delivery ON delivery.send_id = batch.send_id
                AND delivery.subscriber_id = recipient.subscriber_id AND delivery.batch_id = batch.id
            JOIN subscribers_subscriber subscriber ON subscriber.id = recipient.subscriber_id
            WHERE batch.send_id = ANY(%s) AND batch.state = 'accepted' AND delivery.rejected_because IS NULL
            """,
            [send_ids],
        )
        return {
            (str(send_id), str(subscriber_id)): (email, str(submission_id))
            for send_id, subscriber_id, email, submission_id in cursor.fetchall()
        }
