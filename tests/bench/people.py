"""People for a benchmark, made by the database itself: a million in seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mailer.issues.models import Issue

TOPICS = ("ai", "policy", "travel")
"""Each person chose some of them or none: eight sets, and seven editions, for who chose none gets all."""


def fill_store(people: int) -> None:
    """Put people into an empty store, on no list yet."""
    from django.db import connection

    from subscribers.models import Topic

    topics = [
        Topic.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0].pk for slug in TOPICS
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO subscribers_subscriber (email, first_name, last_name, language, country, topic_ids)
            SELECT 'reader' || n || '@firm' || n %% 500 || '.example', 'Mei ' || n %% 1000, 'Tan', 'en', 'SG',
                array_remove(ARRAY[CASE WHEN drawn & 1 > 0 THEN %(first)s END,
                    CASE WHEN drawn & 2 > 0 THEN %(second)s END, CASE WHEN drawn & 4 > 0 THEN %(third)s END], NULL)
            FROM generate_series(1, %(people)s) n, LATERAL hashint4(n) AS drawn
            """,
            {
                "people": people,
                **dict(zip(("first", "second", "third"), sorted(topics), strict=True)),
            },
        )


def issue_for(recipients: int, name: str) -> Issue:
    """An issue of a newsletter of its own, with so many people on its list.

    They are spread evenly over the whole store, as those of one list among many are.
    """
    from django.db import connection

    from tests.newsroom import make_issue

    issue = make_issue(TOPICS, suffix=name)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH store AS (SELECT count(*) AS size FROM subscribers_subscriber)
            INSERT INTO subscribers_subscription (mailing_list_id, subscriber_id, state)
            SELECT %(list)s, id, 'active'
            FROM (SELECT id, row_number() OVER (ORDER BY id) AS place FROM subscribers_subscriber) person, store
            WHERE place * %(recipients)s / size > (place - 1) * %(recipients)s / size
            """,
            {"list": issue.newsletter.mailing_list_id, "recipients": recipients},
        )
        # As in a store that has stood for a while: nobody waits for the index of the search any more, which workers would
        # bring up to date beside the send; analysed, and nothing left to be written out from its making.
        cursor.execute("DELETE FROM subscribers_searchchange")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return issue
