"""Who clicked what in a send: by link, story and topic. By place in an edition: see clickmap/.

Each function is one query, and reads no delivery: the clicks of the send's links alone. Clicks are people's where they
have no rule, and programs' where they have one (see clicks.py); a figure of people counts nobody twice, however often
they clicked. Who has clicks of both sorts is in both figures.
"""

from dataclasses import dataclass
from typing import Any

from django.db import connection

# Who clicked a link, by what `group` says a link belongs to. Grouped twice, because that is one pass over the primary
# key, where count(DISTINCT …) sorts.
_WHO = """
SELECT {group} AS belongs_to, click.subscriber_id, bool_or(click.rule = '') AS is_person,
    bool_or(click.rule <> '') AS is_machine, count(*) FILTER (WHERE click.rule = '') AS clicks
FROM delivery_link link JOIN tracking_click click ON click.link_id = link.id {more}
WHERE link.send_id = %(send)s
GROUP BY 1, 2
"""
_CLICKED = """
SELECT belongs_to AS id, count(*) FILTER (WHERE is_person) AS people, count(*) FILTER (WHERE is_machine) AS machines
FROM who GROUP BY 1
"""
# People for whom SendGrid accepted each edition.
_RECEIVED = """
SELECT edition.id, edition.story_ids, coalesce(sum(batch.size) FILTER (WHERE batch.state = 'accepted'), 0)::int
    AS people
FROM delivery_edition edition LEFT JOIN delivery_batch batch ON batch.edition_id = edition.id
WHERE edition.send_id = %(send)s
GROUP BY edition.id
"""


@dataclass(frozen=True)
class LinkClicks:
    """A link of a send.

    Attributes:
        url: its address; a merge tag in it stands there as {{ expression }}. "" stands for all addresses that were
            clicked and are in no edition.
        label: its text where it stands first, or its picture's.
        story: headline of the story it belongs to, "" for a link of none; `position` is that story's in the issue.
        people: who clicked it. `clicks`: how often they did, all together.
        machines: people in whose name a program clicked it.
    """

    link_id: int
    url: str
    label: str
    story: str
    position: int | None
    people: int
    clicks: int
    machines: int


class OfReceivers:
    """Clicks of people, out of the people who received what they are on."""

    received: int
    people: int

    @property
    def share(self) -> float | None:
        """Of those who received it, who clicked: from 0 to 1; None where nobody received it."""
        return self.people / self.received if self.received else None


@dataclass(frozen=True)
class StoryClicks(OfReceivers):
    """A story that is in any edition of a send.

    Attributes:
        received: people for whom SendGrid accepted an edition with it.
        people: who clicked any of its links. `machines`: people in whose name a program did.
    """

    story_id: int
    position: int
    headline: str
    received: int
    people: int
    machines: int


@dataclass(frozen=True)
class TopicClicks(OfReceivers):
    """A topic of any story in a send. A story on two topics counts to both.

    Attributes:
        received: people for whom SendGrid accepted an edition with a story on it.
        people: who clicked any link of a story on it. `machines`: people in whose name a program did.
    """

    topic_id: int
    name: str
    received: int
    people: int
    machines: int


def link_clicks(send_id: int) -> tuple[LinkClicks, ...]:
    """Every link of a send, those that most people clicked first."""
    rows = _rows(
        f"""
        WITH who AS ({_WHO.format(group="link.id", more="")})
        SELECT link.id, link.url, link.label, coalesce(story.headline, ''), story.position,
            count(*) FILTER (WHERE is_person), coalesce(sum(clicks), 0)::int, count(*) FILTER (WHERE is_machine)
        FROM delivery_link link
        LEFT JOIN issues_story story ON story.id = link.story_id
        LEFT JOIN who ON who.belongs_to = link.id
        WHERE link.send_id = %(send)s
        GROUP BY link.id, story.id ORDER BY 6 DESC, story.position NULLS LAST, link.id
        """,
        send_id,
    )
    return tuple(LinkClicks(*row) for row in rows)


def story_clicks(send_id: int) -> tuple[StoryClicks, ...]:
    """Every story that is in an edition of a send, in the order of the issue."""
    rows = _rows(
        f"""
        WITH who AS ({_WHO.format(group="link.story_id", more="")}),
        edition AS ({_RECEIVED}),
        clicked AS ({_CLICKED}),
        received AS (SELECT unnest(story_ids) AS id, sum(people)::int AS people FROM edition GROUP BY 1)
        SELECT story.id, story.position, story.headline, received.people, coalesce(clicked.people, 0),
            coalesce(clicked.machines, 0)
        FROM received JOIN issues_story story USING (id) LEFT JOIN clicked USING (id)
        ORDER BY story.position, story.id
        """,
        send_id,
    )
    return tuple(StoryClicks(*row) for row in rows)


def topic_clicks(send_id: int) -> tuple[TopicClicks, ...]:
    """Every topic of a story that is in an edition of a send, by the share of its receivers who clicked."""
    rows = _rows(
        f"""
        WITH who AS ({
            _WHO.format(
                group="about.topic_id",
                more="JOIN issues_story_topics about ON about.story_id = link.story_id",
            )
        }),
        edition AS ({_RECEIVED}),
        clicked AS ({_CLICKED}),
        about AS (
            SELECT DISTINCT edition.id, edition.people, about.topic_id
            FROM edition JOIN issues_story_topics about ON about.story_id = ANY(edition.story_ids)
        ),
        received AS (SELECT topic_id AS id, sum(people)::int AS people FROM about GROUP BY 1)
        SELECT topic.id, topic.name, received.people, coalesce(clicked.people, 0), coalesce(clicked.machines, 0)
        FROM received JOIN subscribers_topic topic USING (id) LEFT JOIN clicked USING (id)
        ORDER BY coalesce(clicked.people, 0)::float / greatest(received.people, 1) DESC, topic.name
        """,
        send_id,
    )
    return tuple(TopicClicks(*row) for row in rows)


def _rows(query: str, send_id: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"send": send_id})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
