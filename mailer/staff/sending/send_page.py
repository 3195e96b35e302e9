"""The page from which an issue is sent: to whom, when and with which test, with what that comes to beside it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mailer.delivery.approval.matter import matter_of
from mailer.delivery.approval.state import state_of
from mailer.delivery.arrange import newest
from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Send
from mailer.delivery.variants import MOST, MOST_MINUTES
from mailer.issues.models import Issue
from mailer.staff.access.needs import needs
from mailer.staff.page import page
from mailer.staff.sending.answers import fragment, reasons, trouble
from mailer.staff.sending.approval import shown_of_approval
from mailer.staff.sending.looking import TROUBLE, look
from mailer.staff.sending.people import may_list
from mailer.staff.sending.shown import figures_of, pace_of
from mailer.staff.sending.wanted import arranged_now, fields_of, read_wanted, shown_of
from mailer.staff.sending.zones import zones_offered
from subscribers.models import Segment, Snapshot


@require_safe
@needs("delivery.add_send", Issue)
def send_page(request: HttpRequest, issue: Issue) -> HttpResponse:
    """The page. Its fields show what the address says, else how the issue is arranged now."""
    wrong: list[str] = []
    wanted = arranged_now(issue)
    if "when" in request.GET:
        try:
            wanted = read_wanted(issue, request.GET)
        except DeliveryError as error:
            wrong = reasons(error)
    newsletter = issue.newsletter
    last = newest(issue)
    return page(
        request,
        "staff/sending/send.html",
        f"Send {newsletter} {issue.number}",
        issue=issue,
        newsletter=newsletter,
        shown=shown_of(wanted, newsletter.time_zone),
        segments=_segments(),
        chosen=[{"slug": part.source.slug, "out": part.out} for part in wanted.audience.parts],
        zones=zones_offered(newsletter.time_zone),
        metrics=Send.Metric.choices,
        most_minutes=MOST_MINUTES,
        rows=_rows(wanted.test.tried if wanted.test else ()),
        pace=pace_of(newsletter),
        started=last if last and last.started_at else None,
        wrong=wrong,
    )


@require_safe
@needs("delivery.add_send", Issue)
def forecast_of(request: HttpRequest, issue: Issue) -> HttpResponse:
    """What it comes to as the fields say, counted now. Nothing is written."""
    try:
        wanted = read_wanted(issue, request.GET)
        with look(request.user, issue, wanted, "forecast") as who:
            shown = figures_of(who)
            state = state_of(issue, matter_of(who.send))
    except TROUBLE as error:
        return trouble(request, error, "#forecast-trouble")
    shown |= shown_of_approval(request.user, issue, state)
    shown["fields"] = fields_of(wanted, issue.newsletter.time_zone)
    return fragment(
        request, "forecast", issue=issue, wanted=wanted, may_list=may_list(request.user, issue), **shown
    )


def _segments() -> list[dict[str, str]]:
    """What an audience can be made of."""
    return [
        {"slug": each.slug, "name": str(each), "kind": kind}
        for kind, rows in (("segment", Segment.objects.all()), ("snapshot", Snapshot.objects.all()))
        for each in rows.order_by("slug").defer("rule")
    ]


def _rows(tried: Any) -> list[tuple[int, str, str]]:
    """The fields of the variants beside the issue's own: number, subject, preheader."""
    pairs = [*tried, *[("", "")] * MOST][: MOST - 1]
    return [(number, subject, preheader) for number, (subject, preheader) in enumerate(pairs, 1)]
