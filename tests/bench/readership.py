"""A store of readers with years of sends behind them, made by the database itself.

Spread as among real readers: some open nearly everything, many hardly anything; the mean is 30 % opens and 4 %
clicks. Deliveries stand in the order in which batches were claimed.
"""

from collections.abc import Callable
from dataclasses import dataclass

TOPICS = ("payments", "policy", "travel", "health", "energy", "space", "music", "food")
STORIES = 8
"""Of an issue, one on each topic, each with two links."""


@dataclass(frozen=True)
class Size:
    """People in the store; sends, and how many each went to. The sends of one newsletter go to everybody on its list."""

    people: int
    sends: int
    recipients: int


def fill(size: Size, say: Callable[[str], None]) -> None:
    """Fill an empty, migrated database; `say` is told of each step."""
    from django.db import connection

    with connection.cursor() as cursor:
        for name, statement in (
            ("people", PEOPLE),
            ("subscriptions", SUBSCRIPTIONS),
            ("suppressions", SUPPRESSIONS),
        ):
            say(name)
            cursor.execute(
                statement, {"people": size.people, "readers": size.recipients, "topics": _topics()}
            )
        for number in range(1, size.sends + 1):
            say(f"send {number} of {size.sends}")
            send = _make_send(number, size)
            cursor.execute(BATCHES, {"send": send, "recipients": size.recipients})
            cursor.execute(SUBMISSIONS, {"send": send})
            cursor.execute(DELIVERIES, {"send": send})
            cursor.execute(CLICKS, {"send": send})
        say("vacuum")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def _topics() -> list[int]:
    from subscribers.models import Topic

    made = [Topic.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0] for slug in TOPICS]
    return sorted(topic.pk for topic in made)


def _make_send(number: int, size: Size) -> int:
    """The send of an issue, so many weeks ago, with its stories and links."""
    from datetime import date, timedelta

    from django.utils import timezone

    from mailer.delivery.models import Edition, Link, Send
    from mailer.issues.models import Issue, Newsletter, Story
    from subscribers.models import Topic

    weeks = size.sends - number
    newsletter = Newsletter.objects.get(slug="weekly")
    issue = Issue.objects.create(
        newsletter=newsletter, number=number, date=date.today() - timedelta(weeks=weeks), subject="This week"
    )
    started = timezone.now() - timedelta(weeks=weeks, hours=30)
    send = Send.objects.create(
        issue=issue,
        mailing_list_id=newsletter.mailing_list_id,
        planned_at=started,
        candidates=size.recipients,
        started_at=started,
    )
    for position, topic in enumerate(Topic.objects.filter(slug__in=TOPICS), 1):
        story = Story.objects.create(
            issue=issue, position=position, headline=f"On {topic.slug} {number}", body="…"
        )
        story.topics.add(topic)
        for label in ("story", "more"):
            url = f"https://example.org/{number}/{topic.slug}/{label}"
            Link.objects.create(send=send, story=story, url=url, label=label)
    Edition.objects.create(
        send=send, story_ids=[], language="en", subject="This week", html="", text="", tags=[]
    )
    return int(send.pk)


PEOPLE = """
WITH drawn AS (
    SELECT n, hashint8extended(n, 1) & 1023 AS a, hashint8extended(n, 2) & 1023 AS b, hashint8extended(n, 3) & 255 AS c
    FROM generate_series(1, %(people)s) n
)
INSERT INTO subscribers_subscriber
    (email, first_name, last_name, language, time_zone, country, topic_ids, attributes, created_at, changed_at)
SELECT 'reader' || n || '@' || CASE WHEN a < 400 THEN 'gmail.com' WHEN a < 550 THEN 'outlook.com' WHEN a < 650
        THEN 'yahoo.com' ELSE 'firm' || n %% 5000 || '.example' END,
    (ARRAY['Mei', 'Arjun', 'Sofia', 'Lars', 'Amina', 'Kenji', 'Olga', 'Zoë'])[1 + b %% 8] || ' ' || a, 'Tan ' || b,
    (ARRAY['en', 'en', 'en', 'zh-Hans', 'ms', 'de', 'fr', 'pt-BR'])[1 + a %% 8],
    (ARRAY['Asia/Singapore', 'Asia/Kuala_Lumpur', 'Europe/Berlin', 'America/New_York', ''])[1 + b %% 5],
    (ARRAY['SG', 'SG', 'MY', 'ID', 'DE', 'FR', 'US', 'US', 'US', 'BR', 'IN', ''])[1 + b %% 12],
    CASE WHEN a %% 5 < 2 THEN '{}' ELSE (SELECT coalesce(array_agg(topic ORDER BY topic), '{}') FROM
        unnest(%(topics)s::int[]) WITH ORDINALITY AS chosen (topic, place) WHERE c >> (place::int - 1) & 1 = 1) END,
    CASE WHEN a %% 10 < 6 THEN jsonb_build_object('age', 16 + b %% 70, 'plan', (ARRAY['free', 'pro', 'team'])[1 + c %% 3],
        'joined', to_char(date '2019-01-01' + (b * 2)::int, 'YYYY-MM-DD'), 'vip', c < 13,
        'tags', jsonb_build_array('t' || c %% 20, 'u' || a %% 7)) ELSE '{}' END,
    now() - interval '2 hours' * (%(people)s - n) / greatest(%(people)s / 8000, 1), now()
FROM drawn
"""

