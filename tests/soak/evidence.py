"""Letting time pass for what is unknown: SendGrid's logs are believed after minutes, and a soak has seconds.

Only where it makes no difference: a submission is made older in the ledger once it was unknown for so long that no
request of it can be on its way any more, here, where everything is on one machine and the latencies are our own.
"""

from datetime import timedelta
from time import monotonic

from django.db.models import F

from mailer.delivery.evidence import LOOK_AGAIN, SAFE_WAIT
from mailer.delivery.models import Batch, Submission
from tests.soak.grounds import TIMEOUT

SURELY_OVER = 4.0 * TIMEOUT
"""Seconds after which a submission that is unknown cannot be accepted any more."""
STEP = LOOK_AGAIN + SAFE_WAIT


class Ageing:
    """Makes unknown submissions older, each once before each look."""

    def __init__(self) -> None:
        self._since: dict[object, float] = {}
        self._looks: dict[object, int] = {}

    def pass_time(self) -> None:
        """Make those older whose time has come."""
        unknown = dict(
            Submission.objects.filter(
                batch__state=Batch.State.UNKNOWN, batch__submission_id=F("id")
            ).values_list("id", "fruitless_looks")
        )
        now = monotonic()
        self._since = {pk: self._since.get(pk, now) for pk in unknown}
        due = [
            pk
            for pk, looks in unknown.items()
            if now - self._since[pk] >= SURELY_OVER and self._looks.get(pk, -1) < looks
        ]
        Submission.objects.filter(pk__in=due).update(
            started_at=F("started_at") - STEP, looked_at=F("looked_at") - STEP
        )
        self._looks.update((pk, unknown[pk]) for pk in due)


def make_older(age: timedelta) -> None:
    """Let so much time pass for every claim and every later try. For when no worker runs."""
    Batch.objects.filter(state=Batch.State.SUBMITTING).update(changed_at=F("changed_at") - age)
    Batch.objects.filter(state=Batch.State.WAITING).update(due_at=F("due_at") - age, queued_at=None)
