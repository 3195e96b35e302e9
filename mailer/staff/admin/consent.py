"""Who agreed to what, and who was erased."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from mailer.staff.admin.base import Countless, ModelAdmin, ReadOnly
from subscribers.models import Consent, Erasure
from subscribers.person.find import subscribers_at
from subscribers.privacy import erased


@admin.register(Consent)
class ConsentAdmin(ReadOnly, Countless, ModelAdmin):
    list_display = ("at", "subscriber", "mailing_list", "action", "source", "version")
    list_filter = ("action", "mailing_list")
    list_select_related = ("subscriber", "mailing_list", "wording")
    search_fields = ("subscriber__email",)
    search_help_text = "The whole address"
    ordering = ("-id",)
    fields = ("subscriber", "mailing_list", "action", "at", "source", "wording", "wording_text", "detail")
    readonly_fields = ("wording_text",)

    @admin.display(description="wording")
    def version(self, consent: Consent) -> str:
        return f"version {consent.wording.version}" if consent.wording else ""

    @admin.display(description="words")
    def wording_text(self, consent: Consent) -> str:
        return consent.wording.text if consent.wording else ""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(_of(search_term)), False


@admin.register(Erasure)
class ErasureAdmin(ReadOnly, Countless, ModelAdmin):
    list_display = ("at", "subscriber_id", "by", "reason", "suppressed_for", "ended_at")
    list_filter = ("suppressed_for",)
    search_fields = ("address_hash",)
    search_help_text = "The whole address that they had"
    ordering = ("-id",)
    fields = ("subscriber", "at", "by", "reason", "suppressed_for", "ended_at")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=erased.of(search_term).values("pk")), False


def _of(address: str) -> Q:
    """The records of whoever has an address, or had it and was erased."""
    return Q(subscriber__in=subscribers_at(address)) | Q(
        subscriber__in=erased.of(address).values("subscriber")
    )
