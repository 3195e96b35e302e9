"""Why people got nothing: exclusions, rejections, bounces and drops. These are few, and read through indexes."""

from collections import defaultdict

from django.db.backends.utils import CursorWrapper

from mailer.delivery.models import ExclusionReason
from mailer.tracking.reports.figures import Bounce, Count

DOMAINS = 5
"""Receiving domains named with each class of bounces."""


def exclusions(cursor: CursorWrapper, send_id: int) -> tuple[Count, ...]:
    """Candidates who get nothing, by reason."""
    cursor.execute(
        """
        SELECT reason, count(*) FROM delivery_exclusion WHERE send_id = %s GROUP BY 1
        UNION ALL
        SELECT state, sum(size) FROM delivery_batch WHERE send_id = %s AND state = 'cancelled' GROUP BY 1
        ORDER BY 2 DESC, 1
        """,
        [send_id, send_id],
    )
    return tuple(Count(str(ExclusionReason(reason).label), people) for reason, people in cursor.fetchall())


def rejections(cursor: CursorWrapper, send_id: int) -> tuple[Count, ...]:
    """Recipients that SendGrid's limits or answer refused, by reason."""
    cursor.execute(
        """
        SELECT rejected_because, count(*) FROM delivery_delivery
        WHERE send_id = %s AND rejected_because IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1
        """,
        [send_id],
    )
    return tuple(Count(reason, people) for reason, people in cursor.fetchall())


def bounces(cursor: CursorWrapper, send_id: int) -> tuple[Bounce, ...]:
    """Hard ones first, by SendGrid's class, each with the receiving domains that had most of them."""
    cursor.execute(
        """
        SELECT bounced_at IS NOT NULL, coalesce(bounce_class, 'Unclassified'),
            lower(split_part(subscriber.email, '@', -1)), count(*)
        FROM delivery_delivery delivery JOIN subscribers_subscriber subscriber ON subscriber.id = delivery.subscriber_id
        WHERE send_id = %s AND (bounced_at IS NOT NULL OR blocked_at IS NOT NULL)
        GROUP BY 1, 2, 3 ORDER BY 4 DESC, 3
        """,
        [send_id],
    )
    classes: dict[tuple[bool, str], list[Count]] = defaultdict(list)
    for hard, name, domain, people in cursor.fetchall():
        classes[hard, name].append(Count(domain, people))
    found = [
        Bounce(hard, name, sum(count.people for count in domains), tuple(domains[:DOMAINS]))
        for (hard, name), domains in classes.items()
    ]
    return tuple(sorted(found, key=lambda bounce: (not bounce.hard, -bounce.people, bounce.name)))


def drops(cursor: CursorWrapper, send_id: int) -> tuple[Count, ...]:
    """By the reason SendGrid gave. Who was dropped and bounced as well has the bounce's class, and no reason here."""
    cursor.execute(
        """
        SELECT CASE WHEN bounced_at IS NULL AND blocked_at IS NULL THEN bounce_class ELSE 'after a bounce' END,
            count(*)
        FROM delivery_delivery WHERE send_id = %s AND dropped_at IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1
        """,
        [send_id],
    )
    return tuple(Count(reason or "Unclassified", people) for reason, people in cursor.fetchall())
