"""The start page, and its part that is asked for again while something goes out."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailer.delivery.unknown import unknown
from mailer.issues.models import Newsletter
from mailer.staff.access.needs import needs
from mailer.staff.access.scope import newsletters_where, visible
from mailer.staff.page import page
from mailer.staff.reports.listing import rows_of, sent
from mailer.staff.sending.approvers import waiting_for
from mailer.staff.start.newest import newest
from mailer.tracking.models import Alert
from mailer.tracking.newsletter.charts import growth_chart
from mailer.tracking.newsletter.keep import kept_report

MOST = 30
"""Newsletters that are shown."""
WEEKS = 26
"""Of growth that are shown."""
REPORTS = 5
"""The last ones, that are shown."""
SETTLE = "delivery.change_submission"


@require_safe
@needs(None)
def start(request: HttpRequest) -> HttpResponse:
    """Where everything stands that somebody may see."""
    newsletters = _newsletters(request)
    shown = {
        "newsletters": newsletters,
        "has_role": request.user.has_perm("issues.view_newsletter"),
        "may_add_newsletter": request.user.has_perm("issues.add_newsletter"),
        "waiting": _waiting(request),
        "reports": rows_of(sent(request.user)[:REPORTS]),
        "growth": [growth for newsletter in newsletters if (growth := _growth(newsletter))],
        **_moving(request, newsletters),
    }
    return page(request, "staff/start/start.html", "Start", **shown)


@require_safe
@needs(None)
def under_way(request: HttpRequest) -> HttpResponse:
    """The part about the newest issues; a page that shows one going out asks for it every other second."""
    return render(request, "staff/start/standings.html", _moving(request, _newsletters(request)))


def _newsletters(request: HttpRequest) -> list[Newsletter]:
    return list(visible(request.user, "issues.view_newsletter", Newsletter.objects.order_by("name"))[:MOST])


def _moving(request: HttpRequest, newsletters: list[Newsletter]) -> dict[str, Any]:
    rows = newest(newsletters, newsletters_where(request.user, "issues.add_issue"))
    moves = any(row.standing and row.standing.word == "sending" for row in rows)
    return {"standings": rows, "moves": moves}


def _waiting(request: HttpRequest) -> dict[str, Any]:
    """What waits for who asks: approvals, unknown submissions, alerts."""
    user = request.user
    may_settle = user.has_perm(SETTLE)
    may_see_alerts = user.has_perm("tracking.view_alert")
    return {
        "approvals": waiting_for(user)[:20],
        "unknown": len(visible(user, SETTLE, unknown()).values_list("pk")[:100]) if may_settle else 0,
        "alerts": list(Alert.objects.filter(ended_at=None)[:5]) if may_see_alerts else [],
    }


def _growth(newsletter: Newsletter) -> dict[str, Any] | None:
    """Of a newsletter that was counted: its size, how it changed, and the last half year drawn."""
    report = kept_report(newsletter.pk)
    weeks = report.growth.weeks[-WEEKS:] if report else ()
    if report is None or not weeks:
        return None
    return {
        "newsletter": newsletter,
        "size": weeks[-1].size,
        "joined": sum(week.joined for week in weeks[-4:]),
        "gone": sum(week.gone for week in weeks[-4:]),
        "chart": growth_chart(weeks, lambda start: f"{start.day} {start:%b}"),
        "counted_at": report.counted_at,
    }
