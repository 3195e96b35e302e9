"""What the pages of one person show."""

from dataclasses import dataclass

from django.db.models import Q
from django.utils import timezone

from subscribers import tokens
from subscribers.brand import brand_of
from subscribers.leaving import Reason, has_said_why
from subscribers.letters.moot import STOPPED_BY
from subscribers.models import (
    LetterKind,
    MailingList,
    PauseReason,
    Subscription,
    SubscriptionState,
    Wording,
    gravest,
)
from subscribers.preferences import chosen, offered
from subscribers.preferences.acts import Outcome, preferences_form
from subscribers.preferences.address_form import AddressForm
from subscribers.preferences.visit import Visit
from subscribers.public_page import partly_hidden, published_name
from subscribers.sign_up.wording import current_wording
from subscribers.suppressing.find import suppressions_of
from subscribers.tokens import Scope


@dataclass(frozen=True)
class Other:
    """Another list: one that the person is on, or that they may join. `token` is theirs on it, or ""."""

    number: int
    name: str
    about: str
    token: str
    wording: Wording | None


def everywhere(visit: Visit) -> dict[str, object]:
    """What every page of one person shows."""
    email = visit.subscription.subscriber.email
    reasons = set(suppressions_of(email).values_list("reason", flat=True))
    return {
        "token": visit.token,
        "state": visit.subscription.state,
        "address": partly_hidden(email),
        "suppressed": gravest(reasons),
        "unreachable": bool(reasons & STOPPED_BY[LetterKind.EXPORT]),
    }


def left(visit: Visit, outcome: Outcome) -> dict[str, object]:
    """The page after leaving."""
    return everywhere(visit) | {
        "message": outcome.message,
        "left_all": outcome.left_all,
        "reasons": [] if has_said_why(visit.mailing_list_id, visit.subscriber_id) else Reason.choices,
    }


def preferences(visit: Visit, outcome: Outcome) -> dict[str, object]:
    """The preferences page, with the forms as they are stored or as the person sent them."""
    current = chosen.of(visit.subscription, timezone.localdate())
    others = _others(visit)
    return everywhere(visit) | {
        "message": outcome.message,
        "failed": outcome.failed,
        "form": outcome.preferences or preferences_form(visit),
        "address_form": outcome.address or AddressForm(),
        "paused_until": current.paused_until,
        "refused": visit.subscription.paused_because == PauseReason.SOFT_BOUNCES,
        "only_retired": bool(current.topic_ids)
        and current.topic_ids.isdisjoint(number for number, _ in offered.topics()),
        "others": others,
        "on_others": any(other.token for other in others),
        "reasons": Reason.choices,
    }


def _others(visit: Visit) -> list[Other]:
    states = dict(
        Subscription.objects.filter(subscriber_id=visit.subscriber_id).values_list("mailing_list_id", "state")
    )
    on = [number for number, state in states.items() if state == SubscriptionState.ACTIVE]
    lists = MailingList.objects.filter(Q(public=True) | Q(pk__in=on)).exclude(pk=visit.mailing_list_id)
    others = []
    for each in lists:
        brand = brand_of(each.pk)
        joined = each.pk in on
        others.append(
            Other(
                number=each.pk,
                name=published_name(each, brand),
                about=each.description or (brand.tagline if brand else ""),
                token=tokens.make(Scope.MANAGE, each.pk, visit.subscriber_id) if joined else "",
                wording=None if joined else current_wording(each),
            )
        )
    return others
