"""Writing the links of editions: each address once for the send, and where each stands in each edition."""

from collections.abc import Sequence

from django.db import connection

from mailer.delivery import models
from mailer.delivery.models import Send
from mailer.issues.builder.content import Edition

LONGEST_LABEL = 300


def write_places(send: Send, editions: Sequence[tuple[int, Edition]]) -> None:
    """Write the links that some new editions of a send have, and the places in which they stand.

    A link belongs to the story in which its address stands first.

    Args:
        editions: (number of its row, edition) of each.
    """
    first = {link.url: link for _, edition in editions for link in reversed(edition.links)}
    models.Link.objects.bulk_create(
        (
            models.Link(send=send, url=link.url, story_id=link.story_id, label=link.label[:LONGEST_LABEL])
            for link in first.values()
        ),
        ignore_conflicts=True,
    )
    numbers = dict(models.Link.objects.filter(send=send).values_list("url", "id"))
    places = [
        # The builder counts from 1, SendGrid from 0.
        (number, link.position - 1, numbers[link.url], link.label[:LONGEST_LABEL])
        for number, edition in editions
        for link in edition.links
    ]
    with connection.cursor() as cursor:
        # One statement for all: an issue with many topics has thousands of editions with dozens of places each.
        cursor.execute(
            """
            INSERT INTO delivery_editionlink (edition_id, place, link_id, label)
            SELECT * FROM unnest(%s::bigint[], %s::smallint[], %s::bigint[], %s::text[])
            """,
            [[place[column] for place in places] for column in range(4)],
        )
