"""SendGrid's suppression lists become suppressions here."""

import random
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone

from mailer.delivery import tasks
from mailer.delivery.models import PulledList
from mailer.delivery.submit import sendgrid
from mailer.delivery.suppressing.pull import OVERLAP, pull
from mailer.delivery.suppressing.push import push
from mailer.delivery.suppressing.turn import KEY, seconds_to_wait
from mailer.local.waiting import wait_until
from mailer.sendgrid.errors import CallFailed
from subscribers.models import Erasure, Subscriber, Suppression
from subscribers.privacy.erase import erase
from subscribers.suppressing.add import suppress
from subscribers.suppressing.lift import lift
from tests.delivery.sendgrid_lists import NOW, entries, listed

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_turn():
    cache.delete(KEY)
    yield
    cache.delete(KEY)


def held() -> set[tuple[str, str]]:
    return set(Suppression.objects.values_list("address", "reason"))


def counted(pulled) -> dict[str, tuple[int, ...]]:
    return {
        each.name: (each.read, each.added, each.known, each.lifted, each.erased, each.odd) for each in pulled
    }


def test_each_list_becomes_suppressions_of_its_reason_and_blocks_none(inbox):
    listed(inbox, "bounces", "Gone@Example.org", reason="550 5.1.1 no such user")
    listed(inbox, "spam_reports", "angry@example.org")
    listed(inbox, "invalid_emails", "not.really@example.org")
    listed(inbox, "unsubscribes", "enough@example.org")
    listed(inbox, "blocks", "full@example.org")
    pull(sendgrid())
    assert held() == {
        ("gone@example.org", "bounce"),
        ("angry@example.org", "complaint"),
        ("not.really@example.org", "invalid"),
        ("enough@example.org", "unsubscribe"),
    }
    row = Suppression.objects.get(address="gone@example.org")
    assert (row.detail, row.origin) == ("550 5.1.1 no such user", "provider")


def test_pulling_again_changes_nothing(inbox):
    listed(inbox, "bounces", "gone@example.org", created=int(time.time()))
    pull(sendgrid())
    before = list(Suppression.objects.values())
    assert counted(pull(sendgrid()))["bounces"] == (1, 0, 1, 0, 0, 0)
    assert list(Suppression.objects.values()) == before


def test_thousands_of_entries_in_a_few_seconds_are_all_read(inbox):
    draw = random.Random(3)
    emails = [f"gone{number}@example.org" for number in range(3_400)]
    entries(
        inbox,
        (
            {"kind": "bounces", "email": email, "created": NOW - draw.choice([5, 5, 5, 90, 86_400])}
            for email in emails
        ),
    )
    assert counted(pull(sendgrid()))["bounces"][:2] == (3_400, 3_400)
    assert held() == {(email, "bounce") for email in emails}


def test_only_what_is_new_is_read_and_late_entries_of_some_minutes_are_not_missed(inbox):
    listed(inbox, "bounces", "old@example.org", created=NOW - 86_400)
    pull(sendgrid())
    listed(inbox, "bounces", "late@example.org", created=int(time.time() - OVERLAP.total_seconds()) + 120)
    listed(inbox, "bounces", "new@example.org", created=int(time.time()))
    assert counted(pull(sendgrid()))["bounces"][:2] == (2, 2)


def test_since_reads_again_from_that_day(inbox):
    pull(sendgrid())
    listed(inbox, "bounces", "long.ago@example.org", created=NOW - 30 * 86_400)
    pull(sendgrid())
    assert held() == set()
    pull(sendgrid(), since=timezone.now() - timedelta(days=31))
    assert held() == {("long.ago@example.org", "bounce")}


def test_a_first_pull_since_a_day_goes_on_from_there(inbox):
    listed(inbox, "bounces", "long.ago@example.org", created=NOW - 30 * 86_400)
    pull(sendgrid(), since=timezone.now() - timedelta(days=7))
    pull(sendgrid())
    assert held() == set()


