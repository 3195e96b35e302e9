"""All that events decide, to be compared before and after."""

from typing import Any

from mailer.delivery.models import Batch, Delivery, Submission
from mailer.tracking.fold import fold_events
from mailer.tracking.models import Click, Event
from mailer.tracking.reading import FACTS, OF_FAILURES, OF_OPENS
from mailer.tracking.replay import rebuild
from subscribers.models import Consent, Subscription, Suppression

State = dict[str, list[tuple[Any, ...]]]


def state() -> State:
    """What the database says now."""
    return {
        "deliveries": sorted(
            Delivery.objects.values_list("send", "subscriber", *FACTS, *OF_FAILURES, *OF_OPENS), key=str
        ),
        "clicks": sorted(
            Click.objects.values_list("link__url", "subscriber", "at", "rule", "place"), key=str
        ),
        "suppressions": sorted(Suppression.objects.values_list("address", "reason")),
        "subscriptions": sorted(Subscription.objects.values_list("subscriber", "state")),
        "left": sorted(Consent.objects.values_list("subscriber", "action")),
        "batches": sorted(Batch.objects.values_list("id", "state")),
        "submissions": sorted(Submission.objects.values_list("id", "outcome", "evidence"), key=str),
    }


def changed_by_a_replay() -> list[str] | None:
    """Fold what waits, replay, and compare.

    Returns: what of the state is another one, as "deliveries: …"; None where events came in meanwhile.
    """
    while fold_events():
        pass
    kept = Event.objects.count()
    before = state()
    rebuild()
    after = state()
    if Event.objects.count() != kept:
        return None
    return [
        f"{name}: {row}"
        for name in before
        for row in set(map(str, before[name])) ^ set(map(str, after[name]))
    ]
