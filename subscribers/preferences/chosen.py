"""What a subscriber chooses: topics, how often, a pause, name, language and time zone."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from subscribers.models import Consent, PauseReason, Subscriber, Subscription


@dataclass(frozen=True)
class Preferences:
    """One subscriber's choices on one list. No topics means every topic; a pause that is over is none."""

    first_name: str
    last_name: str
    language: str
    time_zone: str
    topic_ids: frozenset[int]
    cadence: str
    paused_until: date | None


def of(subscription: Subscription, today: date) -> Preferences:
    """The choices as they are stored."""
    subscriber = subscription.subscriber
    until = subscription.paused_until
    return Preferences(
        first_name=subscriber.first_name,
        last_name=subscriber.last_name,
        language=subscriber.language,
        time_zone=subscriber.time_zone,
        topic_ids=frozenset(subscriber.topic_ids),
        cadence=subscription.cadence,
        paused_until=until if until and until > today else None,
    )


def difference(before: Preferences, after: Preferences) -> dict[str, object]:
    """What changed, for the record of consent; empty when nothing did.

    Of what tells who and where a person is, it says that it changed and not from what to what: the record
    cannot be erased, those must be.
    """
    changed: dict[str, object] = {}
    if (before.first_name, before.last_name) != (after.first_name, after.last_name):
        changed["name"] = True
    if before.time_zone != after.time_zone:
        changed["time_zone"] = True
    if before.language != after.language:
        changed["language"] = [before.language, after.language]
    if before.topic_ids != after.topic_ids:
        changed["topics"] = [sorted(before.topic_ids), sorted(after.topic_ids)]
    if before.cadence != after.cadence:
        changed["cadence"] = [before.cadence, after.cadence]
    if before.paused_until != after.paused_until:
        changed["paused_until"] = [
            day.isoformat() if day else None for day in (before.paused_until, after.paused_until)
        ]
    return changed


@transaction.atomic
def save(subscription: Subscription, wanted: Preferences, *, source: str, origin: int = 0) -> bool:
    """Store a subscriber's choices and record what changed.

    A pause because mail was refused stays one as long as its day is not touched.

    Args:
        source: where they chose, for the record.
        origin: what the link came with (see tokens.make).
    Returns: True when something changed, False when all was so already, or they are erased; then nothing is written.
    """
    people = Subscriber.objects.select_for_update(no_key=True)
    subscriber = people.filter(pk=subscription.subscriber_id, erased_at=None).first()
    stored = Subscription.objects.select_for_update().filter(pk=subscription.pk).first()
    if subscriber is None or stored is None:
        return False
    stored.subscriber = subscriber
    changed = difference(of(stored, timezone.localdate()), wanted)
    if not changed:
        return False
    moment = timezone.now()
    if "paused_until" in changed:
        stored.paused_until, stored.paused_because = wanted.paused_until, PauseReason.ASKED
    if changed.keys() & {"paused_until", "cadence"}:
        Subscription.objects.filter(pk=stored.pk).update(
            paused_until=stored.paused_until,
            paused_because=stored.paused_because,
            cadence=wanted.cadence,
            changed_at=moment,
        )
    if changed.keys() & {"name", "language", "time_zone", "topics"}:
        Subscriber.objects.filter(pk=subscriber.pk).update(
            first_name=wanted.first_name,
            last_name=wanted.last_name,
            language=wanted.language,
            time_zone=wanted.time_zone,
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
