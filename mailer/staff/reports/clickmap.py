"""The click map of a send on the staff site."""

from collections.abc import Callable

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from mailer.config.content_policy import STAFF_WITH_ANY_PICTURE
from mailer.delivery.models import Send
from mailer.staff.access.needs import needs
from mailer.staff.numbers import number
from mailer.staff.reports.file import report_file
from mailer.staff.reports.page import report_page
from mailer.tracking.clickmap.count import ClickMap, NoMap, count_places
from mailer.tracking.clickmap.page import render, shown

Answer = Callable[[HttpRequest, ClickMap], HttpResponse]
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""The policy of the page to save: no script, whatever stands in the issue; its pictures may come from anywhere."""


@require_safe
@needs("delivery.view_send", Send)
def click_map(request: HttpRequest, send: Send) -> HttpResponse:
    """The map of one edition, ?edition=3, of all, ?edition=all, or else of the one that most people received.

    Back to the send's page, with a word why, where it has no editions.
    """
    return _map(request, send, _on_site)


@require_safe
@needs("delivery.view_send", Send)
def file(request: HttpRequest, send: Send) -> HttpResponse:
    """The page to save and to mail, as a file."""
    return _map(request, send, _to_save)


def _map(request: HttpRequest, send: Send, answer: Answer) -> HttpResponse:
    chosen = request.GET.get("edition", "")
    edition = number(chosen)
    if chosen and edition is None and chosen != "all":
        raise Http404(f"There is no edition {chosen[:20]!r}.")
    try:
        found = count_places(send, edition, together=chosen == "all")
    except NoMap as error:
        if edition is not None:
            raise Http404(str(error)) from error
        messages.warning(request, str(error))
        return redirect("staff:send", send.pk)
    return answer(request, found)


def _on_site(request: HttpRequest, map_: ClickMap) -> HttpResponse:
    issue = map_.send.issue
    title = f"Click map of {issue.newsletter} {issue.number}"
    response = report_page(request, "clickmap.html", title, shown(map_))
    response.headers["Content-Security-Policy"] = STAFF_WITH_ANY_PICTURE
    return response


def _to_save(request: HttpRequest, map_: ClickMap) -> HttpResponse:
    response = report_file(render(map_), "html", f"clickmap-{map_.send.pk}")
    response.headers["Content-Security-Policy"] = POLICY
    return response
