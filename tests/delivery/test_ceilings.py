"""Ceilings an hour, an hour and domain, and a day of the warm-up: exact, whoever sweeps, and nobody is lost."""

import io
import os
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
import redis
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from mailer.delivery import sweep as sweeping
from mailer.delivery.claim import claim
from mailer.delivery.models import Batch, Delivery, Notice, Send, Submission
from mailer.delivery.pacing.ceilings import (
    UNLIMITED,
    Daily,
    Hourly,
    Use,
    Waiting,
    allowance,
    ceilings_of,
    choose,
)
from mailer.delivery.plan import plan
from mailer.delivery.progress import dues, progress, progress_and_moving
from mailer.delivery.record import record
from mailer.delivery.start import send_of
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.submit import submit
from mailer.delivery.sweep import sweep
from mailer.issues.models import Issue, Newsletter
from mailer.sendgrid.outcome import Accepted, Rejected, Retry, Unknown
from tests.newsroom import crowd, make_issue, subscribe

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def queue() -> Iterator[redis.Redis]:
    """This worker's own Redis, emptied."""
    client = redis.Redis.from_url(os.environ["REDIS_URL"])
    client.flushdb()
    yield client
    client.flushdb()
    client.close()


def sending(
    size: int, *, addresses: list[str] | None = None, issue: Issue | None = None, **rules: object
) -> Send:
    """A started send to so many people, of a newsletter with these ceilings. Nothing of it is handed out."""
    issue = issue or make_issue(("ai",))
    Newsletter.objects.filter(pk=issue.newsletter_id).update(**rules)
    issue.newsletter.refresh_from_db()
    if addresses:
        subscribe(issue.newsletter.mailing_list, *addresses)
    else:
        crowd(issue.newsletter.mailing_list, size)
    send = send_of(issue)
    plan(send)
    start_now(send)
    return send


def start_now(send: Send) -> None:
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now())


def set_ceilings(send: Send, **rules: object) -> None:
    Newsletter.objects.filter(pk=send.issue.newsletter_id).update(**rules)


def handed_out(send: Send) -> list[int]:
    """The sizes of the batches on their way to a worker, largest first."""
    waiting = Batch.objects.filter(send=send, state="waiting").exclude(queued_at=None)
    return sorted(waiting.values_list("size", flat=True), reverse=True)


def begin(send: Send) -> list:
    """Claim what is handed out, as workers do."""
    ids = (
        Batch.objects.filter(send=send, state="waiting").exclude(queued_at=None).values_list("id", flat=True)
    )
    return [claim(batch_id) for batch_id in sorted(ids)]


def send_off(send: Send) -> int:
    """Let SendGrid accept what is handed out. Returns how many recipients that were."""
    claims = begin(send)
    for claimed in claims:
        record(claimed, Accepted("id"), 202)
    return sum(len(claimed.subscriber_ids) for claimed in claims)


def let_pass(hours: float) -> None:
    """Let all that happened have happened so much earlier, and what was put off be due so much earlier."""
    past = timedelta(hours=hours)
    Submission.objects.update(started_at=F("started_at") - past)
    Batch.objects.update(due_at=F("due_at") - past, changed_at=F("changed_at") - past)
    Send.objects.update(started_at=F("started_at") - past)


# The rules


@pytest.mark.parametrize(
    ("day", "recipients"),
    [(1, 0), (2, 200), (3, 300), (4, 450), (5, 675), (6, 1012), (31, 24_848_750)],
)
def test_each_day_of_the_warm_up_may_have_half_as_much_again_as_the_one_before(day, recipients):
    newsletter = Newsletter(warm_up_from=date(2026, 3, 2), warm_up_first_day=200, warm_up_growth=50)
    start = date(2026, 3, 1)
    if day == 31:
        assert allowance(newsletter, date(2026, 3, 31)) == 200 * 3**29 // 2**29
    else:
        assert allowance(newsletter, start + timedelta(days=day - 1)) == recipients


def test_the_warm_up_counts_in_whole_numbers_and_ends_by_itself():
    newsletter = Newsletter(warm_up_from=date(2026, 3, 2), warm_up_first_day=200, warm_up_growth=10)
    assert [allowance(newsletter, date(2026, 3, day)) for day in (2, 3, 4)] == [200, 220, 242]
    assert allowance(newsletter, date(2036, 3, 2)) == UNLIMITED
    assert allowance(Newsletter(), date(2026, 3, 2)) == UNLIMITED


