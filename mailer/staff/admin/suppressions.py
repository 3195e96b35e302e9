"""Who must get nothing, and who was taken off again."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.validators import validate_email
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from mailer.staff.admin.base import Countless, ModelAdmin, ModelForm, NoDelete, ReadOnly, TextInput
from subscribers.models import Lifting, Suppression
from subscribers.privacy import erased
from subscribers.suppressing.errors import CannotSuppress
from subscribers.suppressing.find import suppressions_of
from subscribers.suppressing.lift import LONGEST_BECAUSE, lift

LIST = "staff:suppressions"


class SuppressionForm(ModelForm):
    address = forms.CharField(max_length=320, validators=[validate_email], widget=TextInput())

    class Meta:
        model = Suppression
        fields = ("address", "reason", "detail")

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if erased.matcher()(address):
            raise forms.ValidationError(
                "Whoever has this address was erased, so it is not written down again. To keep in mind that it must "
                "get nothing: mailer suppressions add."
            )
        return address.lower()


class LiftForm(forms.Form):
    """Why an address is taken off."""

    because = forms.CharField(
        max_length=LONGEST_BECAUSE, error_messages={"required": "Say why. It is kept with your name."}
    )


@admin.register(Suppression)
class SuppressionAdmin(NoDelete, Countless, ModelAdmin):
    """Staff add a suppression, or take the address off again with a reason; none is changed or deleted."""

    list_display = ("address", "reason", "detail", "origin", "created_at")
    list_filter = ("reason", "origin")
    search_fields = ("address",)
    search_help_text = "A part of the address"
    ordering = ("-id",)
    form = SuppressionForm

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("<int:number>/lift/", view(self.lift_page), name="subscribers_suppression_lift"),
            *super().get_urls(),
        ]

    def lift_page(self, request: HttpRequest, number: int) -> HttpResponse:
        """Ask why, then take the address off. Answers 403 to who may not."""
        if not may_lift(request):
            raise PermissionDenied
        suppression = get_object_or_404(Suppression, pk=number)
        form = LiftForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid() and self._lift(request, suppression, form):
            return redirect(LIST)
        held = list(suppressions_of(suppression.address).order_by("created_at"))
        shown = {
            "title": "Take off the suppressions",
            "suppression": suppression,
            "held": held,
            "complained": any(row.reason == Suppression.Reason.COMPLAINT for row in held),
            "liftings": Lifting.objects.filter(address=suppression.address).order_by("-id"),
            "form": form,
        }
        answer = TemplateResponse(
            request, "staff/lift.html", {**self.admin_site.each_context(request), **shown}
        )
        answer["Cache-Control"] = "no-store"
        return answer

    def _lift(self, request: HttpRequest, suppression: Suppression, form: LiftForm) -> bool:
        try:
            lift(suppression.address, by=request.user.get_username(), because=form.cleaned_data["because"])
        except CannotSuppress as error:
            form.add_error(None, str(error))
            return False
        # In the record of liftings stand address and reason; here, where an erasure does not reach, only that it was done.
        self.log_change(request, suppression, "Taken off the suppressions.")
        messages.success(
            request, "Taken off. SendGrid is asked to take it off its lists too, until it is done."
        )
        return True

    def get_list_display(self, request: HttpRequest) -> Any:
        return (*self.list_display, _lift_link) if may_lift(request) else self.list_display

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"reason": Suppression.Reason.MANUAL} | super().get_changeform_initial_data(request)

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


def may_lift(request: HttpRequest) -> bool:
    """Whether who asks may take addresses off the suppressions."""
    return request.user.has_perm("subscribers.lift_suppression")


@admin.display(description="lift")
def _lift_link(suppression: Suppression) -> str:
    if suppression.reason == Suppression.Reason.COMPLAINT:
        return "never, after a complaint"
    return format_html(
        '<a href="{}">Take off …</a>', reverse("admin:subscribers_suppression_lift", args=[suppression.pk])
    )
