"""Who agreed to what."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from mailer.staff.admin.base import Countless, ModelAdmin, ReadOnly, subscribers_at
from subscribers.models import Consent


@admin.register(Consent)
class ConsentAdmin(ReadOnly, Countless, ModelAdmin):
    list_display = ("at", "subscriber", "mailing_list", "action", "source")
    list_filter = ("action", "mailing_list")
    list_select_related = ("subscriber", "mailing_list")
    search_fields = ("subscriber__email",)
    search_help_text = "The whole address"
    ordering = ("-id",)
    fields = ("subscriber", "mailing_list", "action", "at", "source", "detail")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(subscriber__in=subscribers_at(search_term)), False
