"""Erasing a person: what says who they were goes, what counts them stays.

The row keeps its number, so deliveries, exclusions and records of consent still add up; everything in it is emptied, and
every part that holds something on them lets go of it (see subscribers/person/sections.py). One transaction: nobody is
half erased.
"""

from collections.abc import Callable

import structlog
from django.db import connection, transaction
from django.utils import timezone

from subscribers.importing.merge import ONE_AT_A_TIME
from subscribers.leaving import leave
from subscribers.models import (
    Consent,
    Erasure,
    Remark,
    Subscriber,
    Subscription,
    gravest,
)
from subscribers.person.sections import sections
from subscribers.privacy import erased
from subscribers.suppressing.find import suppressions_of

log = structlog.get_logger()


@transaction.atomic
def erase(
    subscriber_id: int,
    *,
    by: str,
    source: str,
    reason: str = "",
    known_again: bool = True,
    if_still: Callable[[], bool] = lambda: True,
) -> Erasure | None:
    """Erase a person for good.

    Args:
        by: who did it: "the person", "staff: anna", …
        source: where, for the record of consent.
        reason: why, where somebody else than the person did it.
        known_again: keep a keyed hash of the address, which stops a later import of it. Without one nothing is
            kept, unless the address is suppressed: that has to hold, and only the hash can tell.
        if_still: asked once their row is locked; when it says no, they are not erased.
    Returns: the record of it; None when they were erased already, or there is no such subscriber.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [erased.LOCK])
        # An import is not to bring back what it has matched already.
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [ONE_AT_A_TIME])
    # Not against foreign keys: whoever records something about them meanwhile does not have to wait.
    subscriber = Subscriber.objects.select_for_update(no_key=True).filter(pk=subscriber_id).first()
    if subscriber is None or subscriber.erased_at or not if_still():
        return None
    suppressed_for = gravest(set(suppressions_of(subscriber.email).values_list("reason", flat=True)))
    # What lies furthest from the person first: so rows are locked in the order in which events are folded.
    for section in reversed(sections()):
        if section.erase:
            section.erase(subscriber)
    _take_off_lists(subscriber, source)
    # Once more: who said why they left may have held the subscription, for which this waited.
    Remark.objects.filter(subscriber=subscriber).delete()
    hashed = erased.address_hash(subscriber.email) if known_again or suppressed_for else None
    _empty(subscriber)
    erasure = Erasure.objects.create(
        subscriber=subscriber,
        address_hash=hashed,
        suppressed_for=suppressed_for,
        by=by[:200],
        reason=reason,
    )
    transaction.on_commit(lambda: log.info("subscriber_erased", subscriber=subscriber.pk))
    return erasure


def address_of_erased(subscriber_id: int) -> str:
    """What stands in the place of an erased person's address: a name that can never be one (RFC 2606)."""
    return f"erased-{subscriber_id}@erased.invalid"


def _take_off_lists(subscriber: Subscriber, source: str) -> None:
    """End their subscriptions and record it: on every list that ever had their consent.

    The subscriptions themselves are not kept: no link of an old mail brings them back.
    """
    subscriptions = Subscription.objects.filter(subscriber=subscriber)
    for mailing_list_id in subscriptions.order_by("mailing_list_id").values_list(
        "mailing_list_id", flat=True
    ):
        leave(mailing_list_id, subscriber.pk, source=source)
    agreed = Consent.objects.filter(subscriber=subscriber).values_list("mailing_list_id", flat=True)
    lists = {*agreed, *subscriptions.values_list("mailing_list_id", flat=True)}
    Consent.objects.bulk_create(
        Consent(
            subscriber=subscriber, mailing_list_id=number, action=Consent.Action.ERASED, source=source[:200]
        )
        for number in sorted(lists)
    )
    subscriptions.delete()


def _empty(subscriber: Subscriber) -> None:
    moment = timezone.now()
    Subscriber.objects.filter(pk=subscriber.pk).update(
        email=address_of_erased(subscriber.pk),
        first_name="",
        last_name="",
        language="",
        time_zone="",
        country="",
        topic_ids=[],
        attributes={},
        changed_at=moment,
        erased_at=moment,
    )
