"""What a POST of the preferences page can ask for, each by the value of `act`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from django.http.request import QueryDict
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from subscribers.address_change import Asked, ask_change
from subscribers.brand import brand_of
from subscribers.joining import join
from subscribers.leaving import leave, leave_all, said, say_why
from subscribers.models import LetterKind, MailingList, PauseReason, SubscriptionState
from subscribers.preferences import chosen
from subscribers.preferences.address_form import AddressForm
from subscribers.preferences.form import PreferencesForm
from subscribers.preferences.visit import Visit
from subscribers.public_page import published_name
from subscribers.returning import come_back
from subscribers.sign_up.wording import current_wording
from subscribers.sparingly import ask_sparingly

PAGE = "preferences page"
STILL_UNDER_WAY = _("A mail that is on its way already may still arrive.")
SENT = _("We have sent you a mail with the link. It is good for you alone: do not pass it on.")
SENT_ALREADY = _(
    "You asked for this less than an hour ago: the mail with the link is on its way or in your inbox."
)


@dataclass(frozen=True)
class Outcome:
    """What came of an act. `message` is empty when there is nothing to say; the forms are those with errors."""

    page: str = "preferences"
    message: object = ""
    failed: bool = False
    preferences: PreferencesForm | None = None
    address: AddressForm | None = None
    left_all: bool = False


Act = Callable[[Visit, QueryDict], Outcome]


def preferences_form(visit: Visit, data: Mapping[str, object] | None = None) -> PreferencesForm:
    """The form with somebody's choices as they are, or as they sent them."""
    today = timezone.localdate()
    brand = brand_of(visit.mailing_list_id)
    current = chosen.of(visit.subscription, today)
    return PreferencesForm(current, today, data, newsletter_language=brand.language if brand else "")


def _save(visit: Visit, form: QueryDict) -> Outcome:
    fields = preferences_form(visit, form)
    if not fields.is_valid():
        return Outcome(preferences=fields)
    chosen.save(visit.subscription, fields.chosen(), source=PAGE, origin=visit.origin)
    return Outcome(message=_("Saved."))


def _resume(visit: Visit, form: QueryDict) -> Outcome:
    """End a pause because mail was refused."""
    current = chosen.of(visit.subscription, timezone.localdate())
    if visit.subscription.paused_because != PauseReason.SOFT_BOUNCES or current.paused_until is None:
        return Outcome()
    chosen.save(visit.subscription, replace(current, paused_until=None), source=PAGE, origin=visit.origin)
    return Outcome(message=_("Good: you get the next issue again."))


def _leave(visit: Visit, form: QueryDict) -> Outcome:
    leave(visit.mailing_list_id, visit.subscriber_id, source=PAGE, origin=visit.origin, **said(form))
    return Outcome(page="left", message=STILL_UNDER_WAY)


def _leave_all(visit: Visit, form: QueryDict) -> Outcome:
    leave_all(visit.subscriber_id, source=PAGE, via=visit.mailing_list_id, origin=visit.origin, **said(form))
    return Outcome(page="left", left_all=True, message=STILL_UNDER_WAY)


def _say_why(visit: Visit, form: QueryDict) -> Outcome:
    if visit.subscription.state != SubscriptionState.UNSUBSCRIBED:  # they have come back since
        return Outcome()
    say_why(visit.mailing_list_id, visit.subscriber_id, source="page after leaving", **said(form))
    return Outcome(page="left", message=_("Thank you for telling us."))


def _come_back(visit: Visit, form: QueryDict) -> Outcome:
    back = come_back(visit.mailing_list_id, visit.subscriber_id, source=PAGE, origin=visit.origin)
    return Outcome(message=_("Welcome back: you are on the list again.") if back else "")


def _join(visit: Visit, form: QueryDict) -> Outcome:
    """Join another list. What the person read when they pressed the button is what they agreed to."""
    wanted = {str(each.pk): each for each in MailingList.objects.filter(public=True)}.get(
        form.get("list", "")
    )
    if wanted is None:
        return Outcome(failed=True, message=_("This newsletter is not offered any more."))
    name = published_name(wanted, brand_of(wanted.pk))
    wording = current_wording(wanted)
    if form.get("wording", "") != (str(wording.pk) if wording else ""):
        return Outcome(
            failed=True,
            message=format_lazy(
                _("What {name} says you agree to has changed. Please read it and press the button again."),
                name=name,
            ),
        )
    join(wanted, visit.subscriber_id, source=PAGE, wording=wording, via=visit.mailing_list_id)
    return Outcome(message=format_lazy(_("You are on the list of {name} now."), name=name))


def _ask_address(visit: Visit, form: QueryDict) -> Outcome:
    fields = AddressForm(form)
    if not fields.is_valid():
        return Outcome(address=fields)
    new = fields.cleaned_data["email"]
    asked = ask_change(visit.subscriber_id, visit.mailing_list_id, new)
    if asked == Asked.SENT:
        return Outcome(
            message=format_lazy(
                _(
                    "We have written to {address}: follow the link in that mail within two days, and the address is "
                    "changed. If nothing arrives, check the spelling and the spam folder; we do not write to "
                    "addresses that our mail came back from."
                ),
                address=new,
            )
        )
    if asked == Asked.OVER:
        return Outcome()
    fields.add_error("email", _WHY_NOT[asked])
    return Outcome(address=fields)


_WHY_NOT = {
    Asked.SAME: _("We write to this address already."),
    Asked.TOO_OFTEN: _("That was asked for several times already. Please try again tomorrow."),
}


def _ask_export(visit: Visit, form: QueryDict) -> Outcome:
    sent = ask_sparingly(LetterKind.EXPORT, visit.subscriber_id, visit.mailing_list_id)
    return Outcome(message=SENT if sent else SENT_ALREADY)


def _ask_erasure(visit: Visit, form: QueryDict) -> Outcome:
    sent = ask_sparingly(LetterKind.ERASE, visit.subscriber_id, visit.mailing_list_id)
    return Outcome(message=SENT if sent else SENT_ALREADY)


def _nothing(visit: Visit, form: QueryDict) -> Outcome:
    """A POST that does not say what it wants changes nothing: an empty form would otherwise wipe the choices."""
    return Outcome()


_ACTS: dict[str, Act] = {
    "save": _save,
    "resume": _resume,
    "leave": _leave,
    "leave-all": _leave_all,
    "say-why": _say_why,
    "come-back": _come_back,
    "join": _join,
    "address": _ask_address,
    "export": _ask_export,
    "erase": _ask_erasure,
}


def act(visit: Visit, form: QueryDict) -> Outcome:
    """Do what a form asks for."""
    return _ACTS.get(form.get("act", ""), _nothing)(visit, form)