def test_a_warm_up_of_another_age_is_reckoned_at_once():
    newsletter = Newsletter(
        time_zone="UTC", warm_up_from=date(1, 1, 1), warm_up_first_day=1, warm_up_growth=1
    )
    assert allowance(newsletter, date(2026, 3, 2)) == UNLIMITED
    newsletter.warm_up_from = date(9999, 1, 1)
    assert Daily(newsletter, [], NOON).place(1) == datetime(9999, 1, 1, tzinfo=UTC)


def test_the_day_of_the_warm_up_begins_at_midnight_where_the_newsletter_is():
    rules = {"warm_up_from": date(2026, 3, 1), "warm_up_first_day": 100, "warm_up_growth": 100}
    uses = [
        Use(30, "", datetime(2026, 3, 1, 15, 59, tzinfo=UTC)),
        Use(7, "", datetime(2026, 3, 1, 16, tzinfo=UTC)),
    ]
    now = datetime(2026, 3, 1, 17, tzinfo=UTC)
    there = Daily(Newsletter(time_zone="Asia/Singapore", **rules), uses, now)
    assert (there.day, there.ceiling, there.used, there.left) == (date(2026, 3, 2), 200, 7, 193)
    here = Daily(Newsletter(time_zone="UTC", **rules), uses, now)
    assert (here.day, here.ceiling, here.used, here.left) == (date(2026, 3, 1), 100, 37, 63)


def test_what_waits_is_told_when_its_turn_is_expected():
    hourly = Hourly(1000, [Use(600, "", NOON - timedelta(minutes=50)), Use(400, "", NOON)], NOON)
    assert hourly.left == 0
    assert [hourly.place(500), hourly.place(400), hourly.place(2500)] == [
        NOON + timedelta(minutes=10),
        NOON + timedelta(minutes=60),
        NOON + timedelta(minutes=120),
    ]
    assert hourly.reached == NOON + timedelta(minutes=120, hours=2)
    newsletter = Newsletter(
        time_zone="UTC", warm_up_from=date(2026, 3, 3), warm_up_first_day=100, warm_up_growth=100
    )
    daily = Daily(newsletter, [], NOON)
    assert daily.left == 0
    assert [daily.place(100).day, daily.place(150).day, daily.place(60).day] == [3, 4, 4]
    assert daily.reached == datetime(2026, 3, 5, tzinfo=UTC)


def test_a_batch_is_cut_to_fit_but_an_hour_is_not_used_up_in_crumbs():
    def chosen(left: int, size: int) -> list[int]:
        newsletter = Newsletter(hourly_ceiling=1000, domain_ceilings={})
        ceilings = ceilings_of(newsletter, [Use(1000 - left, "", NOON)], NOON)
        going, staying = choose([Waiting(1, size, "")], ceilings, 10)
        assert bool(going) != bool(staying)
        return [part for _, part in going]

    assert chosen(1000, 1000) == [1000]
    assert chosen(999, 1000) == [999]
    assert chosen(100, 1000) == [100]
    assert chosen(99, 1000) == []
    assert chosen(99, 99) == [99]
    assert chosen(1000, 5000) == [1000]


@given(
    hourly=st.none() | st.integers(1, 3000),
    gmail=st.none() | st.integers(1, 2000),
    first_day=st.none() | st.integers(1, 3000),
    sizes=st.lists(st.tuples(st.integers(1, 1000), st.sampled_from(["", "gmail.com"])), max_size=20),
    used=st.lists(
        st.tuples(st.integers(1, 1000), st.sampled_from(["", "gmail.com"]), st.integers(0, 90)), max_size=6
    ),
)
def test_what_goes_never_passes_a_ceiling_and_what_stays_has_one(hourly, gmail, first_day, sizes, used):
    newsletter = Newsletter(
        time_zone="UTC",
        hourly_ceiling=hourly,
        domain_ceilings={"gmail.com": gmail} if gmail else {},
        warm_up_from=NOON.date() if first_day else None,
        warm_up_first_day=first_day or 1,
    )
    uses = [Use(size, domain, NOON - timedelta(minutes=ago)) for size, domain, ago in used]
    ceilings = ceilings_of(newsletter, uses, NOON)
    before = {id(each): each.used for each in ceilings.all}
    going, staying = choose([Waiting(n, *each) for n, each in enumerate(sizes)], ceilings, 100)
    assert sorted(batch.id for batch in [*(b for b, _ in going), *staying]) == list(range(len(sizes)))
    for each in ceilings.all:
        assert each.used <= max(each.ceiling, before[id(each)])
    went = sum(part for _, part in going)
    if ceilings.hour:
        assert ceilings.hour.used == before[id(ceilings.hour)] + went
    if not ceilings.all:
        assert staying == []
    for batch in staying:
        assert ceilings.place(batch) >= NOON