SUBSCRIPTIONS = """
WITH list AS (
    INSERT INTO subscribers_mailinglist (slug, name, description) VALUES ('weekly', 'Weekly', ''), ('offers', 'Offers', '')
    RETURNING id, slug
), newsletter AS (
    INSERT INTO issues_newsletter (slug, name, tagline, mailing_list_id, theme, language, from_name, from_email, reply_to,
        unsubscribe_email, website, logo, colour, postal_address, owner_email, lateness_limit, warm_up_first_day,
        warm_up_growth)
    SELECT 'weekly', 'The Weekly', '', id, 'digest', 'en', 'The Weekly', 'weekly@news.example.com', '', '', '', '',
        '#0f5c6e', '1 Raffles Place', '', 6, 200, 50 FROM list WHERE slug = 'weekly'
)
INSERT INTO subscribers_subscription (mailing_list_id, subscriber_id, state, cadence, source, paused_until)
SELECT list.id, person.id, CASE WHEN drawn < 230 THEN 'active' WHEN drawn < 248 THEN 'unsubscribed' ELSE 'pending' END,
    CASE WHEN drawn %% 16 = 0 THEN 'monthly' WHEN drawn %% 16 < 3 THEN 'second' ELSE 'every' END,
    CASE WHEN drawn %% 3 = 0 THEN 'form: weekly' ELSE 'import: people.csv' END,
    CASE WHEN drawn %% 100 = 7 THEN current_date + 30 END
FROM subscribers_subscriber person
CROSS JOIN LATERAL (SELECT hashint8extended(person.id, 4) & 255 AS drawn) d
JOIN list ON list.slug = 'weekly' OR drawn < 64
ORDER BY person.id
"""

SUPPRESSIONS = """
INSERT INTO subscribers_suppression (address, reason)
SELECT lower(email), CASE WHEN id %% 3 = 0 THEN 'complaint' ELSE 'bounce' END
FROM subscribers_subscriber WHERE id %% 100 = 1
"""

BATCHES = """
WITH edition AS (SELECT id FROM delivery_edition WHERE send_id = %(send)s), reader AS (
    SELECT person.id, row_number() OVER (ORDER BY hashint8extended(array_length(topic_ids, 1), 5) & 7, person.id) AS place
    FROM (
        -- the sends of smaller newsletters go to another part of the readers each
        SELECT * FROM subscribers_subscriber
        ORDER BY (id + %(send)s * %(recipients)s) %% (SELECT max(id) FROM subscribers_subscriber), id LIMIT %(recipients)s
    ) person
)
INSERT INTO delivery_batch (send_id, edition_id, subscriber_ids, state, submission_id, attempts)
SELECT %(send)s, edition.id, array_agg(reader.id ORDER BY reader.id), 'accepted', gen_random_uuid(), 1
FROM reader, edition GROUP BY edition.id, (reader.place - 1) / 1000 ORDER BY (reader.place - 1) / 1000
"""

SUBMISSIONS = """
INSERT INTO delivery_submission (id, batch_id, size, started_at, finished_at, outcome)
SELECT batch.submission_id, batch.id, batch.size, send.started_at, send.started_at, 'accepted'
FROM delivery_batch batch JOIN delivery_send send ON send.id = batch.send_id WHERE batch.send_id = %(send)s
"""

DELIVERIES = """
INSERT INTO delivery_delivery (send_id, subscriber_id, batch_id, delivered_at, opened_at, machine_opened_at, clicked_at)
SELECT send_id, id, batch_id, CASE WHEN luck > 20 THEN at + interval '1 minute' END,
    CASE WHEN opens THEN at + interval '1 second' * (luck * 100) END,
    CASE WHEN luck %% 4 = 0 THEN at + interval '2 minutes' END,
    CASE WHEN opens AND luck %% 15 < 2 THEN at + interval '1 second' * (luck * 100 + 40) END
FROM (
    -- keen: 0 to 1023, and most are not: the mean of its square is a third
    SELECT batch.send_id, reader.id, batch.id AS batch_id, send.started_at AS at, luck,
        luck > 20 AND luck < 1.1 * keen * keen / 1023 AS opens
    FROM delivery_batch batch JOIN delivery_send send ON send.id = batch.send_id
    CROSS JOIN LATERAL (
        SELECT id, hashint8extended(id, 6) & 1023 AS keen, hashint8extended(id, 7 + batch.send_id) & 1023 AS luck
        FROM unnest(batch.subscriber_ids) AS id
    ) reader
    WHERE batch.send_id = %(send)s
    ORDER BY batch.id, reader.id
) drawn
"""

CLICKS = """
WITH link AS (
    SELECT array_agg(id ORDER BY id) AS ids FROM delivery_link WHERE send_id = %(send)s
)
INSERT INTO tracking_click (link_id, subscriber_id, at)
SELECT link.ids[1 + (hashint8extended(subscriber_id, 8 + nth) & 1023) %% cardinality(link.ids)], subscriber_id, clicked_at
FROM delivery_delivery, link, generate_series(1, 2) AS nth
WHERE send_id = %(send)s AND clicked_at IS NOT NULL AND (nth = 1 OR subscriber_id %% 4 = 0)
ON CONFLICT DO NOTHING
"""