def test_a_pull_that_breaks_off_keeps_what_it_has_and_goes_on_from_there(inbox):
    entries(
        inbox,
        (
            {"kind": "bounces", "email": f"gone{n}@example.org", "created": NOW - n * 3600}
            for n in range(1_200)
        ),
    )
    read = []

    def break_off(pulled, start, until, end):
        read.append(pulled.read)
        if pulled.name == "bounces" and pulled.read >= 300:
            inbox.fail("server_error", path="/v3/suppression/bounces", count=1)

    with pytest.raises(CallFailed):
        pull(sendgrid(), progress=break_off)
    before = Suppression.objects.count()
    assert 300 <= before < 1_200
    mark = PulledList.objects.get(name="bounces").until
    assert datetime(2009, 1, 1, tzinfo=UTC) < mark < timezone.now() - timedelta(hours=1)
    pulled = counted(pull(sendgrid()))["bounces"]
    assert Suppression.objects.count() == 1_200
    assert pulled[0] < 1_200


def test_too_many_requests_are_not_asked_again_before_sendgrids_time(inbox):
    inbox.fail("rate_limit", path="/v3/suppression", count=1, seconds=600)
    listed(inbox, "bounces", "gone@example.org")
    tasks.pull_suppressions()
    assert 500 < seconds_to_wait() < 610
    tasks.pull_suppressions()
    tasks.tell_suppressions()
    assert held() == set()
    cache.delete(KEY)
    tasks.pull_suppressions()
    assert held() == {("gone@example.org", "bounce")}


def test_a_list_that_the_key_may_not_read_keeps_no_other_back(inbox):
    inbox.fail("forbidden", path="/v3/suppression/spam_reports", count=1)
    listed(inbox, "bounces", "gone@example.org")
    with pytest.raises(CallFailed):
        pull(sendgrid())
    assert held() == {("gone@example.org", "bounce")}


def test_entries_that_are_no_addresses_are_counted_and_harm_nothing(inbox):
    listed(
        inbox, "bounces", "good@example.org", "", "no address", "a\0b@example.org", "x" * 400 + "@example.org"
    )
    assert counted(pull(sendgrid()))["bounces"] == (5, 1, 0, 0, 0, 4)
    assert held() == {("good@example.org", "bounce")}


def test_an_address_that_was_pushed_does_not_come_back_as_an_unsubscribe(inbox):
    suppress("press@example.org", Suppression.Reason.MANUAL)
    push(sendgrid())
    assert counted(pull(sendgrid()))["unsubscribes"] == (1, 0, 1, 0, 0, 0)
    assert held() == {("press@example.org", "manual")}


def test_a_lifted_bounce_comes_back_only_by_a_newer_one(inbox):
    listed(inbox, "bounces", "back@example.org", created=int(time.time()) - 60)
    pull(sendgrid())
    lift("back@example.org", by="Anna", because="works again")
    assert counted(pull(sendgrid()))["bounces"] == (1, 0, 0, 1, 0, 0)
    assert held() == set()
    inbox.call("POST", "reset")
    listed(inbox, "bounces", "back@example.org", created=int(time.time()) + 1)
    assert wait_until(lambda: pull(sendgrid()) and bool(held()), 20)
    assert held() == {("back@example.org", "bounce")}


def test_a_complaint_is_pulled_whatever_was_lifted(inbox):
    suppress("back@example.org", Suppression.Reason.BOUNCE)
    lift("back@example.org", by="Anna", because="works again")
    listed(inbox, "spam_reports", "back@example.org", created=NOW - 86_400)
    pull(sendgrid())
    assert held() == {("back@example.org", "complaint")}


def test_of_erased_people_only_the_hash_is_told(inbox):
    person = Subscriber.objects.create(email="Forget.Me@example.org")
    erase(person.pk, by="the person", source="test")
    listed(inbox, "bounces", "forget.me@example.org", "other@example.org")
    assert counted(pull(sendgrid()))["bounces"] == (2, 1, 0, 0, 1, 0)
    assert held() == {("other@example.org", "bounce")}
    assert Erasure.objects.get().suppressed_for == "bounce"
