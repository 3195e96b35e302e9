"""Segments in Django's admin: what leads here (its history, its start page) goes on to the pages of mailer/staff/segments."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from mailer.staff.admin.base import ListElsewhere
from subscribers.models import Segment


@admin.register(Segment)
class SegmentAdmin(ListElsewhere):
    """A history of its own, and the way to the list and to the builder."""

    list_page = "staff:segments"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect("staff:segment-new")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        return self._to_builder(request, object_id)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The builder's page says what uses the segment, and deletes it."""
        return self._to_builder(request, object_id)

    def _to_builder(self, request: HttpRequest, object_id: str) -> HttpResponse:
        segment = self.get_object(request, object_id)
        if not self.has_view_permission(request, segment):
            raise PermissionDenied
        if segment is None:
            return redirect(self.list_page)
        return redirect("staff:segment", segment.pk)
