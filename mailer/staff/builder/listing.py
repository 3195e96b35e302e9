"""The list of issues: what each newsletter is at work on, and what it sent lately."""

from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mailer.delivery.models import Send
from mailer.delivery.standing import Standing, standing, with_sends
from mailer.issues.editing.who import name_of
from mailer.issues.models import Issue, Newsletter, Story
from mailer.staff.access.needs import needs
from mailer.staff.access.scope import visible
from mailer.staff.numbers import number
from mailer.staff.page import page

LATELY = 4
"""Of each newsletter's issues that are out, and of those that are not, on the page of all newsletters."""
ON_A_PAGE = 30


@dataclass(frozen=True)
class Line:
    """An issue in the list."""

    issue: Issue
    standing: Standing
    edited_by: str


@dataclass(frozen=True)
class Shelf:
    """A newsletter with its issues: those that are not out yet first, then by date."""

    newsletter: Newsletter
    lines: list[Line]
    count: int
    may_add: bool
    may_delete: bool


@require_safe
@needs("issues.view_issue")
def issues(request: HttpRequest) -> HttpResponse:
    """Every newsletter with its newest issues; ?newsletter= one with all of them, and ?q= those that hold a text."""
    newsletters = list(visible(request.user, "issues.view_issue", Newsletter.objects.order_by("name")))
    chosen = next((one for one in newsletters if one.slug == request.GET.get("newsletter")), None)
    words = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    rows = _in_order(Issue.objects.filter(newsletter__in=[chosen] if chosen else newsletters))
    pages = None
    if chosen or words:
        pages = Paginator(found(rows, words), ON_A_PAGE).get_page(request.GET.get("page"))
    return page(
        request,
        "staff/issues/list.html",
        "Issues",
        shelves=_shelves(request.user, [chosen] if chosen else newsletters, rows, pages),
        newsletters=newsletters,
        chosen=chosen,
        words=words,
        pages=pages,
    )


def _in_order(rows: QuerySet[Issue]) -> QuerySet[Any]:
    """What is not out yet first; the rest by date, the newest first."""
    started = Send.objects.filter(issue=OuterRef("pk")).exclude(started_at=None)
    return rows.annotate(out=Exists(started)).order_by("out", "-date", "-number")


def found(rows: QuerySet[Any], words: str) -> QuerySet[Any]:
    """The issues of which each word is in the subject, a headline or the newsletter's name, or is the number."""
    for word in words.replace("/", " ").split()[:8]:
        headlines = Story.objects.filter(issue=OuterRef("pk"), headline__icontains=word)
        named = Q(newsletter__name__icontains=word) | Q(newsletter__slug__icontains=word)
        of_number = number(word)
        besides = named if of_number is None else Q(number=of_number)
        rows = rows.filter(Q(subject__icontains=word) | Exists(headlines) | besides)
    return rows


def _shelves(
    user: Any, newsletters: list[Newsletter], rows: QuerySet[Any], pages: "Page[Any] | None"
) -> list[Shelf]:
    if pages is None:
        place = Window(
            RowNumber(),
            partition_by=[F("newsletter"), F("out")],
            order_by=[F("date").desc(), F("number").desc()],
        )
        shown = rows.annotate(place=place).filter(place__lte=LATELY)
    else:
        shown = rows.filter(pk__in=[issue.pk for issue in pages])
    listed = with_sends(shown.select_related("edited_by"))
    lines = [Line(issue, standing(issue), name_of(issue.edited_by)) for issue in listed]
    return [
        Shelf(
            newsletter,
            [line for line in lines if line.issue.newsletter_id == newsletter.pk],
            newsletter.issues.count(),
            user.has_perm("issues.add_issue", newsletter),
            user.has_perm("issues.delete_issue", newsletter),
        )
        for newsletter in newsletters
        if pages is None or newsletter.pk in {issue.newsletter_id for issue in pages} or len(newsletters) == 1
    ]
