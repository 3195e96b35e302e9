"""Changes that somebody else than the person makes to what is known of them, for the record of consent."""

from typing import Any

from subscribers.models import Consent, Subscriber, Subscription

SAID = ("language", "country", "time_zone")
"""Fields whose values the record may hold; of the address, the name and attributes it says that they changed, because
the record cannot be erased and those must be."""


def difference(before: Subscriber, after: Subscriber) -> dict[str, Any]:
    """What changed, in the words of the record; empty when nothing did."""
    changed: dict[str, Any] = {}
    if before.email != after.email:
        changed["address"] = True
    if (before.first_name, before.last_name) != (after.first_name, after.last_name):
        changed["name"] = True
    for field in SAID:
        values = [getattr(before, field), getattr(after, field)]
        if values[0] != values[1]:
            changed[field] = values
    if set(before.topic_ids) != set(after.topic_ids):
        changed["topics"] = [sorted(before.topic_ids), sorted(after.topic_ids)]
    keys = before.attributes.keys() | after.attributes.keys()
    attributes = sorted(key for key in keys if before.attributes.get(key) != after.attributes.get(key))
    if attributes:
        changed["attributes"] = attributes
    return changed


def record_edit(before: Subscriber, after: Subscriber, *, source: str) -> dict[str, Any]:
    """Record a change on every list that the person is or was on. The caller stores the subscriber, in the same
    transaction.

    Args:
        source: who did it: "staff: anna".
    Returns: what changed; empty when nothing did, and then nothing is recorded.
    """
    changed = difference(before, after)
    if changed:
        lists = Subscription.objects.filter(subscriber_id=after.pk).order_by("mailing_list_id")
        Consent.objects.bulk_create(
            Consent(
                subscriber_id=after.pk,
                mailing_list_id=number,
                action=Consent.Action.CHANGED,
                source=source[:200],
                detail={"changed": changed},
            )
            for number in lists.values_list("mailing_list_id", flat=True)
        )
    return changed
