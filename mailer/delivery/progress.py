"""Where a send stands, counted from the ledger at this moment. Never stored."""

from dataclasses import dataclass

from django.db import connection

from mailer.delivery.models import Send


@dataclass(frozen=True)
class Progress:
    """Promise 3 in numbers of people: candidates = excluded + waiting + accepted + rejected + unknown.

    `candidates` was counted by the plan; the other side is counted now. `cancelled` is the part of `excluded` that
    a cancelled send left without, `in_flight` the part of `waiting` whose request is under way.
    """

    candidates: int
    excluded: int
    cancelled: int
    waiting: int
    in_flight: int
    accepted: int
    rejected: int
    unknown: int

    @property
    def adds_up(self) -> bool:
        return self.candidates == self.excluded + self.waiting + self.accepted + self.rejected + self.unknown

    @property
    def finished(self) -> bool:
        """Nothing is left to do or to find out."""
        return self.waiting == 0 and self.unknown == 0


def progress(send: Send) -> Progress:
    """Count in one query, so that all numbers are of the same moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT coalesce(send.candidates, 0),
                (SELECT count(*) FROM delivery_exclusion WHERE send_id = send.id)
                    + coalesce(sum(size) FILTER (WHERE state = 'cancelled'), 0),
                coalesce(sum(size) FILTER (WHERE state = 'cancelled'), 0),
                coalesce(sum(size) FILTER (WHERE state IN ('waiting', 'submitting')), 0),
                coalesce(sum(size) FILTER (WHERE state = 'submitting'), 0),
                coalesce(sum(size) FILTER (WHERE state = 'accepted'), 0),
                coalesce(sum(size) FILTER (WHERE state = 'rejected'), 0) + (
                    SELECT count(*) FROM delivery_delivery
                    WHERE send_id = send.id AND rejected_because IS NOT NULL
                ),
                coalesce(sum(size) FILTER (WHERE state = 'unknown'), 0)
            FROM delivery_send send LEFT JOIN delivery_batch batch ON batch.send_id = send.id
            WHERE send.id = %s GROUP BY send.id
            """,
            [send.pk],
        )
        return Progress(*cursor.fetchone())
