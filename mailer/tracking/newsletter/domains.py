"""Deliverability: what became of the mail of each issue at each receiving domain."""

from collections import defaultdict

from django.db.backends.utils import CursorWrapper

from mailer.tracking.newsletter.figures import DOMAINS, LAST, Arrivals, Domain, Sent
from mailer.tracking.newsletter.issues import aged

ERASED = "erased.invalid"
"""The domain of those who were erased: what theirs was is not known any more."""

# An issue may have gone out again to those whom it did not reach: they are people once, with all that happened.
_ARRIVALS = """
WITH person AS (
    SELECT delivery.subscriber_id, issue.age, count(delivered_at) AS delivered, count(bounced_at) AS bounced,
        count(blocked_at) AS blocked, count(complained_at) AS complained, count(opened_at) AS opened
    FROM unnest(%(sends)s::bigint[], %(ages)s::int[]) AS issue (send_id, age)
    JOIN delivery_delivery delivery ON delivery.send_id = issue.send_id AND delivery.rejected_because IS NULL
    JOIN delivery_batch batch ON batch.id = delivery.batch_id AND batch.state = 'accepted'
    GROUP BY 1, 2
)
SELECT substring(lower(subscriber.email) FROM '[^@]*$'), age, count(*), count(*) FILTER (WHERE delivered > 0),
    count(*) FILTER (WHERE bounced > 0), count(*) FILTER (WHERE blocked > 0 AND bounced = 0),
    count(*) FILTER (WHERE complained > 0), count(*) FILTER (WHERE opened > 0)
FROM person JOIN subscribers_subscriber subscriber ON subscriber.id = person.subscriber_id
GROUP BY 1, 2
"""


def domains(cursor: CursorWrapper, issues: tuple[Sent, ...]) -> tuple[Domain, ...]:
    """The greatest domains, by people sent to in all; then the others, added up.

    Args:
        issues: that went out, the newest first.
    """
    looked_at = issues[:LAST]
    cursor.execute(_ARRIVALS, aged(looked_at))
    found: dict[str, dict[int, Arrivals]] = defaultdict(dict)
    for domain, age, *counts in cursor.fetchall():
        found[domain][age] = Arrivals(*counts)
    ages = range(len(looked_at), 0, -1)
    every = [Domain(name, tuple(each.get(age, Arrivals()) for age in ages)) for name, each in found.items()]
    named = sorted((domain for domain in every if domain.name != ERASED), key=_greatest_first)
    return (*named[:DOMAINS], *_added_up([*named[DOMAINS:], *(d for d in every if d.name == ERASED)]))


def _greatest_first(domain: Domain) -> tuple[int, str]:
    return -sum(arrivals.sent for arrivals in domain.issues), domain.name


def _added_up(rest: list[Domain]) -> list[Domain]:
    if not rest:
        return []
    issues = zip(*(domain.issues for domain in rest), strict=True)
    others = [domain.name for domain in rest if domain.name != ERASED]
    parts = [f"{len(others):,} other domain{'s' if len(others) > 1 else ''}"] if others else []
    parts += ["people erased since"] if len(others) < len(rest) else []
    return [Domain(" and ".join(parts), tuple(sum(each, Arrivals()) for each in issues))]