# An hour


@pytest.mark.django_db
def test_no_more_is_handed_out_than_an_hour_may_have_and_the_rest_goes_on_by_itself():
    send = sending(25, hourly_ceiling=10)
    assert sweep() == 1
    assert handed_out(send) == [10]
    assert sweep() == 0, "what is handed out counts"
    assert send_off(send) == 10
    assert sweep() == 0, "what was sent counts"
    let_pass(0.9)
    assert sweep() == 0
    let_pass(0.2)
    assert sweep() == 1
    assert send_off(send) == 10
    let_pass(1.1)
    assert sweep() == 1
    assert send_off(send) == 5
    assert progress(send).finished
    assert progress(send).accepted == 25


@pytest.mark.django_db
def test_it_is_shown_when_the_rest_goes_on():
    send = sending(25, hourly_ceiling=10)
    sweep()
    assert progress_and_moving(send)[1]
    send_off(send)
    sweep()
    assert not progress_and_moving(send)[1]
    first, last, people = dues(send)
    assert people == 15
    assert timedelta(minutes=59) < first - timezone.now() <= timedelta(minutes=60)
    assert last - first == timedelta(hours=1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("outcome", "status", "counts"),
    [
        (Accepted("id"), 202, True),
        (Unknown("no answer"), None, True),
        (Retry("too many requests", after=0), 429, False),
        (Rejected("bad_request", "no", (0, 1, 2, 3, 4)), 400, False),
    ],
)
def test_what_may_have_arrived_counts_and_what_is_proven_not_to_have_does_not(outcome, status, counts):
    send = sending(10, hourly_ceiling=5)
    sweep()
    (claimed,) = begin(send)
    assert sweep() == 0, "what is under way counts"
    record(claimed, outcome, status)
    assert sweep() == (0 if counts else 1)


@pytest.mark.django_db
def test_a_second_task_of_a_batch_that_was_put_back_passes_no_ceiling(inbox):
    send = sending(2, hourly_ceiling=1)
    sweep()
    (claimed,) = begin(send)
    record(claimed, Retry("too many requests", after=0), 429)
    assert sweep() == 1
    (other,) = Batch.objects.filter(send=send, state="waiting").exclude(queued_at=None)
    back = Batch.objects.filter(send=send, state="waiting", queued_at=None).get()
    Batch.objects.filter(pk=back.pk).update(due_at=timezone.now())
    assert not submit(back.pk)
    assert submit(other.pk)
    assert len(inbox.messages()) == 1


@pytest.mark.django_db
def test_a_batch_that_the_queue_lost_is_handed_out_again_and_counts_once():
    send = sending(20, hourly_ceiling=10)
    sweep()
    Batch.objects.exclude(queued_at=None).update(queued_at=timezone.now() - timedelta(hours=2))
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    assert sweep() == 1
    assert handed_out(send) == [10]


@pytest.mark.django_db
@pytest.mark.parametrize("ceiling", [40, None], ids=["raised", "removed"])
def test_a_ceiling_that_is_raised_or_removed_lets_the_rest_go_at_the_next_sweep(ceiling):
    send = sending(30, hourly_ceiling=10)
    sweep()
    assert sum(handed_out(send)) == 10
    set_ceilings(send, hourly_ceiling=ceiling)
    assert sweep() == 2
    assert sum(handed_out(send)) == 30
    assert all(claimed is not None for claimed in begin(send))


