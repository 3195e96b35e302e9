"""Topics: what the people of a list choose, against what people click."""

import orjson
from django.db.backends.utils import CursorWrapper

from mailer.issues.models import Newsletter
from mailer.tracking.newsletter.figures import LAST, Sent, Topic, Topics
from mailer.tracking.newsletter.issues import sends_of
from mailer.tracking.newsletter.readers import READERS

_TOPICS = f"""
WITH {READERS}, choice AS (
    SELECT topic_id, count(*) AS people FROM reader CROSS JOIN LATERAL (SELECT DISTINCT unnest(topic_ids)) AS chosen (topic_id)
    GROUP BY 1
), carried AS (
    SELECT DISTINCT story.topic_id, link.story_id
    FROM delivery_link link JOIN issues_story_topics story ON story.story_id = link.story_id
    WHERE link.send_id = ANY(%(sends)s::bigint[])
), click AS (
    SELECT story_id, count(*) AS people FROM (
        SELECT DISTINCT link.story_id, click.subscriber_id
        FROM delivery_link link JOIN tracking_click click ON click.link_id = link.id AND click.rule = ''
        WHERE link.send_id = ANY(%(sends)s::bigint[]) AND link.story_id IS NOT NULL
    ) pair GROUP BY 1
), clicked AS (
    SELECT topic_id, count(*) AS stories, coalesce(sum(click.people), 0)::bigint AS clicks
    FROM carried LEFT JOIN click USING (story_id) GROUP BY 1
)
SELECT count(*), count(*) FILTER (WHERE topic_ids <> '{{}}'), (
    SELECT coalesce(jsonb_agg(jsonb_build_array(topic.name, coalesce(choice.people, 0), coalesce(clicked.clicks, 0),
        coalesce(clicked.stories, 0)) ORDER BY topic.name), '[]')
    FROM subscribers_topic topic LEFT JOIN choice ON choice.topic_id = topic.id
        LEFT JOIN clicked ON clicked.topic_id = topic.id
    WHERE choice.people > 0 OR clicked.stories > 0
) FROM reader
"""


def topics(cursor: CursorWrapper, newsletter: Newsletter, issues: tuple[Sent, ...]) -> Topics:
    """What the list chooses now, and what was clicked in the last issues; by people, not by machines.

    Args:
        issues: that went out, the newest first.
    """
    cursor.execute(_TOPICS, {"list": newsletter.mailing_list_id, "sends": sends_of(issues[:LAST])})
    people, chose, found = cursor.fetchone()
    shown = sorted(
        (Topic(*row) for row in orjson.loads(found)), key=lambda topic: (-topic.chosen, topic.name)
    )
    return Topics(chose, people, tuple(shown))
