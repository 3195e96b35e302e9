"""The list of a newsletter's backlog."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mailer.issues.backlog.listing import backlog_of
from mailer.issues.backlog.plain import shortened
from mailer.issues.builder.markdown import parse_markdown
from mailer.issues.editing.locks import why_locked
from mailer.issues.models import Issue, Newsletter
from mailer.staff.access.needs import needs
from mailer.staff.access.scope import visible
from mailer.staff.numbers import number
from mailer.staff.page import page
from subscribers.models import Topic

ON_A_PAGE = 30
EXCERPT = 180
"""Characters."""
MOST_ISSUES = 8
"""Issues that stories may be put into: the newest ones that are not out yet."""
BY_HAND = "hand"


@dataclass(frozen=True)
class Line:
    """A story in the list: the beginning of its text, and the host that its link leads to."""

    story: Any
    excerpt: str
    host: str


@require_safe
@needs("issues.view_story")
def backlog(request: HttpRequest) -> HttpResponse:
    """The stories that wait for an issue of one newsletter: ?newsletter= its short name, ?q= words, ?topic= and ?feed=
    numbers (or feed=hand), ?page=; ?url= is an address that no story could be made of."""
    newsletters = list(visible(request.user, "issues.view_story", Newsletter.objects.order_by("name")))
    if not newsletters:
        return page(request, "staff/backlog/list.html", "Backlog", newsletter=None)
    newsletter = next(
        (one for one in newsletters if one.slug == request.GET.get("newsletter")), newsletters[0]
    )
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    feed = request.GET.get("feed", "")
    stories = backlog_of(
        newsletter,
        words=words,
        topic=number(request.GET.get("topic")),
        feed=number(feed),
        by_hand=feed == BY_HAND,
    )
    pages = Paginator(stories, ON_A_PAGE).get_page(request.GET.get("page"))
    user = request.user
    return page(
        request,
        "staff/backlog/list.html",
        "Backlog",
        newsletters=newsletters,
        newsletter=newsletter,
        pages=pages,
        lines=[Line(story, _excerpt(story.body), _host_of(story.link)) for story in pages],
        url=request.GET.get("url", ""),
        words=words,
        topic=number(request.GET.get("topic")),
        feed=feed,
        filtered=bool(words or feed or request.GET.get("topic")),
        topics=Topic.objects.order_by("name"),
        feeds=newsletter.feeds.order_by("id"),
        failing=newsletter.feeds.exclude(failures=0).count(),
        issues=open_issues(newsletter, user),
        may_add=user.has_perm("issues.add_story", newsletter),
        may_change=user.has_perm("issues.change_story", newsletter),
        may_delete=user.has_perm("issues.delete_story", newsletter),
        may_begin=user.has_perm("issues.add_issue", newsletter),
    )


def open_issues(newsletter: Newsletter, user: Any) -> list[Issue]:
    """The issues of a newsletter that somebody may put stories into, the newest first."""
    newest = newsletter.issues.select_related("newsletter").order_by("-number")[:MOST_ISSUES]
    mine = visible(user, "issues.change_issue", Issue.objects.filter(pk__in=[issue.pk for issue in newest]))
    may = set(mine.values_list("pk", flat=True))
    return [issue for issue in newest if issue.pk in may and why_locked(issue) is None]


def _excerpt(markdown: str) -> str:
    """The beginning of a text, without its Markdown."""
    parts = (part.content for token in parse_markdown(markdown[:1000]) for part in token.children or [])
    return shortened(" ".join(" ".join(parts).split()), EXCERPT)


def _host_of(link: str) -> str:
    """The host of a web address; "" for what is none, which is not linked to."""
    try:
        parts = urlsplit(link)
    except ValueError:
        return ""
    return parts.hostname or "" if parts.scheme in ("http", "https") else ""
