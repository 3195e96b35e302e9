"""Clicks: every one is kept, and those of link scanners are told apart by all clicks of a delivery together.

A scanner follows the links of a mail as it arrives. Its clicks are known by its user agent or network (one event tells,
see machines/), or by what no reader does: many links just after delivery, or any faster than somebody can read, both
before the mail was opened by a person. What follows from events must not depend on their order, so clicks are marked
anew whenever something new is known of their delivery.
"""

from collections.abc import Collection, Sequence
from typing import Any

from django.db.backends.utils import CursorWrapper

from mailer.tracking.machines.rules import AT_ONCE, MANY, SOON
from mailer.tracking.reading import Reading

Key = tuple[int, int]
"""Send and subscriber: a delivery."""

NOWHERE = 32_767
"""In the place of the place of a click that names none."""


def write_clicks(cursor: CursorWrapper, clicks: Sequence[Reading]) -> None:
    """Keep clicks of people whom the send went to, each on its link.

    That is the send's link with the address that was clicked. An address with a merge tag in it is clicked with the tag
    filled in, and is known by where it stands in the reader's edition. What is neither belongs to the send's link
    without an address.
    """
    seen: dict[tuple[Any, ...], str] = {}
    for click in clicks:
        place = NOWHERE if click.place is None else click.place
        key = (click.send_id, click.subscriber_id, click.url, click.at, place)
        # Of two in one second on one link a person's counts, and the upper place (see _WRITE).
        seen[key] = min(seen.get(key, click.machine), click.machine)
    if not seen:
        return
    sends, subscribers, urls, times, places = map(list, zip(*seen, strict=True))
    cursor.execute(_OTHER_LINKS, [sends, subscribers, urls, places])
    cursor.execute(_WRITE, [sends, subscribers, urls, places, times, list(seen.values())])


def mark_clicks(cursor: CursorWrapper, deliveries: Collection[Key]) -> None:
    """Tell machines' clicks from people's in these deliveries (send and subscriber), which the caller has locked; and
    note the first of each on the delivery."""
    sends, subscribers = [send for send, _ in deliveries], [subscriber for _, subscriber in deliveries]
    limits = {"soon": SOON, "many": MANY, "at_once": AT_ONCE}
    cursor.execute(_MARK, {"sends": sends, "subscribers": subscribers, **limits})


_OTHER_LINKS = """
INSERT INTO delivery_link (send_id, url, label)
SELECT DISTINCT given.send_id, '', ''
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::int[]) AS given (send_id, subscriber_id, url, place)
JOIN delivery_delivery delivery USING (send_id, subscriber_id)
WHERE NOT EXISTS (
    SELECT FROM delivery_link link WHERE link.send_id = given.send_id AND md5(link.url) IN (md5(given.url), md5(''))
) AND NOT EXISTS (
    SELECT FROM delivery_batch batch JOIN delivery_editionlink place USING (edition_id)
    WHERE batch.id = delivery.batch_id AND place.place = given.place
)
ORDER BY 1
ON CONFLICT DO NOTHING
"""

_WRITE = """
INSERT INTO tracking_click (link_id, subscriber_id, at, edition_id, rule, place)
SELECT link.id, given.subscriber_id, given.at, batch.edition_id, min(given.rule COLLATE "C"), nullif(min(given.place), 32767)
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::int[], %s::timestamptz[], %s::text[])
    AS given (send_id, subscriber_id, url, place, at, rule)
JOIN delivery_delivery delivery USING (send_id, subscriber_id)
JOIN delivery_batch batch ON batch.id = delivery.batch_id
CROSS JOIN LATERAL (
    SELECT coalesce(
        (SELECT id FROM delivery_link WHERE send_id = given.send_id AND md5(url) = md5(given.url) AND url <> ''),
        (
            SELECT link_id FROM delivery_editionlink place
            WHERE place.edition_id = batch.edition_id AND place.place = given.place
        ),
        (SELECT id FROM delivery_link WHERE send_id = given.send_id AND md5(url) = md5(''))
    ) AS id
) link
GROUP BY 1, 2, 3, 4
ORDER BY 1, 2, 3
ON CONFLICT (link_id, subscriber_id, at) DO UPDATE SET
    rule = CASE WHEN excluded.rule = 'scanner' THEN tracking_click.rule ELSE '' END,
    place = least(tracking_click.place, excluded.place)
WHERE tracking_click.rule = 'scanner' AND excluded.rule = ''
    OR least(tracking_click.place, excluded.place) IS DISTINCT FROM tracking_click.place
"""

_MARK = """
WITH found AS (
    SELECT delivery.send_id, delivery.subscriber_id, click.link_id, click.at, click.rule,
        click.at <= delivery.delivered_at + make_interval(secs => %(soon)s)
            AND (delivery.opened_at IS NULL OR click.at < delivery.opened_at) IS TRUE AS early,
        click.at <= delivery.delivered_at + make_interval(secs => %(at_once)s) AS at_once
    FROM unnest(%(sends)s::bigint[], %(subscribers)s::bigint[]) AS given (send_id, subscriber_id)
    JOIN delivery_delivery delivery USING (send_id, subscriber_id)
    JOIN tracking_click click ON click.subscriber_id = given.subscriber_id
    JOIN delivery_link link ON link.id = click.link_id AND link.send_id = given.send_id
), counted AS (
    -- the links of a scanner that is known say nothing of the other clicks
    SELECT send_id, subscriber_id, count(DISTINCT link_id) FILTER (WHERE early AND rule <> 'scanner') AS early_links
    FROM found GROUP BY 1, 2
), judged AS (
    SELECT found.*, CASE
        WHEN rule = 'scanner' THEN rule
        WHEN early AND early_links >= %(many)s THEN 'burst'
        WHEN early AND at_once THEN 'instant'
        ELSE '' END AS judged_rule
    FROM found JOIN counted USING (send_id, subscriber_id)
), marked AS (
    UPDATE tracking_click click SET rule = judged.judged_rule FROM judged
    WHERE click.link_id = judged.link_id AND click.subscriber_id = judged.subscriber_id AND click.at = judged.at
        AND click.rule <> judged.judged_rule
), firsts AS (
    SELECT send_id, subscriber_id, min(at) FILTER (WHERE judged_rule = '') AS clicked_at,
        min(at) FILTER (WHERE judged_rule <> '') AS machine_clicked_at
    FROM judged GROUP BY 1, 2
)
UPDATE delivery_delivery delivery
SET clicked_at = firsts.clicked_at, machine_clicked_at = firsts.machine_clicked_at
FROM firsts
WHERE delivery.send_id = firsts.send_id AND delivery.subscriber_id = firsts.subscriber_id
    AND (delivery.clicked_at, delivery.machine_clicked_at) IS DISTINCT FROM (firsts.clicked_at, firsts.machine_clicked_at)
"""
