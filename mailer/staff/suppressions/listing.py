"""The list of suppressed addresses, with a search, and the same as a file."""

import csv
import io
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from mailer.staff.access.needs import needs
from mailer.staff.audit import record
from mailer.staff.numbers import number
from mailer.staff.page import page
from subscribers.models import Suppression, SuppressionOrigin, SuppressionReason
from subscribers.spreadsheet import BYTE_ORDER_MARK, defuse

PER_PAGE = 50
MOST_IN_A_FILTER = 320
"""Characters of an address."""
COLUMNS = ("address", "reason", "detail", "origin", "since")


@dataclass(frozen=True)
class Wanted:
    """Which are looked for: a part of the address; a reason and an origin as the store has them; "" for any."""

    text: str = ""
    reason: str = ""
    origin: str = ""

    @property
    def query(self) -> str:
        """It as the part of an address behind the question mark."""
        asked = {"q": self.text, "reason": self.reason, "origin": self.origin}
        return urlencode({name: value for name, value in asked.items() if value})

    def rows(self) -> QuerySet[Suppression]:
        """The newest first."""
        rows = Suppression.objects.order_by("-id")
        if self.text:
            rows = rows.filter(address__contains=self.text.lower())
        if self.reason:
            rows = rows.filter(reason=self.reason)
        return rows.filter(origin=self.origin) if self.origin else rows


def read_wanted(asked: Mapping[str, str]) -> Wanted:
    """What a request asks for; what there is not counts as not asked for."""
    reason, origin = asked.get("reason", ""), asked.get("origin", "")
    return Wanted(
        asked.get("q", "").replace("\x00", "").strip()[:MOST_IN_A_FILTER],
        reason if reason in SuppressionReason.values else "",
        origin if origin in SuppressionOrigin.values else "",
    )


@require_safe
@needs("subscribers.view_suppression")
def suppressions(request: HttpRequest) -> HttpResponse:
    """The addresses that ?q=, ?reason= and ?origin= name. Nothing is counted: there may be a million."""
    wanted = read_wanted(request.GET)
    before = number(request.GET.get("before"))
    rows = wanted.rows() if before is None else wanted.rows().filter(pk__lt=before)
    found = list(rows[: PER_PAGE + 1])
    return page(
        request,
        "staff/suppressions/list.html",
        "Suppressions",
        wanted=wanted,
        found=found[:PER_PAGE],
        older=found[PER_PAGE - 1].pk if len(found) > PER_PAGE else None,
        first=before is None,
        reasons=SuppressionReason.choices,
        origins=SuppressionOrigin.choices,
        may_add=request.user.has_perm("subscribers.add_suppression"),
        may_lift=request.user.has_perm("subscribers.lift_suppression"),
        may_export=_may_export(request),
    )


@require_POST
@needs("subscribers.view_suppression")
def as_csv(request: HttpRequest) -> HttpResponseBase:
    """The addresses that a search names, as a CSV file. Who took it is recorded."""
    if not _may_export(request):
        raise PermissionDenied
    wanted = read_wanted(request.POST)
    file = tempfile.TemporaryFile()  # noqa: SIM115  # the answer closes it
    rows = 0
    file.write(BYTE_ORDER_MARK.encode())
    for line in _lines(wanted.rows()):
        file.write(line.encode())
        rows += 1
    file.seek(0)
    # What was looked for is a part of an address, and an erasure does not reach the log.
    unnamed = replace(wanted, text="").query
    which = f" with {unnamed}" if unnamed else ""
    record(request.user, Suppression, f"Exported {rows - 1:,} suppressions{which}.")
    name = f"suppressions-{timezone.localdate():%Y-%m-%d}.csv"
    return FileResponse(file, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")


def _lines(rows: QuerySet[Suppression]) -> Iterator[str]:
    """The header, then a line of each."""
    yield _line(COLUMNS)
    for row in rows.iterator(chunk_size=2_000):
        since = row.created_at.isoformat()
        yield _line((row.address, row.reason, row.detail, row.origin, since))


def _line(cells: tuple[str, ...]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(map(defuse, cells))
    return text.getvalue()


def _may_export(request: HttpRequest) -> bool:
    """Whether who asks may take addresses out of the system."""
    return request.user.has_perm("subscribers.export_subscriber")
