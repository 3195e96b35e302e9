"""The form of the choices."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from subscribers.preferences import offered
from subscribers.preferences.chosen import Preferences
from subscribers.text import one_line

LONGEST_PAUSE = timedelta(days=366)
NOT_OFFERED = _("This is not one of the choices. Please choose again.")


class PreferencesForm(forms.Form):
    """The page's fields. Topics that are retired are not offered, so saving lets go of them."""

    topics = forms.TypedMultipleChoiceField(
        label=_("Topics"),
        choices=offered.topics,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("You get the stories on the topics you choose. Choose none to get everything."),
        error_messages={
            "invalid_choice": _("One of these topics is no longer offered. Please choose again.")
        },
    )
    cadence = forms.ChoiceField(
        label=_("How often"),
        choices=offered.CADENCES,
        required=False,
        widget=forms.RadioSelect,
        error_messages={"invalid_choice": NOT_OFFERED},
    )
    paused_until = forms.DateField(
        label=_("Pause until"),
        help_text=_("You get nothing before this day. Leave it empty for no pause."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": _("Write the date as year-month-day, such as 2027-03-31.")},
    )
    first_name = forms.CharField(
        label=_("First name"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        max_length=200,
        required=False,
        widget=forms.TextInput({"autocomplete": "family-name"}),
    )

    def __init__(
        self,
        current: Preferences,
        today: date,
        data: Mapping[str, Any] | None = None,
        *,
        newsletter_language: str = "",
    ) -> None:
        super().__init__(
            data,
            initial={
                "topics": sorted(current.topic_ids),
                "cadence": current.cadence,
                "paused_until": current.paused_until,
                "first_name": current.first_name,
                "last_name": current.last_name,
                "language": current.language,
                "time_zone": current.time_zone,
            },
            label_suffix="",
        )
        self._current = current
        self._today = today
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"),
            choices=offered.languages(newsletter_language, current.language),
            required=False,
            help_text=_("Of this page, and of the mails that are for you alone."),
            error_messages={"invalid_choice": NOT_OFFERED},
        )
        self.fields["time_zone"] = forms.ChoiceField(
            label=_("Time zone"),
            choices=offered.time_zones(current.time_zone),
            required=False,
            help_text=_("So that issues reach you at the right hour of your day."),
            error_messages={"invalid_choice": NOT_OFFERED},
        )
        self.fields["paused_until"].widget.attrs |= {
            "min": (today + timedelta(days=1)).isoformat(),
            "max": (today + LONGEST_PAUSE).isoformat(),
        }

    # A name goes into subject lines and greetings: control characters and line breaks have no place there.
    def clean_first_name(self) -> str:
        return one_line(self.cleaned_data["first_name"])

    def clean_last_name(self) -> str:
        return one_line(self.cleaned_data["last_name"])

    def clean_paused_until(self) -> date | None:
        until: date | None = self.cleaned_data["paused_until"]
        if until == self._current.paused_until:
            return until  # a pause because mail was refused may be longer than one that is asked for
        if until and until <= self._today:
            raise forms.ValidationError(_("This day has come already. Choose a day from tomorrow on."))
        if until and until > self._today + LONGEST_PAUSE:
            raise forms.ValidationError(
                _("A pause lasts a year at most. To get nothing any more, leave the list.")
            )
        return until

    def chosen(self) -> Preferences:
        """What a valid form asks for. A choice that was not in it, as from a page left open for long, stays."""
        kept = {name: getattr(self._current, name) for name in ("cadence", "language", "time_zone")}
        chosen = {name: self.cleaned_data[name] if name in self.data else was for name, was in kept.items()}
        return Preferences(
            first_name=self.cleaned_data["first_name"],
            last_name=self.cleaned_data["last_name"],
            language=chosen["language"],
            time_zone=chosen["time_zone"],
            topic_ids=frozenset(self.cleaned_data["topics"]),
            cadence=chosen["cadence"] or self._current.cadence,
            paused_until=self.cleaned_data["paused_until"],
        )