@pytest.mark.django_db
def test_a_send_that_is_paused_leaves_its_allowance_to_others_and_takes_none_back():
    issue = make_issue(("ai",))
    first = sending(10, issue=issue, hourly_ceiling=10)
    sweep()
    pause(first.pk, "wait")
    other = Issue.objects.create(
        newsletter=issue.newsletter, number=2, date=issue.date, subject="Another", intro="More"
    )
    other.stories.create(position=1, headline="News", body="It happened.", for_everyone=True)
    second = send_of(other)
    plan(second)
    start_now(second)
    assert sweep() == 1
    assert handed_out(second) == [10]
    resume(first.pk)
    assert sweep() == 0
    assert handed_out(first) == []


@pytest.mark.django_db
def test_a_lowered_ceiling_cuts_batches_and_everybody_gets_it_once(inbox):
    send = sending(50, hourly_ceiling=50)
    set_ceilings(send, hourly_ceiling=20)
    for _ in range(5):
        sweep()
        for batch_id in (
            Batch.objects.exclude(queued_at=None).filter(state="waiting").values_list("id", flat=True)
        ):
            assert submit(batch_id)
        let_pass(1.1)
    assert Counter(Submission.objects.values_list("size", flat=True)) == {20: 2, 10: 1}
    assert len(set(inbox.addresses())) == len(inbox.messages()) == 50
    for batch in Batch.objects.filter(send=send):
        members = Delivery.objects.filter(send=send, batch=batch).values_list("subscriber_id", flat=True)
        assert sorted(members) == sorted(batch.subscriber_ids)


@pytest.mark.django_db(transaction=True)
def test_sweepers_at_once_hand_out_no_more_than_one_does():
    send = sending(60, hourly_ceiling=1)
    set_ceilings(send, hourly_ceiling=25)
    together, handed, lock = threading.Barrier(4), [], threading.Lock()

    def work() -> None:
        try:
            together.wait(60)
            for _ in range(5):
                count = sweep()
                with lock:
                    handed.append(count)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(handed) == 20
    assert sum(handed) == 25
    assert sum(handed_out(send)) == 25


@pytest.mark.django_db(transaction=True)
def test_a_sweeper_leaves_a_newsletter_alone_that_another_is_counting():
    counted, free = sending(20, hourly_ceiling=10), sending(20, hourly_ceiling=10)
    handed = []

    def work() -> None:
        try:
            handed.append(sweep())
        finally:
            connection.close()

    with transaction.atomic():
        Newsletter.objects.select_for_update(no_key=True).get(pk=counted.issue.newsletter_id)
        other = threading.Thread(target=work)
        other.start()
        other.join(60)
        assert handed == [1]
    assert (handed_out(counted), handed_out(free)) == ([], [10])
    assert sweep() == 1
    assert handed_out(counted) == [10]


# A domain


def by_domain(send: Send) -> dict[str, int]:
    """How many recipients of each domain with a ceiling are handed out."""
    waiting = Batch.objects.filter(send=send, state="waiting").exclude(queued_at=None)
    counted: Counter[str] = Counter()
    for domain, size in waiting.values_list("domain", "size"):
        counted[domain] += size
    return dict(counted)


@pytest.mark.django_db
def test_a_domain_with_a_ceiling_holds_up_nobody_else():
    people = [f"{n}@gmail.com" for n in range(7)] + [f"{n}@example.org" for n in range(5)]
    send = sending(0, addresses=people, domain_ceilings={"gmail.com": 3})
    sweep()
    assert by_domain(send) == {"gmail.com": 3, "": 5}
    assert send_off(send) == 8
    assert sweep() == 0
    let_pass(1.1)
    sweep()
    assert by_domain(send) == {"gmail.com": 3}


@pytest.mark.django_db
def test_a_domain_is_under_the_ceiling_of_all_too():
    people = [f"{n}@gmail.com" for n in range(7)] + [f"{n}@example.org" for n in range(5)]
    send = sending(0, addresses=people, domain_ceilings={"gmail.com": 3}, hourly_ceiling=5)
    sweep()
    handed = by_domain(send)
    assert handed.get("gmail.com", 0) <= 3
    assert sum(handed.values()) <= 5


@pytest.mark.django_db
def test_a_send_under_a_ceiling_holds_up_no_other_newsletter(monkeypatch):
    monkeypatch.setattr(sweeping, "AT_ONCE", 2)
    limited = sending(20, hourly_ceiling=1)
    free = sending(3)
    assert sweep() == 2
    assert (handed_out(limited), handed_out(free)) == ([1], [3])


