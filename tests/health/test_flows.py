"""What is counted over all processes in Redis."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from structlog.testing import capture_logs

from mailer.sendgrid.answer import Answer
from mailer.vitals import flows
from mailer.vitals.counting import count_folding, count_request

LABELLED = flows.Counter("sample", "A sample", ("kind",))
SECONDS = flows.Histogram("sample_seconds", "A sample", (0.1, 1.0, 10.0))


def answered(status: int | None = 202, phase: str = "answered") -> Answer:
    return Answer(status, {}, b"", phase)  # type: ignore[arg-type]


def requests() -> dict[tuple[str, ...], float]:
    return flows.counted(flows.REQUESTS, flows.read())


def test_a_counter_adds_up_by_label():
    flows.add(LABELLED.one("a"), LABELLED.more(4, "b"))
    flows.add(LABELLED.more(2, "a"))
    assert flows.counted(LABELLED, flows.read()) == {("a",): 3, ("b",): 4}


def test_a_counter_without_labels_stands_at_0_before_anything_happened():
    assert flows.counted(flows.EVENTS_KNOWN, flows.read()) == {(): 0}
    assert flows.counted(LABELLED, flows.read()) == {}


def test_a_histogram_counts_up_to_each_bound_and_everything_in_the_last():
    for seconds in (0.05, 0.1, 0.5, 60.0):
        flows.add(SECONDS.took(seconds))
    (found,) = flows.measured(SECONDS, flows.read()).values()
    assert found.buckets == (("0.1", 2), ("1.0", 3), ("10.0", 3), ("+Inf", 4))
    assert found.seconds == pytest.approx(60.65)


def test_many_threads_lose_nothing():
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: flows.add(LABELLED.one("a"), SECONDS.took(0.5)), range(400)))
    amounts = flows.read()
    assert flows.counted(LABELLED, amounts) == {("a",): 400}
    assert flows.measured(SECONDS, amounts)[()].buckets[-1] == ("+Inf", 400)


@pytest.mark.parametrize(
    "act",
    [lambda: flows.add(LABELLED.one("a")), lambda: count_folding(["open"], 0, 0.1)],
    ids=["counter", "folding"],
)
def test_nothing_fails_while_redis_is_away_and_it_is_said_once(redis_away, act: Callable[[], None]):
    with capture_logs() as lines:
        act()
        act()
    assert [line["event"] for line in lines] == ["flows_not_counted"]


def test_what_is_said_by_sendgrid_is_never_a_label():
    count_folding(["open", "open", "x" * 4000, 'evil"} 1\n'], 3, 0.2)
    amounts = flows.read()
    assert flows.counted(flows.EVENTS_FOLDED, amounts) == {("open",): 2, ("other",): 2}
    assert flows.counted(flows.EVENTS_KNOWN, amounts) == {(): 3}


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        (("mail", "send"), "mail/send"),
        (("suppression", "bounces", "mei%40example.org"), "suppression/bounces"),
        (("messages", "14c5d75ce93.dfd.64b469"), "messages"),
        (("asm", "suppressions", "global", "mei%40example.org"), "asm/suppressions"),
        (("scopes",), "scopes"),
    ],
)
def test_requests_are_counted_by_endpoint_without_ids_and_addresses(path, endpoint):
    count_request(path, answered(), 0.3)
    assert requests() == {(endpoint, "202"): 1}


def test_a_request_without_an_answer_counts_by_how_far_it_got():
    count_request(("mail", "send"), answered(None, "not_connected"), 0.3)
    assert requests() == {("mail/send", "not_connected"): 1}
