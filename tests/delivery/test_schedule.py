"""When a send goes out: one moment, or each recipient's own."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.models import Batch
from mailer.delivery.plan import plan
from mailer.delivery.schedule import BadSchedule, Schedule, moment, read_schedule
from mailer.delivery.start import AlreadyStarted, send_of, start
from mailer.delivery.sweep import sweep
from mailer.delivery.zones import zone_of
from subscribers.models import Subscriber
from tests.newsroom import make_issue, planned_for, subscribe

NEW_YORK = ZoneInfo("America/New_York")


def tomorrow(hour: int) -> datetime:
    return (timezone.now() + timedelta(days=2)).replace(
        hour=hour, minute=0, second=0, microsecond=0, tzinfo=None
    )


def test_a_time_that_summer_time_leaves_out_comes_as_much_later_as_the_clocks_jump():
    # New York's clocks jump from 02:00 to 03:00 on 8 March 2026.
    gap = moment(datetime(2026, 3, 8, 2, 30), NEW_YORK)
    assert gap == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)
    assert gap.astimezone(NEW_YORK).hour == 3


def test_a_time_that_comes_twice_is_the_first_of_the_two():
    # They show 01:30 twice on 1 November 2026: at 05:30 and at 06:30 UTC.
    assert moment(datetime(2026, 11, 1, 1, 30), NEW_YORK) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("own", "country", "expected"),
    [
        ("Asia/Tokyo", "US", "Asia/Tokyo"),
        ("", "SG", "Asia/Singapore"),
        ("", "US", "America/New_York"),
        ("", "AU", "Australia/Sydney"),
        ("", "", "Europe/Paris"),
        ("Not/AZone", "MY", "Asia/Kuala_Lumpur"),
        ("", "ZZ", "Europe/Paris"),
    ],
)
def test_the_zone_is_ones_own_else_the_countrys_else_the_newsletters(own, country, expected):
    assert zone_of(own, country, "Europe/Paris").key == expected


@pytest.mark.parametrize(
    ("at", "local", "zone", "says"),
    [
        ("2020-01-01 08:00", None, "UTC", "over in UTC"),
        ("tomorrow", None, "UTC", "not a date and time"),
        ("2999-01-01 08:00", None, "Mars/Olympus", "not the name of a time zone"),
        ("2999-01-01 08:00", "2999-01-01 08:00", "UTC", "one of the two"),
        ("2999-01-01T08:00+08:00", None, "UTC", "leave the offset out"),
        (None, "2020-01-01 08:00", "UTC", "nowhere in the world"),
        ("", None, "UTC", "not a date and time"),
        ("2999-01-01", None, "UTC", "no time of day"),
        ("0001-01-01 00:00", None, "Asia/Shanghai", "over in Asia/Shanghai"),
        ("9999-12-31 23:59", None, "America/New_York", "more than 20 years away"),
        (None, "9999-12-31 23:59", "UTC", "more than 20 years away"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused_with_what_to_write(at, local, zone, says):
    with pytest.raises(BadSchedule, match=says):
        read_schedule(at, local, zone)


@pytest.mark.django_db
def test_a_scheduled_send_leaves_at_its_moment_and_not_before():
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, "reader@example.org")
    at = timezone.now() + timedelta(hours=3)
    send = send_of(issue, Schedule(at=at))
    plan(send)
    start(send)
    batch = Batch.objects.get(send=send)
    assert batch.due_at == at
    assert sweep() == 0
    assert claim(batch.pk) is None
    Batch.objects.update(due_at=timezone.now())
    assert sweep() == 1
    assert claim(batch.pk) is not None


@pytest.mark.django_db
def test_at_local_time_each_zone_has_its_moment_and_a_person_one_delivery_whatever_zone_they_move_to():
    issue = make_issue()
    mailing_list = issue.newsletter.mailing_list
    people = subscribe(
        mailing_list, "tokyo@example.org", "york@example.org", "sg@example.org", "none@example.org"
    )
    for person, zone, country in zip(
        people, ("Asia/Tokyo", "America/New_York", "", ""), ("", "", "SG", ""), strict=True
    ):
        Subscriber.objects.filter(pk=person.pk).update(time_zone=zone, country=country)
    local = tomorrow(8)
    send = send_of(issue, Schedule(local=local))
    plan(send)
    due = {address: batch.due_at for address, batch in planned_for(send).items()}
    assert due == {
        "tokyo@example.org": moment(local, ZoneInfo("Asia/Tokyo")),
        "york@example.org": moment(local, NEW_YORK),
        "sg@example.org": moment(local, ZoneInfo("Asia/Singapore")),
        "none@example.org": moment(local, ZoneInfo("UTC")),
    }
    # Tokyo has got it; its reader moves to New York before New York gets it.
    start(send)
    first = Batch.objects.get(due_at=due["tokyo@example.org"])
    Batch.objects.filter(pk=first.pk).update(due_at=timezone.now())
    claimed = claim(first.pk)
    assert claimed is not None
    assert b"tokyo@example.org" in claimed.body
    Subscriber.objects.filter(pk=people[0].pk).update(time_zone="America/New_York")
    plan(send)
    Batch.objects.filter(state="waiting").update(due_at=timezone.now())
    bodies = [found.body for found in map(claim, Batch.objects.values_list("pk", flat=True)) if found]
    assert len(bodies) == 3
    assert not any(b"tokyo@example.org" in body for body in bodies)


@pytest.mark.django_db
def test_zones_with_the_same_moment_share_their_batches_and_what_is_over_already_goes_at_once():
    issue = make_issue()
    people = subscribe(issue.newsletter.mailing_list, *(f"reader{n}@example.org" for n in range(3)))
    for person, zone in zip(
        people, ("Asia/Singapore", "Asia/Kuala_Lumpur", "Pacific/Kiritimati"), strict=True
    ):
        Subscriber.objects.filter(pk=person.pk).update(time_zone=zone)
    now = timezone.now()
    local = now.astimezone(ZoneInfo("Asia/Singapore")).replace(tzinfo=None) + timedelta(hours=1)
    send = send_of(issue, Schedule(local=local.replace(second=0, microsecond=0)))
    plan(send)
    first, second = Batch.objects.filter(send=send).order_by("due_at")
    assert (first.size, second.size) == (1, 2)
    assert first.due_at <= timezone.now()
    assert second.due_at > now


@pytest.mark.django_db
def test_another_schedule_makes_the_plan_anew_until_the_send_is_started():
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, "reader@example.org")
    at_once = send_of(issue)
    plan(at_once)
    later = Schedule(at=timezone.now() + timedelta(days=1))
    send = send_of(issue, later)
    assert send.pk != at_once.pk
    plan(send)
    assert send_of(issue) == send
    assert send_of(issue, later) == send
    start(send)
    with pytest.raises(AlreadyStarted, match="--again"):
        send_of(issue, Schedule())
    assert send_of(issue, later) == send
