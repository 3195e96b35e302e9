"""Fates: a pure function with the rates it was given."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.emulator.agents import READERS, reader_of
from mailer.emulator.config import EmulatorError, EmulatorWorld
from mailer.emulator.world import fate

MANY = 20_000
WORLD = EmulatorWorld(seed=3)


def fates(world: EmulatorWorld, links: int = 5, count: int = MANY) -> list:
    return [fate(world, f"reader{number}@example.org", "Weekly", links) for number in range(count)]


@given(address=st.emails(), subject=st.text(), links=st.integers(0, 20), seed=st.integers())
def test_a_fate_depends_on_seed_address_and_subject_only(address, subject, links, seed) -> None:
    world = EmulatorWorld(seed=seed)
    first = fate(world, address, subject, links)
    assert first == fate(world, address.lower(), subject, links)
    assert all(0 <= click.link < links for click in (*first.clicks, *first.scans))


def test_other_seeds_addresses_and_subjects_have_other_fates() -> None:
    one = fate(WORLD, "a@example.org", "Weekly", 5)
    assert one.variety != fate(replace(WORLD, seed=4), "a@example.org", "Weekly", 5).variety
    assert one.variety != fate(WORLD, "b@example.org", "Weekly", 5).variety
    assert one.variety != fate(WORLD, "a@example.org", "Monthly", 5).variety


def test_the_standard_world_is_realistic() -> None:
    outcomes = Counter(item.outcome for item in fates(WORLD))
    delivered = [item for item in fates(WORLD) if item.outcome == "delivered"]
    assert outcomes["delivered"] / MANY == pytest.approx(0.974, abs=0.005)
    assert outcomes["hard_bounce"] / MANY == pytest.approx(0.008, abs=0.003)

    def share(what) -> float:
        return sum(map(bool, map(what, delivered))) / len(delivered)

    assert share(lambda item: [o for o in item.opens if not o.machine]) == pytest.approx(0.25, abs=0.015)
    assert share(lambda item: [o for o in item.opens if o.machine and not o.unmarked]) == pytest.approx(
        0.20, abs=0.015
    )
    assert share(lambda item: [o for o in item.opens if o.unmarked]) == pytest.approx(0.02, abs=0.005)
    assert share(lambda item: item.scans) == pytest.approx(0.02, abs=0.005)
    assert share(lambda item: item.scans and item.named) == pytest.approx(0.01, abs=0.004)
    assert share(lambda item: item.clicks) == pytest.approx(0.06, abs=0.01)
    assert share(lambda item: item.deferrals) == pytest.approx(0.04, abs=0.01)
    assert 0 < share(lambda item: item.unsubscribe_after) < 0.005
    assert share(lambda item: item.complaint_after) < 0.001


def test_one_rate_does_not_touch_the_other_outcomes() -> None:
    before = fates(WORLD, count=2000)
    after = fates(replace(WORLD, machine_open=0.9, prefetch=0.9, scanner=0.9), count=2000)
    assert [item.outcome for item in before] == [item.outcome for item in after]
    assert [item.clicks for item in before] == [item.clicks for item in after]


def test_a_scanner_follows_every_link_within_seconds_of_delivery() -> None:
    for item in fates(replace(WORLD, scanner=1.0), links=20, count=500):
        if item.outcome == "delivered":
            assert [click.link for click in item.scans] == list(range(20))
            times = [click.after - item.settled_after for click in item.scans]
            assert times == sorted(times)
            assert 0 < times[0] <= 2
            assert times[-1] < 10
        else:
            assert item.scans == ()


def test_readers_are_drawn_by_their_shares() -> None:
    drawn = Counter(reader_of(number / MANY) for number in range(MANY))
    assert sum(reader.share for reader in READERS) == pytest.approx(1)
    assert {reader: count / MANY for reader, count in drawn.items()} == pytest.approx(
        {reader: reader.share for reader in READERS}, abs=0.001
    )
    assert reader_of(1.0) == READERS[-1]


def test_every_link_is_clicked_and_upper_ones_more_often() -> None:
    clicks = Counter(
        item.clicks[0].link for item in fates(replace(WORLD, click=1.0), count=3000) if item.clicks
    )
    assert set(clicks) == {0, 1, 2, 3, 4}
    assert clicks[0] > clicks[2] > clicks[4]


def test_things_happen_in_a_possible_order() -> None:
    world = EmulatorWorld(
        deferral=0.5,
        click=0.5,
        human_open=0.6,
        machine_open=0.5,
        prefetch=0.5,
        scanner=0.5,
        complaint=0.3,
        unsubscribe=0.3,
    )
    for item in fates(world, count=3000):
        times = [*item.deferrals, item.settled_after]
        assert times == sorted(times)
        later = [act.after for act in (*item.opens, *item.clicks, *item.scans)]
        later += [moment for moment in (item.complaint_after, item.unsubscribe_after) if moment is not None]
        assert all(moment > item.settled_after for moment in later)
        if item.clicks:
            assert min(o.after for o in item.opens if not o.machine) < item.clicks[0].after
        if item.outcome != "delivered":
            assert not later


@pytest.mark.parametrize(
    "changes",
    [
        {"human_open": 1.5},
        {"hard_bounce": -0.1},
        {"hard_bounce": 0.6, "block": 0.6},
        {"time_compression": 0},
        {"enabled": 1},
        {"seed": "x"},
        {"click": True},
        {"weather": 1},
    ],
)
def test_a_world_that_cannot_be_is_refused(changes) -> None:
    with pytest.raises(EmulatorError):
        WORLD.changed(changes)
