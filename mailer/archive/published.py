"""The issues that stand on the web: of each the newest send that reached somebody, in the variant that won.

The newest, because it is what the newsletter stands by: who cancels a send for a mistake, mends it and sends it again to
the others has the mended one on the web. While an A/B test is undecided, and for ever where it never is, it is the
issue's own subject; the losers are never shown. All of this is asked of the ledger at each view.
"""

from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from mailer.archive.addresses import issue_url
from mailer.archive.keep import keep_missing
from mailer.archive.models import WebEdition
from mailer.archive.reached import reached
from mailer.delivery.models import Send
from mailer.issues.models import Issue, Newsletter
from subscribers.models import Topic


def published(newsletter: Newsletter) -> QuerySet[WebEdition]:
    """The web editions of a newsletter's issues, newest issue first; with their sends and issues.

    Of sends whose web edition is missing there is none: call keep_missing before.
    """
    newest = reached().filter(issue=OuterRef("send__issue")).order_by("-id").values("id")[:1]
    return (
        WebEdition.objects.filter(
            send__issue__newsletter=newsletter,
            send=Subquery(newest),
            variant=Coalesce("send__winner", 0),
        )
        .select_related("send__issue__newsletter")
        .defer("html", "tags", "words", "text")
        .order_by("-send__issue__number")
    )


def web_address(issue: Issue) -> str | None:
    """Where an issue stands on the web; None where it does not: it was not sent, or its newsletter has no archive."""
    newsletter = issue.newsletter
    if not newsletter.archive:
        return None
    keep_missing(newsletter)
    is_there = published(newsletter).filter(send__issue=issue).exists()
    return issue_url(newsletter, issue.number) if is_there else None


def neighbours(edition: WebEdition) -> tuple[WebEdition | None, WebEdition | None]:
    """The issues before and after one, in the order of their numbers."""
    issue = edition.send.issue
    others = published(issue.newsletter)
    before = others.filter(send__issue__number__lt=issue.number).first()
    after = others.filter(send__issue__number__gt=issue.number).order_by("send__issue__number").first()
    return before, after


def topics_of(newsletter: Newsletter) -> list[tuple[Topic, int]]:
    """The topics that its issues are on, by name, and how many issues each."""
    counted = Counter(
        topic for topics in published(newsletter).values_list("topic_ids", flat=True) for topic in topics
    )
    topics = Topic.objects.filter(pk__in=counted).order_by("name")
    return [(topic, counted[topic.pk]) for topic in topics]


def went_out(send: Send) -> datetime:
    """When a send began to go out: it was started, and its time had come. A local time is that of the newsletter's
    zone."""
    moments = [send.started_at or send.created_at]
    if send.scheduled_at:
        moments.append(send.scheduled_at)
    if send.local_date and send.local_time:
        zone = ZoneInfo(send.issue.newsletter.time_zone)
        moments.append(datetime.combine(send.local_date, send.local_time, zone))
    return max(moments)


def changed(edition: WebEdition) -> datetime:
    """When what stands on the web of an issue last changed: it went out, or its test was decided."""
    return max(went_out(edition.send), edition.send.decided_at or edition.kept_at)
