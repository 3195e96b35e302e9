"""Which clicks are a link scanner's, by all that is known of a delivery together."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.emulator.agents import NAMED_SCANNER, ON_WINDOWS
from mailer.tracking.fold import fold_events
from mailer.tracking.intake import store
from mailer.tracking.models import Click
from mailer.tracking.replay import rebuild
from tests.tracking.ledger import SENT_AT, Ledger, make_send

pytestmark = pytest.mark.django_db

LINKS = tuple(f"https://example.org/{name}" for name in ("tea", "bridge", "rain", "trains", "ports"))
DELIVERED = 60


@pytest.fixture
def ledger() -> Ledger:
    return make_ledger()


def make_ledger() -> Ledger:
    return make_send(2, headlines=LINKS, urls=LINKS)


def fold(*events: dict[str, Any]) -> None:
    store(orjson.dumps(events))
    while fold_events():
        pass


def at(after: float) -> datetime:
    """Seconds after delivery."""
    return SENT_AT + timedelta(seconds=DELIVERED + after)


def delivered(ledger: Ledger, who: int = 0) -> dict[str, Any]:
    return ledger.event("delivered", who, DELIVERED)


def opened(ledger: Ledger, after: float, **own: Any) -> dict[str, Any]:
    return ledger.event("open", 0, DELIVERED + after, useragent=ON_WINDOWS, **own)


def clicked(ledger: Ledger, link: int, after: float, agent: str = ON_WINDOWS, who: int = 0) -> dict[str, Any]:
    return ledger.event("click", who, DELIVERED + after, url=LINKS[link], useragent=agent)


def rules(ledger: Ledger) -> dict[tuple[int, int], str]:
    """Rules by link and seconds after delivery."""
    found = Click.objects.filter(link__send=ledger.send).values_list("link__url", "at", "rule")
    return {(LINKS.index(url), int((when - at(0)).total_seconds())): rule for url, when, rule in found}


def test_three_links_within_a_minute_of_delivery_and_unopened_are_a_burst(ledger) -> None:
    fold(delivered(ledger), *(clicked(ledger, link, 20 * (link + 1)) for link in range(3)))
    assert rules(ledger) == {(0, 20): "burst", (1, 40): "burst", (2, 60): "burst"}
    found = ledger.delivery()
    assert (found.clicked_at, found.machine_clicked_at) == (None, at(20))


def test_two_links_are_no_burst_nor_is_one_link_three_times(ledger) -> None:
    fold(delivered(ledger), *(clicked(ledger, n % 2, 20 + n) for n in range(4)))
    assert set(rules(ledger).values()) == {""}
    assert ledger.delivery().clicked_at == at(20)


def test_a_third_link_after_more_than_a_minute_makes_no_burst(ledger) -> None:
    fold(delivered(ledger), clicked(ledger, 0, 59), clicked(ledger, 1, 60), clicked(ledger, 2, 61))
    assert set(rules(ledger).values()) == {""}


def test_somebody_who_opened_the_mail_and_clicks_fast_is_a_person(ledger) -> None:
    fold(delivered(ledger), opened(ledger, 2), *(clicked(ledger, link, 2 + link) for link in range(3)))
    assert set(rules(ledger).values()) == {""}
    assert ledger.delivery().clicked_at == at(2), "also in the second of the open"


def test_an_open_by_a_machine_makes_nobody_a_person(ledger) -> None:
    prefetch = opened(ledger, 1, sg_machine_open=True)
    fold(delivered(ledger), prefetch, *(clicked(ledger, link, 10) for link in range(3)))
    assert set(rules(ledger).values()) == {"burst"}


def test_a_click_faster_than_anybody_reads_is_a_machines(ledger) -> None:
    fold(delivered(ledger), clicked(ledger, 0, -2), clicked(ledger, 1, 3), clicked(ledger, 2, 70))
    assert rules(ledger) == {(0, -2): "instant", (1, 3): "instant", (2, 70): ""}
    found = ledger.delivery()
    assert (found.clicked_at, found.machine_clicked_at) == (at(70), at(-2))


def test_a_click_four_seconds_after_delivery_may_be_a_persons(ledger) -> None:
    fold(delivered(ledger), clicked(ledger, 0, 4))
    assert rules(ledger) == {(0, 4): ""}


def test_a_known_scanner_is_one_at_any_time_and_after_an_open(ledger) -> None:
    fold(delivered(ledger), opened(ledger, 5), clicked(ledger, 0, 4_000, NAMED_SCANNER))
    assert rules(ledger) == {(0, 4_000): "scanner"}
    assert ledger.delivery().clicked_at is None


def test_the_links_of_a_known_scanner_make_no_burst_of_a_persons_click(ledger) -> None:
    scans = [clicked(ledger, link, 1, NAMED_SCANNER) for link in range(5)]
    fold(delivered(ledger), *scans, clicked(ledger, 2, 45))
    assert rules(ledger) == {**{(link, 1): "scanner" for link in range(5)}, (2, 45): ""}
    assert ledger.delivery().clicked_at == at(45)


def test_a_persons_click_later_on_a_link_that_a_scanner_followed_counts(ledger) -> None:
    fold(delivered(ledger), *(clicked(ledger, link, 10) for link in range(5)))
    fold(opened(ledger, 3_600), clicked(ledger, 1, 3_610))
    assert {key for key, rule in rules(ledger).items() if not rule} == {(1, 3_610)}
    found = ledger.delivery()
    assert (found.clicked_at, found.machine_clicked_at) == (at(3_610), at(10))


def test_a_person_and_a_scanner_in_one_second_on_one_link_are_a_person(ledger) -> None:
    for pair in ((NAMED_SCANNER, ON_WINDOWS), (ON_WINDOWS, NAMED_SCANNER)):
        fold(*(clicked(ledger, 0, 500 + len(pair[0]), agent) for agent in pair))
    for agent in (NAMED_SCANNER, ON_WINDOWS, NAMED_SCANNER):
        fold(clicked(ledger, 1, 900, agent))
    assert set(rules(ledger).values()) == {""}


def test_what_is_told_late_marks_anew(ledger) -> None:
    fold(*(clicked(ledger, link, 10) for link in range(3)))
    assert set(rules(ledger).values()) == {""}, "nobody knows yet when it was delivered"
    assert ledger.delivery().clicked_at == at(10)
    fold(delivered(ledger))
    assert set(rules(ledger).values()) == {"burst"}
    assert ledger.delivery().clicked_at is None
    fold(opened(ledger, 8))
    assert set(rules(ledger).values()) == {""}
    found = ledger.delivery()
    assert (found.clicked_at, found.machine_clicked_at) == (at(10), None)


def test_a_delivery_is_judged_by_its_own_clicks_and_times(ledger) -> None:
    other = make_send(ledger.subscribers, mailing_list=ledger.send.mailing_list, headlines=LINKS, urls=LINKS)
    fold(delivered(ledger), delivered(other), delivered(ledger, 1), opened(other, 1))
    fold(clicked(ledger, 0, 10), clicked(ledger, 1, 10), clicked(ledger, 2, 10, who=1), clicked(other, 3, 10))
    assert set(rules(ledger).values()) == set(rules(other).values()) == {""}


@dataclass
class Told:
    """What events say of one delivery, looked at the plain way."""

    delivered: list[int] = field(default_factory=list)
    opened: list[int] = field(default_factory=list)
    agents: dict[tuple[int, int], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, kind: str, after: int, link: int, agent: str) -> None:
        match kind:
            case "delivered":
                self.delivered.append(after)
            case "open":
                self.opened.append(after)
            case _:
                self.agents[link, after].add(agent)

    def judged(self) -> dict[tuple[int, int], str]:
        """The rule of each click, by link and time."""
        known = {click for click, agents in self.agents.items() if agents == {NAMED_SCANNER}}

        def is_early(moment: int, limit: int) -> bool:
            soon = bool(self.delivered) and moment <= min(self.delivered) + limit
            return soon and not (self.opened and moment >= min(self.opened))

        early = {link for link, moment in self.agents.keys() - known if is_early(moment, 60)}
        return {
            (link, moment): (
                "scanner"
                if (link, moment) in known
                else "burst"
                if len(early) >= 3 and is_early(moment, 60)
                else "instant"
                if is_early(moment, 3)
                else ""
            )
            for link, moment in self.agents
        }


SECONDS = st.sampled_from([-1, 1, 2, 3, 4, 5, 59, 60, 61])
EVENTS = st.tuples(
    st.lists(st.tuples(st.just("delivered"), st.sampled_from([0, 1]), st.just(0), st.just("")), max_size=2),
    st.lists(st.tuples(st.just("open"), SECONDS, st.just(0), st.just(ON_WINDOWS)), max_size=2),
    st.lists(
        st.tuples(
            st.just("click"), SECONDS, st.integers(0, 4), st.sampled_from([ON_WINDOWS, ON_WINDOWS, NAMED_SCANNER])
        ),
        min_size=1,
        max_size=8,
    ),
).map(lambda drawn: [*drawn[0], *drawn[1], *drawn[2]])  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_whatever_the_order_marks_are_what_all_events_together_say(data: st.DataObject) -> None:
    with transaction.atomic():
        ledger, told, posted = make_ledger(), Told(), []
        for kind, after, link, agent in data.draw(EVENTS):
            told.add(kind, after, link, agent)
            own = {"url": LINKS[link]} if kind == "click" else {}
            posted.append(ledger.event(kind, 0, DELIVERED + after, useragent=agent, **own))
        again = data.draw(st.lists(st.sampled_from(posted), max_size=4))
        rest = data.draw(st.permutations([*posted, *again]))
        for size in [*data.draw(st.lists(st.integers(1, 4), max_size=6)), len(rest)]:
            fold(*rest[:size])
            rest = rest[size:]
        expected = told.judged()
        for _ in range(2):
            assert rules(ledger) == expected
            found = ledger.delivery()
            assert found.clicked_at == first(moment for (_, moment), rule in expected.items() if not rule)
            assert found.machine_clicked_at == first(moment for (_, moment), rule in expected.items() if rule)
            rebuild()
        transaction.set_rollback(True)


def first(moments: Iterable[int]) -> datetime | None:
    return min(map(at, moments), default=None)
