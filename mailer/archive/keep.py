"""Keeping what stands on the web of a send: the issue with all of its stories, as it was when the send was planned.

The plan's readers may all have chosen topics, so that none of them gets all stories; and the issue may be edited after
the plan. So the web edition is built when the send is planned, from what its readers' editions are built from, and
never again. The links in it have no UTM parameters: whoever reads it did not come by mail.

Where there is none, because the send was planned before there were web editions or because a story that nobody gets
could not be rendered, it is the fullest edition that went out, which the ledger has.
"""

from collections.abc import Iterable
from dataclasses import asdict, replace
from typing import Any

import structlog
from django.contrib.postgres.search import SearchVector
from django.db.models import Exists, OuterRef, Value

from mailer.archive.models import WebEdition
from mailer.archive.neutral import for_nobody, line_of
from mailer.archive.reached import reached
from mailer.archive.searchable import config_of, excerpt, searchable
from mailer.delivery.editions import edition_of
from mailer.delivery.models import Send
from mailer.issues.builder.build import build
from mailer.issues.builder.content import Edition, IssueContent, Utm
from mailer.issues.content import content_of
from mailer.issues.models import Newsletter
from subscribers.models import Topic

log = structlog.get_logger()

MOST_INDEXED = 200_000
"""Characters: PostgreSQL refuses a tsvector of more than a megabyte."""


def keep(send: Send, variants: Iterable[IssueContent]) -> None:
    """Keep a send's web editions, one for each variant. Where one is kept already it stays as it is.

    Raises:
        BuildError: the issue cannot be rendered with all of its stories.
    """
    without_utm = [
        replace(content, newsletter=replace(content.newsletter, utm=Utm())) for content in variants
    ]
    _write(send, [(variant, content, build(content)) for variant, content in enumerate(without_utm)])


def keep_missing(newsletter: Newsletter) -> None:
    """Keep, from the ledger, the web editions that are missing of sends that reached somebody. Nearly always there are
    none, and one look for them is all that is done."""
    kept = WebEdition.objects.filter(send=OuterRef("pk"))
    for send in reached().filter(~Exists(kept), issue__newsletter=newsletter):
        _keep_from_ledger(send)
        log.info("web_edition_kept_from_ledger", send=send.pk)


def _keep_from_ledger(send: Send) -> None:
    """The fullest edition of each variant. It says which stories it has, and not how they were called: those whose
    headline was changed since have none here."""
    content = content_of(send.issue)
    by_stories = sorted(send.editions.all(), key=lambda edition: len(edition.story_ids))
    fullest = {edition.variant: edition for edition in by_stories}
    editions = []
    for variant, row in sorted(fullest.items()):
        edition = edition_of(row)
        shown = for_nobody(edition).text
        stories = tuple(
            story
            for story in content.stories
            if story.id in row.story_ids and line_of(story.headline, content) in shown
        )
        editions.append((variant, replace(content, stories=stories), edition))
    _write(send, editions)


def _write(send: Send, editions: Iterable[tuple[int, IssueContent, Edition]]) -> None:
    topics = dict(Topic.objects.values_list("name", "id"))
    WebEdition.objects.bulk_create(
        (_row(send, variant, content, edition, topics) for variant, content, edition in editions),
        ignore_conflicts=True,
    )


def _row(
    send: Send, variant: int, content: IssueContent, edition: Edition, topics: dict[str, int]
) -> WebEdition:
    mail = for_nobody(edition)
    text = searchable(mail.text)
    stories: list[dict[str, Any]] = [
        {
            "number": story.position or place,
            "headline": line_of(story.headline, content),
            "topics": sorted({topics[name] for name in story.topics if name in topics}),
        }
        for place, story in enumerate(content.stories, start=1)
    ]
    pictured = next((story for story in content.stories if story.image), None)
    indexed = Value("\n".join([mail.subject, *(story["headline"] for story in stories), text])[:MOST_INDEXED])
    return WebEdition(
        send=send,
        variant=variant,
        language=edition.language,
        subject=mail.subject,
        description=mail.preheader or excerpt(text),
        html=edition.html,
        tags=[asdict(tag) for tag in edition.tags],
        stories=stories,
        topic_ids=sorted({topic for story in stories for topic in story["topics"]}),
        image=pictured.image if pictured else "",
        image_alt=pictured.image_alt if pictured else "",
        text=text,
        # Also as written: a language's own rules drop its commonest words and the ends of others.
        words=SearchVector(indexed, config=config_of(edition.language))
        + SearchVector(indexed, config="simple"),
    )
