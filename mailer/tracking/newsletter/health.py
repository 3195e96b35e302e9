"""List health: who is on the list, how long, how many of them are out of reach or never read."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.backends.utils import CursorWrapper

from mailer.issues.models import Newsletter
from mailer.tracking.newsletter.addresses import Odd
from mailer.tracking.newsletter.figures import Health, Sent
from mailer.tracking.newsletter.issues import aged
from mailer.tracking.newsletter.readers import REACTED, READERS, SENT

_HEALTH = f"""
WITH {READERS}, {SENT}, {REACTED}, ever_sent AS (SELECT DISTINCT id FROM sent)
SELECT count(*),
    (SELECT count(*) FROM subscribers_subscription WHERE mailing_list_id = %(list)s AND state = 'active'),
    (SELECT count(*) FROM subscribers_subscription WHERE mailing_list_id = %(list)s AND state = 'pending'),
    count(*) FILTER (WHERE paused_until > %(today)s AND paused_because = 'asked'),
    count(*) FILTER (WHERE paused_until > %(today)s AND paused_because = 'soft_bounces'),
    count(ever_sent.id) FILTER (WHERE reacted.id IS NULL),
    count(ever_sent.id),
    floor(extract(epoch FROM %(now)s - percentile_disc(0.5) WITHIN GROUP (ORDER BY created_at)) / 86400)::int,
    count(*) FILTER (WHERE created_at > %(now)s - interval '90 days'),
    count(*) FILTER (WHERE created_at <= %(now)s - interval '2 years')
FROM reader LEFT JOIN ever_sent USING (id) LEFT JOIN reacted USING (id)
"""


def health(
    cursor: CursorWrapper, newsletter: Newsletter, issues: tuple[Sent, ...], odd: Odd, now: datetime
) -> Health:
    """The health of a newsletter's list.

    Args:
        issues: that went out, the newest first; as many as "never" looks back.
        odd: of its addresses (addresses.py).
    """
    today = now.astimezone(ZoneInfo(newsletter.time_zone)).date()
    values: dict[str, Any] = {"list": newsletter.mailing_list_id, "now": now, "today": today, **aged(issues)}
    cursor.execute(_HEALTH, values)
    people, on_list, unconfirmed, asked, refused, never, sent, days, young, old = cursor.fetchone()
    return Health(
        people=people,
        suppressed=on_list - people,
        unconfirmed=unconfirmed,
        asked_pause=asked,
        soft_bounces=refused,
        roles=odd.roles,
        slips=odd.slips,
        never=never,
        sent=sent,
        days=days,
        young=young,
        old=old,
    )
