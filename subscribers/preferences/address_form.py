"""The form for an address."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from subscribers.cleaning.typed_address import LONGEST, typed_address


class AddressForm(forms.Form):
    """One address. Not of the type that browsers check: they refuse local parts in other scripts."""

    email = forms.CharField(
        label=_("Email address"),
        max_length=LONGEST,
        widget=forms.TextInput(
            {"inputmode": "email", "autocomplete": "email", "autocapitalize": "off", "spellcheck": "false"}
        ),
        error_messages={"required": _("Write your email address.")},
    )

    def __init__(self, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(data, label_suffix="")

    def clean_email(self) -> str:
        return typed_address(self.cleaned_data["email"])
