"""The readers: what SendGrid reports of them, and what they and the staff do."""

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from django.utils import timezone
from hypothesis import strategies as st

from mailer.tracking.fold import fold_events
from mailer.tracking.models import Event, Post
from mailer.tracking.replay import rebuild
from subscribers.importing import import_file
from subscribers.leaving import leave
from subscribers.models import Consent, Subscriber, Subscription, Suppression
from subscribers.returning import come_back
from tests.newsroom import subscribe
from tests.promises.acting import SELDOM, WHICH, act, dying, one_of, own_transaction
from tests.promises.ledger import figures, states
from tests.promises.workers import Workers
from tests.tracking.posts import post, public, webhook_keys

MOST = 10
KINDS = (
    *("processed", "deferred", "delivered", "open", "click", "blocked", "dropped", "bounce"),
    *("spamreport", "unsubscribe", "group_unsubscribe"),
)
TOLD = st.tuples(st.integers(0, 99), st.sampled_from(KINDS), SELDOM)
"""Which message, what of it, and whether it happened long ago."""
SUPPRESSED_FOR = {"bounce": "bounce", "spamreport": "complaint", "unsubscribe": "unsubscribe"}
WAYS = ("leave", "come back", "suppress", "lift", "pause", "go on", "choose", "correct", "slow down")


class Readers(Workers):
    """Promises 4 and 6."""

    def __init__(self) -> None:
        super().__init__()
        self.folded: set[int] = set()

    @act(
        often=4,
        told=st.lists(TOLD, min_size=1, max_size=4),
        repeated=st.sampled_from(["", "as it was", "with other ids"]),
        limit=st.sampled_from([0, 1, 3, 5_000]),
        dies=SELDOM,
    )
    def report(self, told: Sequence[tuple[int, str, bool]], repeated: str, limit: int, dies: bool) -> None:
        """SendGrid posts events, and perhaps posts them again; some are folded."""
        # A minute ahead or long ago: what comes before what must not hang on fractions of a second.
        now = timezone.now() + timedelta(minutes=1)
        events = [
            self.account.event(message, kind, now - timedelta(hours=long_ago))
            for which, kind, long_ago in told
            if (message := one_of(self.account.messages, which))
        ]
        self._post(events)
        if repeated == "as it was":
            self._post(events)
        elif repeated:
            self._post([{**event, "sg_event_id": f"{event['sg_event_id']}-again"} for event in events])
        if limit:
            self.fold(limit, dies)

    @act(which=WHICH, kind=st.sampled_from(sorted(SUPPRESSED_FOR)))
    def hear_elsewhere(self, which: int, kind: str) -> None:
        """An event of some other mail to a reader."""
        reader = self.readers[which % len(self.readers)]
        hard = {"type": "bounce", "sg_message_id": "elsewhere"}
        self._post([{"event": kind, "email": reader.email, "sg_event_id": f"{kind}-{which}", **hard}])
        self.fold_all()

    @act()
    def replay(self) -> None:
        """Figures are the same when they are derived anew, and nothing else changes."""
        self.fold_all()
        before = figures(), states()
        rebuild()
        assert (figures(), states()) == before, "promise 6: a replay gives other figures"

    @act(often=3, which=WHICH, how=st.sampled_from(WAYS))
    def change_a_reader(self, which: int, how: str) -> None:
        """By their own pages, or by staff."""
        reader = self.readers[which % len(self.readers)]
        subscription = Subscription.objects.filter(subscriber=reader)
        match how:
            case "leave":
                send = one_of(self.sends, which)
                leave(self.list.pk, reader.pk, source="unsubscribe page", origin=send.pk if send else 0)
            case "come back":
                come_back(self.list.pk, reader.pk, source="preferences page")
            case "suppress":
                Suppression.objects.get_or_create(address=reader.email.lower(), reason="manual")
            case "lift":
                Suppression.objects.filter(address=reader.email.lower()).delete()
            case "pause":
                because = ("asked", "soft_bounces")[which % 2]
                subscription.update(paused_until=date.today() + timedelta(days=3), paused_because=because)
            case "go on":
                subscription.update(paused_until=None)
            case "slow down":
                subscription.update(cadence=("every", "second", "monthly")[which % 3])
            case "choose":
                Subscriber.objects.filter(pk=reader.pk).update(topic_ids=self.topics[which % 2 :])
            case "correct":
                was_new = reader.email.startswith("new.")
                reader.email = reader.email[4:] if was_new else f"new.{reader.email}"
                reader.changed_at = timezone.now()
                reader.save(update_fields=["email", "changed_at"])

    @act()
    def join(self) -> None:
        """Somebody new."""
        if len(self.readers) < MOST:
            self.readers += subscribe(self.list, f"late{len(self.readers)}@example.org")

    @act()
    def bring_back(self) -> None:
        """An old file of all readers is imported once more: nobody who left is back by that."""
        before = _subscriptions()
        with TemporaryDirectory() as place, own_transaction():
            file = Path(place, "old.csv")
            file.write_text("\n".join(["email", *(reader.email.upper() for reader in self.readers)]))
            import_file(file, self.list, refused_path=Path(place, "refused.csv"), progress=lambda *_: None)
        assert _subscriptions() == before

    def fold(self, limit: int, dies: bool) -> None:
        """Fold some events, or die of it."""
        with dying(dies):
            fold_events(limit)
        for event in Event.objects.exclude(pk__in=self.folded):
            self.folded.add(event.pk)
            _took_effect(event)

    def fold_all(self) -> None:
        """Until none is left."""
        while Post.objects.exists():
            self.fold(5_000, dies=False)

    def _post(self, events: list[dict[str, Any]]) -> None:
        with webhook_keys(public()):
            assert post(events).status_code < 300


def _took_effect(event: Event) -> None:
    """Promise 4 begins here: who said stop, or has no such address, is stopped."""
    told = event.payload
    reason = SUPPRESSED_FOR.get(event.kind)
    if reason and told.get("type") != "blocked":
        suppressed = Suppression.objects.filter(address=told["email"].lower(), reason=reason)
        assert suppressed.exists(), f"promise 4: {event.kind}"
    if event.kind in ("unsubscribe", "group_unsubscribe") and "mailer_subscriber" in told:
        of_reader = {"subscriber": int(told["mailer_subscriber"])}
        returned = Consent.objects.filter(action="signed_up", at__gt=event.at, **of_reader)
        left = Subscription.objects.get(**of_reader).state == "unsubscribed"
        assert left or returned.exists(), f"promise 4: {event.kind}"


def _subscriptions() -> list[tuple[int, str]]:
    return list(Subscription.objects.order_by("id").values_list("subscriber_id", "state"))
