"""Who must get nothing."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import validate_email
from django.http import HttpRequest

from mailer.staff.admin.base import ModelAdmin, ModelForm, TextInput
from subscribers.models import Suppression


class SuppressionForm(ModelForm):
    address = forms.CharField(max_length=320, validators=[validate_email], widget=TextInput())

    class Meta:
        model = Suppression
        fields = ("address", "reason", "detail")

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        return address.lower()


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin):
    """Staff add a suppression or, by deleting it, lift one; none is changed into another."""

    list_display = ("address", "reason", "detail", "created_at")
    list_filter = ("reason",)
    search_fields = ("address",)
    ordering = ("-id",)
    show_full_result_count = False
    form = SuppressionForm

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"reason": Suppression.Reason.MANUAL} | super().get_changeform_initial_data(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
