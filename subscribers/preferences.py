"""What a subscriber chooses on the preferences page: topics, a pause, their name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.db import transaction
from django.utils import timezone

from subscribers.models import Consent, Subscriber, Subscription, Topic
from subscribers.text import one_line

LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True)
class Preferences:
    """One subscriber's choices. No topics means every topic; a pause that is over is none."""

    first_name: str
    last_name: str
    topic_ids: frozenset[int]
    paused_until: date | None


def of(subscription: Subscription, today: date) -> Preferences:
    """The choices as they are stored."""
    until = subscription.paused_until
    return Preferences(
        first_name=subscription.subscriber.first_name,
        last_name=subscription.subscriber.last_name,
        topic_ids=frozenset(subscription.subscriber.topic_ids),
        paused_until=until if until and until > today else None,
    )


def difference(before: Preferences, after: Preferences) -> dict[str, object]:
    """What changed, for the record of consent; empty when nothing did.

    Says that the name changed and not from what to what: the record cannot be erased, a name must be.
    """
    changed: dict[str, object] = {}
    if (before.first_name, before.last_name) != (after.first_name, after.last_name):
        changed["name"] = True
    if before.topic_ids != after.topic_ids:
        changed["topics"] = [sorted(before.topic_ids), sorted(after.topic_ids)]
    if before.paused_until != after.paused_until:
        changed["paused_until"] = [
            day.isoformat() if day else None for day in (before.paused_until, after.paused_until)
        ]
    return changed


@transaction.atomic
def save(subscription: Subscription, wanted: Preferences, *, source: str, origin: int = 0) -> bool:
    """Store a subscriber's choices and record what changed.

    Args:
        source: where they chose, for the record.
        origin: what the link came with (see tokens.make).
    Returns: True when something changed, False when all was so already; then nothing is written.
    """
    subscriber = Subscriber.objects.select_for_update().get(pk=subscription.subscriber_id)
    stored = Subscription.objects.select_for_update().get(pk=subscription.pk)
    stored.subscriber = subscriber
    changed = difference(of(stored, timezone.localdate()), wanted)
    if not changed:
        return False
    moment = timezone.now()
    if "paused_until" in changed:
        Subscription.objects.filter(pk=stored.pk).update(paused_until=wanted.paused_until, changed_at=moment)
    if "name" in changed or "topics" in changed:
        Subscriber.objects.filter(pk=subscriber.pk).update(
            first_name=wanted.first_name,
            last_name=wanted.last_name,
            topic_ids=sorted(wanted.topic_ids),
            changed_at=moment,
        )
    Consent.objects.create(
        mailing_list_id=stored.mailing_list_id,
        subscriber_id=subscriber.pk,
        action=Consent.Action.CHANGED,
        source=source,
        detail={"changed": changed} | ({"origin": origin} if origin else {}),
    )
    return True


def offered() -> list[tuple[int, str]]:
    """The topics that can be chosen: number and name."""
    return list(Topic.objects.filter(retired=False).values_list("pk", "name"))


class PreferencesForm(forms.Form):
    """The page's fields. Topics that are retired are not offered, so saving lets go of them."""

    first_name = forms.CharField(
        max_length=200, required=False, widget=forms.TextInput({"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        max_length=200, required=False, widget=forms.TextInput({"autocomplete": "family-name"})
    )
    topics = forms.TypedMultipleChoiceField(
        choices=offered,
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="You get the stories on the topics you choose. Choose none to get everything.",
        error_messages={"invalid_choice": "One of these topics is no longer offered. Please choose again."},
    )
    paused_until = forms.DateField(
        label="Pause until",
        help_text="You get nothing before this day. Leave it empty for no pause.",
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"invalid": "Write the date as year-month-day, such as 2027-03-31."},
    )

    def __init__(self, current: Preferences, today: date, data: Mapping[str, Any] | None = None) -> None:
        super().__init__(
            data,
            initial={
                "first_name": current.first_name,
                "last_name": current.last_name,
                "topics": sorted(current.topic_ids),
                "paused_until": current.paused_until,
            },
            label_suffix="",
        )
        self._today = today
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
        if until and until <= self._today:
            raise forms.ValidationError("This day has come already. Choose a day from tomorrow on.")
        if until and until > self._today + LONGEST_PAUSE:
            raise forms.ValidationError(
                "A pause lasts a year at most. To get nothing any more, leave the list."
            )
        return until

    def chosen(self) -> Preferences:
        """What a valid form asks for."""
        return Preferences(
            first_name=self.cleaned_data["first_name"],
            last_name=self.cleaned_data["last_name"],
            topic_ids=frozenset(self.cleaned_data["topics"]),
            paused_until=self.cleaned_data["paused_until"],
        )
