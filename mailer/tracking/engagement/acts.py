"""Was sent, delivered, opened: what deliveries say. Times are those of the first time an issue was opened."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mailer.tracking.engagement.window import WHEN, WHOSE, Window, read_window
from subscribers.segments import Kind, Query
from subscribers.segments.faces import ENGAGEMENT, Face
from subscribers.segments.reading import Part

Act = Literal["sent", "delivered", "opened"]

# A batch holds who was in the request: rows of a thousand instead of one for each delivery.
_SENT = """SELECT person.id AS subscriber_id
    FROM delivery_batch batch CROSS JOIN LATERAL unnest(batch.subscriber_ids) AS person (id)
    WHERE batch.state = 'accepted' AND batch.send_id IS NOT NULL"""
_SENT_TO_FEW = """SELECT delivery.subscriber_id FROM delivery_delivery delivery
    JOIN delivery_batch batch ON batch.id = delivery.batch_id
    WHERE batch.state = 'accepted' AND delivery.rejected_because IS NULL"""
_REQUESTED = (
    "EXISTS (SELECT FROM delivery_submission WHERE id = batch.submission_id AND started_at >= {since})"
)


def people(
    act: Act | Literal["clicked"], query: Query, sends: list[int] | None = None, since: datetime | None = None
) -> str:
    """A SELECT of those to whom it happened, with any of these sends, from that moment on; None: with all, ever."""
    if act == "sent":
        found, send = (_SENT_TO_FEW if query.few else _SENT), "batch.send_id"
        when = _REQUESTED
    else:
        at = f"delivery.{act}_at"
        found = f"SELECT delivery.subscriber_id FROM delivery_delivery delivery WHERE {at} IS NOT NULL"
        send, when = "delivery.send_id", f"{at} >= {{since}}"
    if sends is not None:
        found += f" AND {send} = ANY({query.add(sends)}::bigint[])"
    return found if since is None else f"{found} AND {when.format(since=query.add(since))}"


@dataclass(frozen=True)
class ActCondition:
    """It happened, with any issue in the window; or with none of them."""

    act: Act
    window: Window
    place: str

    def sql(self, query: Query) -> str:
        happened = query.member_of(
            people(self.act, query, self.window.sends(query), self.window.since(query))
        )
        return f"NOT {happened}" if self.window.negated else happened

    def says(self, negated: bool) -> str:
        not_so = negated != self.window.negated
        verbs = {
            "sent": ("was not sent anything", "was sent something"),
            "delivered": ("got nothing delivered", "got something delivered"),
            "opened": ("did not open anything", "opened something"),
        }
        return f"{verbs[self.act][0 if not_so else 1]}{self.window.says()}"


def _kind(act: Act, label: str, example: str) -> Kind:
    def read(part: Part) -> ActCondition:
        part.true(act)
        return ActCondition(act, read_window(part), part.place)

    face = Face(act, ENGAGEMENT, label, WHEN, (((act,), True),), details=WHOSE)
    return Kind(act, read, example, (face,))


SENT = _kind("sent", "Was sent an issue", '{"sent": true, "in_last_days": 30}')
DELIVERED = _kind(
    "delivered", "Got an issue delivered", '{"delivered": true, "in_last_issues": 3, "of": "weekly"}'
)
OPENED = _kind("opened", "Opened an issue", '{"opened": true, "not_in_last_issues": 6}')
