"""What the store itself holds on a person."""

from collections.abc import Iterable, Iterator

from subscribers.models import Letter, Subscriber, SuppressionReason, Topic
from subscribers.person.consent import SHOWN, consent_of, moments_of_consent
from subscribers.person.sections import Fact, Moment, Section, register
from subscribers.suppressing.find import suppressions_of


def register_own() -> None:
    """Register the store's sections, in the order in which people look for them."""
    register(Section("profile", "Profile", _profile))
    register(Section("subscriptions", "Subscriptions", _subscriptions))
    register(Section("preferences", "Preferences", _preferences))
    register(Section("consent", "Consent", consent_of, shown=SHOWN, moments=moments_of_consent))
    register(
        Section(
            "suppressions",
            "Suppressions",
            _suppressions,
            _erase_suppressions,
            moments=_moments_of_suppressions,
        )
    )
    register(
        Section("letters", "Letters of the system", _letters, _erase_letters, moments=_moments_of_letters)
    )


def _profile(subscriber: Subscriber) -> list[Fact]:
    return [
        {
            "number": subscriber.pk,
            "address": None if subscriber.erased_at else subscriber.email,
            "first_name": subscriber.first_name,
            "last_name": subscriber.last_name,
            "country": subscriber.country,
            "attributes": subscriber.attributes,
            "known_since": subscriber.created_at,
            "changed_at": subscriber.changed_at,
            "erased_at": subscriber.erased_at,
        }
    ]


def _subscriptions(subscriber: Subscriber) -> list[Fact]:
    subscriptions = subscriber.subscriptions.select_related("mailing_list").order_by("created_at", "id")
    return [
        {
            "list": subscription.mailing_list.slug,
            "list_name": subscription.mailing_list.name,
            "state": subscription.state,
            "source": subscription.source,
            "since": subscription.created_at,
            "changed_at": subscription.changed_at,
        }
        for subscription in subscriptions
    ]


def _preferences(subscriber: Subscriber) -> list[Fact]:
    if subscriber.erased_at:
        return []
    subscriptions = subscriber.subscriptions.select_related("mailing_list").order_by("created_at", "id")
    return [
        {
            "topics": _names_of(subscriber.topic_ids) or "every topic",
            "language": subscriber.language,
            "time_zone": subscriber.time_zone,
            "cadence": {
                subscription.mailing_list.slug: subscription.cadence for subscription in subscriptions
            },
            "paused": {
                subscription.mailing_list.slug: {
                    "until": subscription.paused_until,
                    "because": subscription.get_paused_because_display(),
                }
                for subscription in subscriptions
                if subscription.paused_until
            },
        }
    ]


def _names_of(topic_ids: Iterable[int]) -> list[str]:
    return list(Topic.objects.filter(pk__in=topic_ids).order_by("name").values_list("name", flat=True))


def _suppressions(subscriber: Subscriber) -> list[Fact]:
    rows = suppressions_of(subscriber.email).order_by("created_at")
    return [{"reason": row.reason, "detail": row.detail, "since": row.created_at} for row in rows]


def _moments_of_suppressions(suppressions: list[Fact]) -> Iterator[Moment]:
    for each in suppressions:
        reason = SuppressionReason(each["reason"]).label
        yield Moment(each["since"], "suppressed", str(reason), each["detail"])


def _erase_suppressions(subscriber: Subscriber) -> None:
    """The gravest of them stays with the hash of the address (see Erasure.suppressed_for)."""
    suppressions_of(subscriber.email).delete()


def _letters(subscriber: Subscriber) -> list[Fact]:
    letters = Letter.objects.filter(subscriber=subscriber).select_related("mailing_list").order_by("id")
    return [
        {
            "asked_at": letter.created_at,
            "about": letter.get_kind_display(),
            "in_the_name_of": letter.mailing_list.name,
            "to": letter.address or (None if subscriber.erased_at else subscriber.email),
        }
        for letter in letters
    ]


def _moments_of_letters(letters: list[Fact]) -> Iterator[Moment]:
    for letter in letters:
        yield Moment(letter["asked_at"], "letter asked for", letter["in_the_name_of"], letter["about"])


def _erase_letters(subscriber: Subscriber) -> None:
    Letter.objects.filter(subscriber=subscriber).exclude(address="").update(address="")
