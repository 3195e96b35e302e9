"""The same events leave the same state: in any order, cut in any way, doubled, with crashes between, side by side."""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from threading import Barrier
from typing import Any

import orjson
import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.delivery.models import Delivery
from mailer.emulator import agents
from mailer.tracking.fold import LOCK, MOST, SLOT, fold_events
from mailer.tracking.intake import store
from mailer.tracking.models import Event, Post
from mailer.tracking.replay import rebuild
from subscribers.leaving import leave
from subscribers.models import Subscription, Suppression
from tests.tracking.ledger import SENT_AT, Ledger, make_list, make_people, make_send
from tests.tracking.state import State, state


class Crash(Exception):
    pass


@dataclass(frozen=True)
class World:
    """Two sends to the same three people, the second one's only submission unknown."""

    sends: tuple[Ledger, Ledger]

    def event(self, drawn: tuple[str, int, int, int, str]) -> dict[str, Any]:
        """An event from what hypothesis drew."""
        kind, send, who, after, variety = drawn
        after, which = divmod(after, len(STATUSES))
        status = STATUSES[which]
        own: dict[str, Any] = {
            "bounce": {"type": "bounce", "bounce_classification": variety, **status},
            "block": {"type": "blocked", "bounce_classification": variety, **status},
            "dropped": {"reason": variety},
            "machine open": {"sg_machine_open": True},
            "open": {"useragent": agents.GMAIL if variety < "M" else agents.OUTLOOK},
            "click": {
                "url": URLS.get(variety, "https://example.org/in-no-edition"),
                "url_offset": {"index": which, "type": "html"},
                "useragent": agents.NAMED_SCANNER if variety == "Content" else agents.ON_WINDOWS,
            },
        }.get(kind, {})
        if kind == "nameless bounce":
            address = self.sends[0].subscribers[who].email.upper()
            moment = SENT_AT + timedelta(days=7 * send, seconds=after)
            return {
                "event": "bounce",
                "type": "bounce",
                "email": address,
                "timestamp": int(moment.timestamp()),
                "bounce_classification": variety,
                **status,
            }
        name = {"block": "bounce", "machine open": "open"}.get(kind, kind)
        return self.sends[send].event(name, who, after + 604_800 * send, **own)


KINDS = (
    *("processed", "deferred", "delivered", "bounce", "block", "nameless bounce", "dropped", "open"),
    *("machine open", "click", "spamreport", "unsubscribe", "group_unsubscribe", "group_resubscribe"),
)
STATUSES: tuple[dict[str, str], ...] = (
    {"status": "5.1.1"},
    {"status": "5.0.0", "reason": "550 5.7.26 unauthenticated"},
    {"reason": "550 no such user"},
    {"status": "5.7.1", "reason": "554 Client host [192.0.2.1] blocked using zen.spamhaus.org"},
)
URLS = {
    "Content": "https://example.org/tea",
    "Invalid": "https://example.org/tea",
    "Unclassified": "https://example.org/bridge",
}
DRAWN = st.tuples(
    st.sampled_from(KINDS),
    st.integers(0, 1),
    st.integers(0, 2),
    st.integers(0, 8),
    st.sampled_from(["Content", "Invalid", "Unclassified", "Éloigné"]),
)


def make_world() -> World:
    people = make_people([f"reader{n}@example.org" for n in range(3)])
    shared = make_list(people)
    first = make_send(people, mailing_list=shared)
    second = make_send(
        people, mailing_list=shared, state="unknown", submitted_at=SENT_AT + timedelta(weeks=1)
    )
    return World((first, second))


def keep(events: list[dict[str, Any]]) -> None:
    store(orjson.dumps(events))


def fold_all(limit: int = 5_000) -> None:
    while fold_events(limit):
        pass


def fold_and_crash(limit: int) -> None:
    with transaction.atomic():
        fold_events(limit)
        raise Crash


def undone(act: Any) -> State:
    """The state after an act, which then is undone."""
    try:
        with transaction.atomic():
            act()
            found = state()
            raise Crash
    except Crash:
        return found


