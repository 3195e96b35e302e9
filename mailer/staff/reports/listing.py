"""The list of reports: every send with its main figures, a newsletter's rates as lines, and sends side by side."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from mailer.delivery.models import Send
from mailer.issues.models import Newsletter
from mailer.staff.access.needs import needs
from mailer.staff.access.scope import visible
from mailer.staff.numbers import number
from mailer.staff.page import page
from mailer.tracking.models import SendFigures
from mailer.tracking.reports.figures import VERSION
from mailer.tracking.wording import coordinate, people, percent

AT_ONCE = 20
"""Sends on a page."""
COMPARED = 4
"""Sends side by side, at most."""
RATES = (
    ("delivered", "Delivered", "sent"),
    ("opened", "Opened by people", "delivered"),
    ("clicked", "Clicked", "delivered"),
    ("unsubscribed", "Unsubscribed", "delivered"),
    ("complained", "Complained", "delivered"),
    ("hard", "Hard bounces", "sent"),
    ("blocked", "Blocked", "sent"),
)
"""Figure, what it is called, and what it is a share of."""
LINES = (("opened", "delivered"), ("clicked", "delivered"))
"""Those that are drawn."""


@dataclass(frozen=True)
class Row:
    """A send in the list. `totals` is None where it was not counted yet."""

    send: Send
    totals: dict[str, int] | None

    def share(self, figure: str, of: str) -> float | None:
        """From 0 to 1; None where nothing is known, or there is nothing to be a share of."""
        return self.totals[figure] / self.totals[of] if self.totals and self.totals[of] else None

    @property
    def sent(self) -> str:
        return people(self.totals["sent"]) if self.totals else ""

    @property
    def shares(self) -> list[tuple[str, str]]:
        """In the order of RATES: what it is called, and the share as people read it."""
        return [(name, percent(self.share(figure, of))) for figure, name, of in RATES]


@dataclass(frozen=True)
class Line:
    """A rate over a newsletter's sends, oldest first, in a drawing 100 high and 1 wide for each send."""

    name: str
    css: str
    path: str
    dots: tuple[tuple[str, str, str], ...]
    highest: str


@require_safe
@needs("delivery.view_send")
def reports(request: HttpRequest) -> HttpResponse:
    """All sends that were started, the newest first; ?newsletter=3 of one newsletter, with its rates drawn;
    ?compare=12&compare=9 with these side by side."""
    newsletters = visible(request.user, "issues.view_newsletter", Newsletter.objects.order_by("name"))
    sends = sent(request.user)
    chosen = newsletters.filter(pk=number(request.GET.get("newsletter"))).first()
    if chosen:
        sends = sends.filter(issue__newsletter=chosen)
    shown = Paginator(sends, AT_ONCE).get_page(request.GET.get("page"))
    rows = rows_of(shown)
    compared = [number(each) or 0 for each in request.GET.getlist("compare")[:COMPARED]]
    return page(
        request,
        "staff/reports/list.html",
        "Reports",
        newsletters=newsletters,
        chosen=chosen,
        rows=rows,
        page_obj=shown,
        rates=[name for _, name, _ in RATES],
        lines=_lines(rows) if chosen else [],
        compared=_side_by_side(rows_of(sends.filter(pk__in=compared))) if len(compared) > 1 else None,
        most=COMPARED,
    )


def sent(user: Any) -> QuerySet[Send]:
    """The sends that were started and somebody may see, the newest first; welcomes, which never end, apart."""
    started = Send.objects.filter(rolling=False).exclude(started_at=None).select_related("issue__newsletter")
    return visible(user, "delivery.view_send", started).order_by("-started_at")


def rows_of(chosen: Iterable[Send]) -> list[Row]:
    """Sends with their main figures, as they were counted last."""
    sends = list(chosen)
    kept = SendFigures.objects.filter(send__in=[send.pk for send in sends], version=VERSION)
    totals: dict[int, Any] = dict(kept.values_list("send_id", "data__totals"))
    return [Row(send, totals.get(send.pk)) for send in sends]


def _lines(rows: Sequence[Row]) -> list[Line]:
    """The rates of the sends that were counted, oldest first; nothing where fewer than two were."""
    counted = [row for row in reversed(rows) if row.totals]
    names = {figure: name for figure, name, _ in RATES}
    return [_line(counted, figure, of, names[figure]) for figure, of in LINES] if len(counted) > 1 else []


def _line(rows: Sequence[Row], figure: str, of: str, name: str) -> Line:
    shares = [row.share(figure, of) or 0 for row in rows]
    highest = max(shares) or 1
    places = [
        (coordinate(at + 0.5), coordinate(96 - 92 * share / highest)) for at, share in enumerate(shares)
    ]
    dots = tuple(
        (x, y, f"{row.send.issue}: {percent(share)}")
        for (x, y), row, share in zip(places, rows, shares, strict=True)
    )
    return Line(name, figure, "M" + "L".join(f"{x} {y}" for x, y in places), dots, percent(highest))


def _side_by_side(rows: Sequence[Row]) -> dict[str, Any] | None:
    """The figures of some sends as columns, oldest first; the best of each rate is not marked: which is best depends."""
    ordered = sorted(rows, key=lambda row: (row.send.started_at, row.send.pk))
    if len(ordered) < 2:
        return None
    first = ordered[0]
    lines = []
    for figure, name, of in RATES:
        base = first.share(figure, of)
        cells = []
        for row in ordered:
            share = row.share(figure, of)
            change = None if share is None or base is None or row is first else (share - base) * 100
            cells.append((percent(share) if row.totals else "", "" if change is None else f"{change:+.1f}"))
        lines.append((name, of, cells))
    return {"sends": [(row.send, row.sent) for row in ordered], "lines": lines}
