"""The rule on soft bounces: whom a list's mail does not reach again and again gets none for a while.

An issue counts as refused for somebody when it was handed over, has not been delivered, and either was blocked, or was
deferred more than three days ago, when SendGrid has given up (72 hours). What SendGrid did not try (dropped) does not
count, and a hard bounce suppresses the address anyway.

A list looks at the last issues that it sent (5, as the list says). Somebody who was refused 3 of them (as the list
says) with none delivered in between or since is paused for 30 days (as the list says), and it is recorded. Issues that
they were not sent count neither way. Each refusal counts once: an issue that was sent before a pause by this rule does
not count towards the next.
"""

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from subscribers.models import MailingList

log = structlog.get_logger()

SOURCE = "rule: soft bounces"
"""The source of the records of consent that tell of such a pause; they are also what a pause is remembered by."""
GIVEN_UP = "interval '72 hours'"
"""SendGrid tries a deferred mail for so long."""


def pause_refused() -> int:
    """Pause everybody whom the rule of their list names. Safe to run twice: it names nobody who is paused.

    Returns: how many.
    """
    return sum(
        pause_on(mailing_list)
        for mailing_list in MailingList.objects.filter(soft_bounce_limit__gt=0).order_by("id")
    )


@transaction.atomic
def pause_on(mailing_list: MailingList) -> int:
    """Pause those whom the rule of one list names. Returns how many."""
    with connection.cursor() as cursor:
        _gather(cursor, mailing_list)
        cursor.execute(
            _PAUSE, {"list": mailing_list.pk, "days": mailing_list.soft_bounce_pause_days, "source": SOURCE}
        )
        count = int(cursor.rowcount)
        cursor.execute("DROP TABLE refused_issue, sent_issue")
    if count:
        log.info("paused_for_soft_bounces", list=mailing_list.pk, people=count)
    return count


def _gather(cursor: CursorWrapper, mailing_list: MailingList) -> None:
    """Tables of the last issues, and of those whom enough of them did not reach, with every issue that did not."""
    values: dict[str, int | str] = {
        "list": mailing_list.pk,
        "issues": mailing_list.soft_bounce_issues,
        "limit": mailing_list.soft_bounce_limit,
        "source": SOURCE,
    }
    cursor.execute(_SENT, values)
    cursor.execute(_REFUSED)
    # The planner knows nothing of new tables, and would look up each of many people in each send.
    cursor.execute("ANALYZE sent_issue, refused_issue")
    cursor.execute(_TOO_FEW, values)
    cursor.execute(_COUNTED, values)
    cursor.execute(_TOO_FEW, values)


# An issue's sends are a chain; it is as old as the first of them.
_SENT = """
CREATE TEMPORARY TABLE sent_issue ON COMMIT DROP AS
SELECT send.id AS send_id, issue.id, issue.started_at
FROM (
    SELECT issue_id AS id, min(started_at) AS started_at FROM delivery_send
    WHERE mailing_list_id = %(list)s AND started_at <= now() AND NOT rolling
    GROUP BY issue_id ORDER BY started_at DESC, issue_id DESC LIMIT %(issues)s
) issue
JOIN delivery_send send ON send.issue_id = issue.id AND send.mailing_list_id = %(list)s
"""

# Read from an index of what was blocked or deferred, whatever the size of the sends.
_REFUSED = f"""
CREATE TEMPORARY TABLE refused_issue ON COMMIT DROP AS
SELECT delivery.subscriber_id, sent.id AS issue_id, sent.started_at
FROM sent_issue sent
JOIN delivery_delivery delivery ON delivery.send_id = sent.send_id
WHERE (delivery.blocked_at IS NOT NULL OR delivery.deferred_at IS NOT NULL)
    AND delivery.delivered_at IS NULL AND delivery.bounced_at IS NULL
    AND (delivery.blocked_at IS NOT NULL OR delivery.deferred_at < now() - {GIVEN_UP})
GROUP BY 1, 2, 3
"""

# Before anything is looked up for each, and once more when it was.
_TOO_FEW = """
DELETE FROM refused_issue WHERE subscriber_id NOT IN (
    SELECT subscriber_id FROM refused_issue GROUP BY 1 HAVING count(*) >= %(limit)s
)
"""

# What lies before a delivery, and before a pause by this rule, counts no more.
_COUNTED = """
DELETE FROM refused_issue refused WHERE EXISTS (
    SELECT 1 FROM sent_issue sent
    JOIN delivery_delivery delivery ON delivery.send_id = sent.send_id
    WHERE delivery.subscriber_id = refused.subscriber_id AND delivery.delivered_at IS NOT NULL
        AND (sent.started_at, sent.id) >= (refused.started_at, refused.issue_id)
) OR EXISTS (
    SELECT 1 FROM subscribers_consent consent
    WHERE consent.subscriber_id = refused.subscriber_id AND consent.mailing_list_id = %(list)s
        AND consent.source = %(source)s AND consent.at >= refused.started_at
)
"""

_PAUSE = """
WITH paused AS (
    UPDATE subscribers_subscription subscription
    SET paused_until = CURRENT_DATE + %(days)s, paused_because = 'soft_bounces', changed_at = now()
    FROM (SELECT subscriber_id, array_agg(issue_id ORDER BY started_at) AS issues FROM refused_issue GROUP BY 1) named
    WHERE subscription.mailing_list_id = %(list)s AND subscription.subscriber_id = named.subscriber_id
        AND subscription.state = 'active'
        AND (subscription.paused_until IS NULL OR subscription.paused_until <= CURRENT_DATE)
    RETURNING subscription.subscriber_id, subscription.paused_until, named.issues
)
INSERT INTO subscribers_consent (subscriber_id, mailing_list_id, action, source, detail)
SELECT subscriber_id, %(list)s, 'changed', %(source)s,
    jsonb_build_object('paused_until', paused_until, 'refused_issues', to_jsonb(issues))
FROM paused
"""