@pytest.mark.django_db
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_order_split_and_repetition_with_crashes_between_gives_the_same_state(
    data: st.DataObject,
) -> None:
    """Folded at once, or in any order, doubled and in pieces with crashes between, or rebuilt after that."""
    with transaction.atomic():
        world = make_world()
        events = [world.event(one) for one in data.draw(st.lists(DRAWN, min_size=1, max_size=25))]
        repeated = data.draw(st.lists(st.sampled_from(events), max_size=10))
        # SendGrid sometimes gives a repeated event another id.
        renamed = [{**event, "sg_event_id": f"again-{n}"} for n, event in enumerate(repeated)]
        order = data.draw(st.permutations([*events, *repeated, *renamed]))
        cuts = data.draw(st.lists(st.integers(1, 7), max_size=10))
        crashes = data.draw(st.sets(st.integers(0, 9)))

        def at_once() -> None:
            keep(events)
            fold_all()

        def in_pieces() -> None:
            rest = list(order)
            for turn, size in enumerate([*cuts, len(order)]):
                keep(rest[:size])
                rest = rest[size:]
                if turn in crashes:
                    with pytest.raises(Crash):
                        fold_and_crash(3)
                fold_events(2)
            fold_all(3)

        def rebuilt() -> None:
            in_pieces()
            rebuild()

        expected = undone(at_once)
        assert undone(in_pieces) == expected
        assert undone(rebuilt) == expected
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_a_rebuild_keeps_what_our_own_pages_noted_and_who_came_back() -> None:
    world = make_world()
    first = world.sends[0]
    left, returned = first.subscribers[0], first.subscribers[1]
    leave(first.send.mailing_list_id, left.pk, source="unsubscribe page", origin=first.send.pk)
    keep([first.event("unsubscribe", who=1), first.event("open", who=2)])
    fold_all()
    Subscription.objects.filter(subscriber=returned).update(state="active")
    Suppression.objects.all().delete()
    before = state()
    assert rebuild() == 2
    assert state() == before
    assert first.delivery(0).unsubscribed_at is not None
    assert first.subscription(1).state == "active"


@pytest.mark.django_db
def test_a_rebuild_takes_away_what_no_event_says_and_folds_what_waits() -> None:
    first = make_world().sends[0]
    Delivery.objects.filter(subscriber=first.subscribers[0]).update(
        opened_at=SENT_AT, bounce_class="Content", refusal_status="5.7.1"
    )
    keep([first.event("spamreport", who=1)])
    assert rebuild() == 1
    found = first.delivery(0)
    assert (found.opened_at, found.bounce_class, found.refusal_status) == (None, None, None)
    assert Suppression.objects.get().reason == "complaint"


@pytest.mark.django_db(transaction=True)
def test_foldings_side_by_side_leave_the_same_state_as_one() -> None:
    world = make_world()
    chance = random.Random(20260302)
    events = [
        world.event(
            (chance.choice(KINDS), chance.randrange(2), chance.randrange(3), chance.randrange(99), "Content")
        )
        for _ in range(600)
    ]

    def alone() -> None:
        keep(events)
        fold_all()

    expected = undone(alone)
    chance.shuffle(events)
    for start in range(0, len(events), 20):
        keep(events[start : start + 20])
    together = Barrier(3)

    def folder() -> int:
        try:
            together.wait()
            count = 0
            while Post.objects.exists():
                count += fold_events(20)
            return count
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        counts = [future.result() for future in [pool.submit(folder) for _ in range(3)]]
    assert sum(counts) == Event.objects.count() == 600
    assert state() == expected


@pytest.mark.django_db(transaction=True)
def test_posts_of_the_same_events_at_once_are_stored_once() -> None:
    ledger = make_send(1)
    events = [ledger.event("open", after=n) for n in range(400)]
    together = Barrier(4)

    def poster(seed: int) -> int:
        try:
            mine = random.Random(seed).sample(events, len(events))
            together.wait()
            for start in range(0, len(mine), 50):
                keep(mine[start : start + 50])
            return fold_events(50)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        folded = list(pool.map(poster, range(4)))
    assert sum(folded) >= 50
    fold_all()
    assert Event.objects.count() == 400


@pytest.mark.django_db(transaction=True)
def test_no_more_foldings_run_at_once_than_leave_threads_for_the_mail() -> None:
    ledger = make_send(1)
    for after in range(MOST + 1):
        keep([ledger.event("open", after=after)])
    others = connection.copy()
    try:
        with others.cursor() as cursor:
            for slot in range(1, MOST + 1):
                assert fold_events(1) == 1
                cursor.execute("SELECT pg_advisory_lock(%s, %s)", [SLOT, slot])
            assert fold_events(1) == 0
            # A server process that is told to end holds its locks until it has ended.
            cursor.execute("SELECT pg_advisory_unlock_all()")
        assert fold_events(1) == 1
    finally:
        others.close()


@pytest.mark.django_db(transaction=True)
def test_nothing_is_folded_while_figures_are_rebuilt() -> None:
    ledger = make_send(1)
    keep([ledger.event("open")])

    def fold_elsewhere() -> int:
        try:
            return fold_events()
        finally:
            connection.close()

    with transaction.atomic(), ThreadPoolExecutor(1) as pool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        assert pool.submit(fold_elsewhere).result() == 0
    assert fold_events() == 1
