"""Bands and growth: SQL agrees with a plain evaluation over random histories."""

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.tracking.newsletter.bands import bands
from mailer.tracking.newsletter.growth import growth
from mailer.tracking.newsletter.issues import last_issues
from tests.tracking.newsletter.plain import Reader, Record, band, periods
from tests.tracking.newsletter.world import NOW, add_batch, make_newsletter, sends, write_down

pytestmark = pytest.mark.django_db
ISSUES = 14
ZONES = ("UTC", "Pacific/Kiritimati", "America/St_Johns", "Europe/Berlin")
RANDOM = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

moments = st.integers(0, 24 * 100).map(lambda hours: NOW - timedelta(hours=hours, minutes=7))
records = st.builds(
    Record,
    moments,
    st.sampled_from(["signed_up", "confirmed", "imported", "left", "left", "erased", "changed"]),
    st.sampled_from(["page", "form"]),
    st.sampled_from(
        [{}, {}, {"network": "192.0.2.0"}, {"status": "pending"}, {"import": 5}, {"undone_import": 5}]
    ),
)
ages = st.frozensets(st.integers(1, ISSUES), max_size=6)
readers = st.builds(
    Reader,
    st.lists(records, max_size=6),
    st.sampled_from(["active", "active", "active", "pending", "unsubscribed", None]),
    st.dictionaries(st.sampled_from(["bounce", "complaint", "manual"]), moments, max_size=2),
    ages,
    ages,
    ages,
)


@pytest.fixture
def newsletter():
    return make_newsletter(ISSUES)


@RANDOM
@given(people=st.lists(readers, min_size=1, max_size=6))
def test_each_reader_is_in_the_band_that_a_plain_evaluation_finds(newsletter, people):
    with transaction.atomic(), connection.cursor() as cursor:
        write_down(people, newsletter)
        found = bands(cursor, newsletter, last_issues(cursor, newsletter.pk, 52))
        assert +Counter(found) == Counter(band(reader) for reader in people if reader.gets_it)
        transaction.set_rollback(True)


@RANDOM
@given(people=st.lists(readers, min_size=1, max_size=6), zone=st.sampled_from(ZONES))
def test_growth_is_what_a_plain_walk_through_the_records_finds(newsletter, people, zone):
    with transaction.atomic(), connection.cursor() as cursor:
        write_down(people, newsletter)
        found = growth(cursor, newsletter, zone, 100, NOW)
        for shown, weekly in ((found.weeks, True), (found.months, False)):
            expected = periods(people, zone, weekly=weekly)
            told = {
                period.start: +Counter(
                    {
                        "signed_up": period.signed_up,
                        "confirmed": period.confirmed,
                        "imported": period.imported,
                        "by_link": period.by_link,
                        "left": period.left,
                        "erased": period.erased,
                        **period.suppressed,
                    }
                )
                for period in shown
            }
            assert {start: what for start, what in told.items() if what} == expected
            assert shown[-1].size == 100
            for before, after in pairwise(shown):
                assert after.size - before.size == after.net
                assert (after.start - before.start).days in ((7,) if weekly else (28, 29, 30, 31))
        transaction.set_rollback(True)


def test_an_issue_that_was_refused_one_by_one_was_not_sent(newsletter):
    number, *_ = write_down([Reader(sent=frozenset({1, 2, 3, 4}))], newsletter)
    with connection.cursor() as cursor:
        issues = last_issues(cursor, newsletter.pk, 52)
        assert bands(cursor, newsletter, issues)["silent"] == 1
        sends(newsletter)[3].deliveries.filter(subscriber=number).update(rejected_because="bad address")
        assert bands(cursor, newsletter, issues) == {"active": 0, "cooling": 0, "silent": 0, "new": 1}


def test_a_second_send_is_the_same_issue_and_a_welcome_is_none(newsletter):
    number, *_ = write_down([Reader(sent=frozenset({2, 3, 4}))], newsletter)
    newest = sends(newsletter)[0]
    again = type(newest).objects.create(
        issue=newest.issue, mailing_list=newest.mailing_list, previous=newest, started_at=NOW
    )
    again.editions.create(story_ids=[], language="en", subject="s", html="", text="", tags=[])
    batch = add_batch(again, [number])
    again.deliveries.create(subscriber_id=number, batch=batch)
    type(newest).objects.filter(pk=sends(newsletter)[-1].pk).update(rolling=True)
    with connection.cursor() as cursor:
        issues = last_issues(cursor, newsletter.pk, 52)
        assert [len(issue.sends) for issue in issues] == [2] + [1] * (ISSUES - 2)
        assert bands(cursor, newsletter, issues)["silent"] == 1


def test_nobody_and_nothing_is_counted_as_that():
    empty = make_newsletter(0, slug="empty")
    with connection.cursor() as cursor:
        issues = last_issues(cursor, empty.pk, 52)
        assert bands(cursor, empty, issues) == {"active": 0, "cooling": 0, "silent": 0, "new": 0}
        found = growth(cursor, empty, "UTC", 0, NOW)
    assert [(period.start, period.net, period.size) for period in found.weeks] == [(NOW.date(), 0, 0)]
    assert [period.start.isoformat() for period in found.months] == ["2026-04-01"]
