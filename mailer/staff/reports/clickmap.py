"""The click map of a send on the staff site."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from mailer.config.content_policy import STAFF_WITH_ANY_PICTURE
from mailer.delivery.models import Send
from mailer.staff.admin.base import ModelAdmin
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


class ClickMapPages(ModelAdmin):
    """Its pages, for the admin of sends. Both answer 403 to who may not see sends."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:send_id>/clickmap/", view(self.click_map), name="delivery_send_clickmap"),
            path(
                "<int:send_id>/clickmap/page/", view(self.click_map_page), name="delivery_send_clickmap_page"
            ),
            *super().get_urls(),
        ]

    @method_decorator(require_safe)
    def click_map(self, request: HttpRequest, send_id: int) -> HttpResponse:
        """The map of one edition, ?edition=3, of all, ?edition=all, or else of the one that most people received.

        Back to the send's page, with a word why, where it has no editions.
        """
        return self._map(request, send_id, _on_site)

    @method_decorator(require_safe)
    def click_map_page(self, request: HttpRequest, send_id: int) -> HttpResponse:
        """The page to save and to mail, as a file."""
        return self._map(request, send_id, _to_save)

    def _map(self, request: HttpRequest, send_id: int, answer: Answer) -> HttpResponse:
        send = get_object_or_404(Send.objects.select_related("issue__newsletter"), pk=send_id)
        if not self.has_view_permission(request, send):
            raise PermissionDenied
        chosen = request.GET.get("edition", "")
        number = int(chosen) if chosen.isdecimal() and len(chosen) < 10 else None
        if chosen and number is None and chosen != "all":
            raise Http404(f"There is no edition {chosen[:20]!r}.")
        try:
            found = count_places(send, number, together=chosen == "all")
        except NoMap as error:
            if number is not None:
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
