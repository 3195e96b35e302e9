"""Engagement: how many of the list read, have stopped to, never do, or are too new to tell. Defined in figures.BANDS."""

from typing import Any

from django.db.backends.utils import CursorWrapper

from mailer.issues.models import Newsletter
from mailer.tracking.newsletter.figures import ACTIVE, BANDS, COOLING, ENOUGH, Sent
from mailer.tracking.newsletter.issues import aged
from mailer.tracking.newsletter.readers import REACTED, READERS, SENT

_BANDS = f"""
WITH {READERS}, {SENT}, {REACTED}, times AS (SELECT id, count(*) AS issues FROM sent GROUP BY id)
SELECT CASE
        WHEN reacted.age <= %(active)s THEN 'active'
        WHEN reacted.age <= %(cooling)s THEN 'cooling'
        WHEN times.issues >= %(enough)s THEN 'silent'
        ELSE 'new'
    END, count(*)
FROM reader LEFT JOIN reacted USING (id) LEFT JOIN times USING (id)
GROUP BY 1
"""


def bands(cursor: CursorWrapper, newsletter: Newsletter, issues: tuple[Sent, ...]) -> dict[str, int]:
    """People who get the newsletter, by band.

    Args:
        issues: that went out, the newest first.
    """
    looked_at = issues[:COOLING]
    values: dict[str, Any] = {"list": newsletter.mailing_list_id, **aged(looked_at)}
    cursor.execute(_BANDS, {**values, "active": ACTIVE, "cooling": COOLING, "enough": ENOUGH})
    found = dict(cursor.fetchall())
    return {band: found.get(band, 0) for band in BANDS}
