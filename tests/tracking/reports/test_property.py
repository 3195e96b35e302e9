"""Whatever happened to whom, a report says what plain Python counts, and each way of grouping adds up to the whole."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import astuple

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mailer.delivery.models import Edition
from mailer.tracking.reports.count import report
from mailer.tracking.reports.figures import Span, Totals
from mailer.tracking.reports.people import together
from subscribers.models import Subscriber
from tests.tracking.ledger import Ledger, add_batch, make_people, make_send
from tests.tracking.reports.sends import fold_these

PEOPLE = 8
HOUR = 3600
KINDS: tuple[tuple[str, dict[str, object], str], ...] = (
    ("delivered", {}, "delivered"),
    ("deferred", {}, "deferred"),
    ("bounce", {"type": "bounce"}, "hard"),
    ("bounce", {"type": "blocked"}, "blocked"),
    ("dropped", {"reason": "Spam Content"}, "dropped"),
    ("open", {}, "opened"),
    ("open", {"sg_machine_open": True}, "machine_opened"),
    ("click", {}, "clicked"),
    ("spamreport", {}, "complained"),
    ("unsubscribe", {}, "unsubscribed"),
)
LATER = 41 * HOUR
# Clicks come long after every delivery: those that come at once are judged by other rules, with tests of their own.
HAPPENINGS = st.lists(
    st.tuples(st.integers(0, PEOPLE - 1), st.sampled_from(KINDS), st.integers(2 * HOUR, 40 * HOUR)).map(
        lambda drawn: (*drawn[:2], drawn[2] + LATER * (drawn[1][0] == "click"))
    ),
    max_size=40,
)
TRAITS = st.lists(
    st.tuples(
        st.sampled_from(["gmail.com", "Gmail.com", "example.org"]),
        st.sampled_from(["en", "de", ""]),
        st.sampled_from(["Asia/Singapore", "Europe/Berlin", ""]),
        st.booleans(),
    ),
    min_size=PEOPLE,
    max_size=PEOPLE,
)
Traits = list[tuple[str, str, str, bool]]
Happenings = list[tuple[int, tuple[str, dict[str, object], str], int]]


@pytest.mark.django_db
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a failure is shown as drawn: making it smaller takes minutes
    suppress_health_check=list(HealthCheck),
)
@given(traits=TRAITS, happenings=HAPPENINGS)
def test_a_report_says_what_plain_python_counts(traits: Traits, happenings: Happenings) -> None:
    ledger = _send_to(traits)
    fold_these(
        [
            ledger.event(
                kind, who, after, **own, **({"url": ledger.links[who % 2].url} if kind == "click" else {})
            )
            for who, (kind, own, _), after in happenings
        ]
    )
    figures = report(ledger.send)
    first: dict[tuple[int, str], int] = {}
    for who, (_, _, fact), after in happenings:
        first[who, fact] = min(after, first.get((who, fact), after))
    each = [_totals({fact for person, fact in first if person == who}) for who in range(PEOPLE)]

    assert figures.totals == together(each)
    assert figures.identity.accepted == PEOPLE
    assert _of(figures.by("domain").all) == _grouped(each, (traits[who][0].lower() for who in range(PEOPLE)))
    languages = (traits[who][1] or "none asked for" for who in range(PEOPLE))
    assert _of(figures.by("language").all) == _grouped(each, languages)
    assert _of(figures.by("zone").all) == _grouped(each, (traits[who][2] or "UTC" for who in range(PEOPLE)))
    editions = ("stories 1" if traits[who][3] else "stories 1 · 2" for who in range(PEOPLE))
    found = {name: totals for name, totals in _of(figures.by("edition").all).items() if any(astuple(totals))}
    assert found == _grouped(each, editions)
    for by in ("domain", "language", "zone", "edition"):
        assert together(group.totals for group in figures.by(by).all) == figures.totals
    for by in ("program", "device"):
        assert sum(group.totals.opened for group in figures.by(by).all) == figures.totals.opened
    assert sum(bounce.people for bounce in figures.bounces) == figures.totals.bounced
    assert figures.days == _spans(first, 24 * HOUR)
    assert figures.hours == tuple(span for span in _spans(first, HOUR) if span.number < 72)


def _send_to(traits: Traits) -> Ledger:
    """One edition with both stories and one with the first alone; who gets which is the last of a person's traits."""
    # Two numbers that nothing else has make the addresses different in each example.
    start = (Subscriber.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    people = make_people([f"r{start + n}@{domain}" for n, (domain, *_) in enumerate(traits)])
    for person, (_, language, zone, _) in zip(people, traits, strict=True):
        person.language, person.time_zone = language, zone
    Subscriber.objects.bulk_update(people, ["language", "time_zone"])
    short = [person for person, (*_, is_short) in zip(people, traits, strict=True) if is_short]
    long = [person for person in people if person not in short]
    ledger = make_send(long)
    edition = Edition.objects.get(send=ledger.send)
    edition.pk, edition.story_ids = None, [ledger.stories[0].pk]
    edition.save()
    add_batch(edition, short, "accepted")
    ledger.send.candidates = PEOPLE
    ledger.send.save()
    return Ledger(ledger.send, people, ledger.batch, ledger.submission, ledger.stories, ledger.links)


def _totals(facts: set[str]) -> Totals:
    """Of one person, to whom these things happened."""
    final = facts & {"delivered", "hard", "blocked", "dropped"}
    return Totals(
        sent=1,
        silent=int(not final),
        opened_and_clicked=int({"opened", "clicked"} <= facts),
        blocked=int("blocked" in facts and "hard" not in facts),
        **dict.fromkeys(facts - {"blocked"}, 1),
    )


def _grouped(each: list[Totals], names: Iterable[str]) -> dict[str, Totals]:
    groups: dict[str, list[Totals]] = defaultdict(list)
    for totals, name in zip(each, names, strict=True):
        groups[name].append(totals)
    return {name: together(several) for name, several in groups.items()}


def _of(groups: Iterable) -> dict[str, Totals]:
    return {group.name: group.totals for group in groups}


def _spans(first: dict[tuple[int, str], int], width: int) -> tuple[Span, ...]:
    counts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (_, fact), after in first.items():
        if fact in ("delivered", "opened", "clicked"):
            counts[after // width][fact] += 1
    return tuple(
        Span(number, found["delivered"], found["opened"], found["clicked"])
        for number, found in sorted(counts.items())
    )