# The warm-up


@pytest.mark.django_db
def test_a_newsletter_with_a_wrong_value_holds_up_no_other_newsletter():
    wrong = sending(3, domain_ceilings={"example.org": 3})
    set_ceilings(wrong, domain_ceilings=["example.org"])
    good = sending(3, hourly_ceiling=3)
    assert sweep() == 1
    assert good.batches.get().queued_at
    call_command("pace", stdout=io.StringIO())


@pytest.mark.django_db
def test_the_warm_up_spreads_a_send_over_the_days(inbox):
    rules = {"warm_up_first_day": 3, "warm_up_growth": 50, "time_zone": "UTC", "lateness_limit": 48}
    send = sending(30, warm_up_from=timezone.now().date(), **rules)
    days = []
    for _ in range(7):
        while sweep():
            ids = list(
                Batch.objects.filter(state="waiting").exclude(queued_at=None).values_list("id", flat=True)
            )
            assert all(submit(batch_id) for batch_id in ids)
        days.append(len(inbox.messages()) - sum(days))
        let_pass(24)
        set_ceilings(send, warm_up_from=F("warm_up_from") - timedelta(days=1))
    assert days == [3, 4, 6, 10, 7, 0, 0]
    assert len(set(inbox.addresses())) == 30
    assert progress(send).finished
    assert progress(send).adds_up


@pytest.mark.django_db
def test_nothing_goes_before_the_first_day_of_the_warm_up():
    first_day = timezone.now().date() + timedelta(days=3)
    send = sending(5, warm_up_from=first_day, warm_up_first_day=3, time_zone="UTC")
    assert sweep() == 0
    first, _, people = dues(send)
    assert (first.date(), people) == (first_day, 5)


@pytest.mark.django_db
def test_what_a_ceiling_keeps_back_is_not_held_for_being_late():
    send = sending(
        30, warm_up_from=timezone.now().date(), warm_up_first_day=3, lateness_limit=1, time_zone="UTC"
    )
    sweep()
    send_off(send)
    sweep()
    # The system runs on: it looks again every hour of the day.
    midnight = (timezone.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    for _ in range(int((midnight - timezone.now()).total_seconds() // 3600)):
        Batch.objects.filter(state="waiting").update(due_at=F("due_at") - timedelta(hours=1))
        sweep()
    send.refresh_from_db()
    assert send.paused_at is None
    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_what_a_ceiling_kept_back_is_cancelled_with_its_send():
    send = sending(30, hourly_ceiling=10)
    sweep()
    cancel(send.pk, "enough")
    assert sweep() == 0
    assert progress(send).waiting == 0
    assert progress(send).adds_up


# What is shown


def shown(capsys) -> str:
    capsys.readouterr()
    call_command("pace", stdout=io.StringIO())
    return capsys.readouterr().out


@pytest.mark.django_db
def test_the_command_shows_what_is_used_and_when_the_rest_will_have_gone(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    people = [f"{n}@gmail.com" for n in range(7)] + [f"{n}@example.org" for n in range(5)]
    send = sending(0, addresses=people, domain_ceilings={"gmail.com": 3}, hourly_ceiling=8)
    sending(3)  # of a newsletter without ceilings
    sweep()
    send_off(send)
    said = shown(capsys)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if "│" in line]
    assert ["requests at once", "0", "64", "64 (SENDGRID_IN_FLIGHT)"] in rows
    assert ["recipients a second", "", "no limit", "no limit (SENDGRID_RATE)"] in rows
    assert ["an hour", "8", "8", "0"] in rows
    assert ["an hour to gmail.com", "3", "3", "0"] in rows
    assert said.count("Ceilings of") == 1
    assert "4 recipients wait" in said


@pytest.mark.django_db
def test_the_command_shows_the_curve_of_the_warm_up(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    sending(30, warm_up_from=timezone.now().date(), warm_up_first_day=10, warm_up_growth=50, time_zone="UTC")
    said = shown(capsys)
    tomorrow = timezone.now().date() + timedelta(days=1)
    assert f"The days to come: {tomorrow:%d %b} 15, {tomorrow + timedelta(days=1):%d %b} 22, " in said
    assert "30 recipients wait" in said
    assert f"expected to go at {tomorrow + timedelta(days=1):%d %b %Y} 00:00 UTC" in said
