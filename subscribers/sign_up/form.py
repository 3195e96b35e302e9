"""The form itself: which fields a list asks for, and what somebody chose."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from subscribers.cleaning.flags import suggestion
from subscribers.cleaning.typed_address import LONGEST, typed_address
from subscribers.language import NAMES
from subscribers.models import Asked, Cadence, MailingList, Topic, Wording
from subscribers.preferences.offered import CADENCES
from subscribers.sign_up.fields import FieldType, OwnField, parse_fields
from subscribers.sign_up.wording import current_wording
from subscribers.text import one_line

LONGEST_TEXT = 1000
LARGEST_NUMBER = 10**15
HONEYPOT = "website"
"""A field that nobody sees. What fills it in is a program."""
OWN = "field_"
"""Before the key of a field of the list's own, so that it cannot be taken for another."""
_OLD_FORM = _("This form is out of date. Please fill in this one.")
YES_NO = [("", "—"), ("yes", pgettext_lazy("answer", "Yes")), ("no", pgettext_lazy("answer", "No"))]


@dataclass(frozen=True)
class Wanted:
    """A sign-up that fits its form.

    Attributes:
        chosen: what was filled in and nothing else: first_name, last_name, language, topic_ids, cadence, attributes.
        wording: the version that the person was shown.
    """

    email: str
    chosen: dict[str, Any]
    wording: Wording


class SignUpForm(forms.Form):
    """The form of one list. Nobody has an account here: all that it is given is hostile until it was cleaned."""

    email = forms.CharField(
        label=_("Email address"),
        max_length=LONGEST,
        widget=forms.EmailInput({"autocomplete": "email"}),
        error_messages={"required": _("Write your email address.")},
    )

    def __init__(
        self,
        mailing_list: MailingList,
        data: Mapping[str, Any] | None = None,
        *,
        auto_id: str = "id_%s",
    ) -> None:
        """
        Args:
            data: what was posted; None for an empty form.
            auto_id: the pattern of ids, for a form on a page with others.
        """
        super().__init__(data, auto_id=auto_id, label_suffix="")
        self.mailing_list = mailing_list
        self.shown_wording = current_wording(mailing_list)
        self.own = parse_fields(mailing_list.sign_up_fields)
        self._add_asked(mailing_list.sign_up_asks)
        for own in self.own:
            self.fields[OWN + own.key] = _form_field(own)
        if self.has_optional_fields:
            for field in self.fields.values():
                field.label_suffix = " *" if field.required else ""
        self.order_fields(["email", "first_name", "last_name", *(OWN + own.key for own in self.own)])
        self.fields["wording"] = forms.IntegerField(
            widget=forms.HiddenInput,
            initial=self.shown_wording.version if self.shown_wording else None,
            error_messages={
                "required": _("The form does not say which text it showed."),
                "invalid": _OLD_FORM,
            },
        )

    def _add_asked(self, asked: list[str]) -> None:
        if Asked.NAME in asked:
            for name, label, autocomplete in (
                ("first_name", _("First name"), "given-name"),
                ("last_name", _("Last name"), "family-name"),
            ):
                self.fields[name] = forms.CharField(
                    label=label,
                    max_length=200,
                    required=False,
                    widget=forms.TextInput({"autocomplete": autocomplete}),
                )
        if Asked.LANGUAGE in asked:
            self.fields["language"] = forms.ChoiceField(
                label=_("Language"), choices=[("", "—"), *NAMES.items()], required=False
            )
        if Asked.TOPICS in asked and (topics := list(Topic.objects.filter(retired=False))):
            self._topic_ids = {topic.slug: topic.pk for topic in topics}
            self.fields["topics"] = forms.MultipleChoiceField(
                label=_("Topics"),
                choices=[(topic.slug, topic.name) for topic in topics],
                required=False,
                widget=forms.CheckboxSelectMultiple,
                help_text=_("Choose none to get everything."),
                error_messages={
                    "invalid_choice": _("One of these topics is not offered. Please choose again.")
                },
            )
        if Asked.CADENCE in asked:
            self.fields["cadence"] = forms.ChoiceField(
                label=_("How often"),
                choices=CADENCES,
                initial=Cadence.EVERY,
                required=False,
                widget=forms.RadioSelect,
            )

    def clean_email(self) -> str:
        return typed_address(self.cleaned_data["email"])

    def clean_wording(self) -> Wording:
        shown = self.mailing_list.wordings.filter(version=self.cleaned_data["wording"]).first()
        if shown is None:
            raise forms.ValidationError(_OLD_FORM, code="invalid")
        return shown

    @property
    def has_optional_fields(self) -> bool:
        """Whether it has to be told which fields are needed."""
        return not all(field.required for field in self.fields.values())

    @property
    def is_filled_trap(self) -> bool:
        """Whether a program filled in what nobody sees."""
        return bool(self.data.get(HONEYPOT))

    @property
    def meant(self) -> str:
        """The address that may be meant instead of a valid one with a slip in it, unless somebody chose between
        them; else ""."""
        if self.is_filled_trap or self.data.get("meant") or not self.is_valid():
            return ""
        return suggestion(self.cleaned_data["email"])

    @property
    def own_fields(self) -> list[forms.BoundField]:
        return [self[OWN + own.key] for own in self.own]

    def focus_first_error(self) -> None:
        """Have the first field that needs another look take the focus when the page opens."""
        for name in self.errors:
            if name in self.fields and name != "wording":
                self.fields[name].widget.attrs["autofocus"] = True
                return

    def wanted(self) -> Wanted:
        """What a valid form asks for. A field left empty is not among it, so that it can wipe nothing."""
        given = self.cleaned_data
        chosen: dict[str, Any] = {
            name: value
            for name in ("first_name", "last_name", "language", "cadence")
            if (value := one_line(given.get(name, "")))
        }
        if topics := given.get("topics"):
            chosen["topic_ids"] = sorted(self._topic_ids[slug] for slug in topics)
        attributes = {
            own.key: _kept(given[OWN + own.key]) for own in self.own if given[OWN + own.key] not in (None, "")
        }
        if attributes:
            chosen["attributes"] = attributes
        return Wanted(given["email"], chosen, given["wording"])


def _form_field(own: OwnField) -> forms.Field:
    match own.type:
        case FieldType.NUMBER:
            return forms.FloatField(
                label=own.label,
                required=own.required,
                min_value=-LARGEST_NUMBER,
                max_value=LARGEST_NUMBER,
                widget=forms.NumberInput({"step": "any"}),
            )
        case FieldType.DATE:
            return forms.DateField(
                label=own.label,
                required=own.required,
                widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
                input_formats=["%Y-%m-%d"],
                error_messages={"invalid": _("Write the date as year-month-day, such as 2027-03-31.")},
            )
        case FieldType.YES_NO:
            return forms.TypedChoiceField(
                label=own.label,
                required=own.required,
                choices=YES_NO,
                coerce=lambda answer: answer == "yes",
                empty_value=None,
            )
        case FieldType.CHOICE:
            choices = [("", "—"), *((choice, choice) for choice in own.choices)]
            return forms.ChoiceField(label=own.label, required=own.required, choices=choices)
        case FieldType.TEXT:
            return forms.CharField(label=own.label, required=own.required, max_length=LONGEST_TEXT)


def _kept(value: Any) -> Any:
    """A value as JSON keeps it."""
    match value:
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return int(value)
        case str():
            return one_line(value)
        case _:
            return value
