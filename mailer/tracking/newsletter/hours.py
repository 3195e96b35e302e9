"""The best hour: when people open and click, by the clock that they live by."""

from zoneinfo import available_timezones

from django.db.backends.utils import CursorWrapper

from mailer.delivery.zones import zones_of_countries
from mailer.tracking.newsletter.figures import LAST, Hours, Sent
from mailer.tracking.newsletter.issues import sends_of

FALLBACK = "UTC"

_ACTS = """
SELECT (extract(isodow FROM local)::int - 1) * 24 + extract(hour FROM local)::int AS hour, own, count(*)
FROM (
    SELECT act.at AT TIME ZONE coalesce(personal.name, national.name, %(zone)s) AS local,
        coalesce(personal.name, national.name) IS NOT NULL AS own
    FROM delivery_delivery delivery
    JOIN subscribers_subscriber subscriber ON subscriber.id = delivery.subscriber_id
    LEFT JOIN unnest(%(zones)s::text[]) AS personal (name) ON personal.name = subscriber.time_zone
    LEFT JOIN unnest(%(countries)s::text[], %(of_countries)s::text[]) AS national (country, name)
        ON national.country = subscriber.country
    CROSS JOIN LATERAL (VALUES (delivery.opened_at), (delivery.clicked_at)) AS act (at)
    WHERE delivery.send_id = ANY(%(sends)s::bigint[]) AND act.at IS NOT NULL
        AND (delivery.opened_at IS NOT NULL OR delivery.clicked_at IS NOT NULL)
) told GROUP BY 1, 2
"""


def hours(cursor: CursorWrapper, issues: tuple[Sent, ...], zones: frozenset[str], zone: str) -> Hours:
    """When people opened and clicked the last issues, each for the first time; machines apart.

    The zone of a reader is the one that their local time is taken from when mail is scheduled (delivery/zones.py).

    Args:
        issues: that went out, the newest first.
        zones: names that PostgreSQL knows (known_zones).
        zone: of those who have none.
    """
    national = {country: name for country, name in zones_of_countries().items() if name in zones}
    cursor.execute(
        _ACTS,
        {
            "sends": sends_of(issues[:LAST]),
            "zone": zone,
            "zones": sorted(zones),
            "countries": list(national),
            "of_countries": list(national.values()),
        },
    )
    acts, own = [0] * 168, 0
    for hour, is_own, count in cursor.fetchall():
        acts[hour] += count
        own += count if is_own else 0
    return Hours(tuple(acts), own)


def known_zones(cursor: CursorWrapper) -> frozenset[str]:
    """Names of time zones that Python and PostgreSQL both know: each has a table of its own."""
    cursor.execute("SELECT name FROM pg_timezone_names")
    return frozenset(name for (name,) in cursor.fetchall()) & available_timezones()
