"""Who must get nothing, and who was taken off again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from mailer.staff.admin.base import Countless, ListElsewhere, ModelAdmin, NoDelete, ReadOnly
from mailer.staff.audit import record
from subscribers.models import Lifting, Suppression
from subscribers.suppressing.errors import CannotSuppress
from subscribers.suppressing.find import suppressions_of
from subscribers.suppressing.lift import LONGEST_BECAUSE, lift


class LiftForm(forms.Form):
    """Why an address is taken off."""

    because = forms.CharField(
        max_length=LONGEST_BECAUSE, error_messages={"required": "Say why. It is kept with your name."}
    )


@admin.register(Suppression)
class SuppressionAdmin(NoDelete, ListElsewhere):
    """Staff take an address off again with a reason; none is changed or deleted."""

    list_page = "staff:suppressions"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:number>/lift/", view(self.lift_page), name="subscribers_suppression_lift"),
            *super().get_urls(),
        ]

    def lift_page(self, request: HttpRequest, number: int) -> HttpResponse:
        """Ask why, then take the address off. Answers 403 to who may not."""
        if not request.user.has_perm("subscribers.lift_suppression"):
            raise PermissionDenied
        suppression = get_object_or_404(Suppression, pk=number)
        form = LiftForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and self._lift(request, suppression, form):
            return redirect(self.list_page)
        held = list(suppressions_of(suppression.address).order_by("created_at"))
        shown = {
            "title": "Take off the suppressions",
            "suppression": suppression,
            "held": held,
            "complained": any(row.reason == Suppression.Reason.COMPLAINT for row in held),
            "liftings": Lifting.objects.filter(address=suppression.address).order_by("-id"),
            "form": form,
        }
        return TemplateResponse(
            request, "staff/lift.html", {**self.admin_site.each_context(request), **shown}
        )

    def _lift(self, request: HttpRequest, suppression: Suppression, form: LiftForm) -> bool:
        try:
            lift(suppression.address, by=request.user.get_username(), because=form.cleaned_data["because"])
        except CannotSuppress as error:
            form.add_error(None, str(error))
            return False
        # In the record of liftings stand address and reason; here, where an erasure does not reach, only that it was done.
        record(request.user, suppression, "Taken off the suppressions.")
        messages.success(
            request, "Taken off. SendGrid is asked to take it off its lists too, until it is done."
        )
        return True

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return redirect("staff:suppressions-add")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Lifting)
class LiftingAdmin(ReadOnly, Countless, ModelAdmin):
    """The record of what was taken off: it only grows."""

    list_display = ("at", "address", "reason", "by", "because", "gone_at_sendgrid")
    list_filter = ("reason",)
    list_select_related = ("removal",)
    search_fields = ("address",)
    ordering = ("-id",)

    @admin.display(description="gone at SendGrid", boolean=True)
    def gone_at_sendgrid(self, lifting: Lifting) -> bool:
        return hasattr(lifting, "removal")
