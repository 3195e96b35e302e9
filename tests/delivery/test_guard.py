"""The guard: past a limit a running send pauses itself, and its owner is told why."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailer.config.celery import app
from mailer.delivery import tasks
from mailer.delivery.guard import watch
from mailer.delivery.judge import (
    AUTHENTICATION,
    COMPLAINTS,
    COMPLAINTS_WARNED,
    HARD_BOUNCES,
    NEWEST,
    Seen,
    judge,
)
from mailer.delivery.models import Batch, Delivery, Notice, Send, Submission
from mailer.delivery.steer import cancel, pause, resume
from mailer.issues.models import Newsletter
from mailer.tracking.fold import fold_events
from mailer.tracking.intake import store
from tests.tracking.ledger import Ledger, add_batch, make_people, make_send

pytestmark = pytest.mark.django_db
CHANGES = (
    "delivered_at", "bounced_at", "blocked_at", "dropped_at", "complained_at", "refusal_status", "block_list",
)  # fmt: skip


def running(people: int, domain: str = "example.org") -> Ledger:
    """A started send whose first batch is accepted, with a second batch of one that waits."""
    addresses = [f"reader{n}.{people}@{domain}" for n in range(people)]
    ledger = make_send(make_people(addresses), submitted_at=timezone.now())
    add_batch(ledger.batch.edition, make_people([f"waits.{people}@{domain}"]), "waiting")
    Send.objects.filter(pk=ledger.send.pk).update(started_at=timezone.now())
    return ledger


def answer(ledger: Ledger, who: slice, **facts: object) -> None:
    """Let this become of some of the people, now."""
    ids = [person.pk for person in ledger.subscribers[who]]
    given = {name: facts[name] for name in CHANGES if name in facts}
    now = {name: timezone.now() for name, happened in given.items() if happened is True}
    Delivery.objects.filter(send=ledger.send, subscriber__in=ids).update(**{**given, **now})


def state(ledger: Ledger) -> tuple[bool, list[str]]:
    """Whether the send is paused, and the kinds of its notices in order."""
    send = Send.objects.get(pk=ledger.send.pk)
    return send.paused_at is not None, list(send.notices.order_by("id").values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("limit", "cases", "people", "passed"),
    [
        (COMPLAINTS, 3, 3_000, True),
        (COMPLAINTS, 3, 3_001, False),
        (COMPLAINTS, 2, 1_000, False),
        (COMPLAINTS, 3, 999, False),
        (COMPLAINTS, 1_000, 1_000_000, True),
        (COMPLAINTS, 999, 1_000_000, False),
        (COMPLAINTS_WARNED, 3, 6_000, True),
        (COMPLAINTS_WARNED, 3, 6_001, False),
        (HARD_BOUNCES, 20, 400, True),
        (HARD_BOUNCES, 20, 401, False),
        (HARD_BOUNCES, 19, 200, False),
        (HARD_BOUNCES, 20, 199, False),
    ],
)
def test_limits_hold_to_the_person(limit, cases, people, passed):
    assert limit.passed(cases, people) is passed


def test_a_healthy_send_is_left_alone():
    ledger = running(1_200)
    answer(ledger, slice(None), delivered_at=True)
    answer(ledger, slice(0, 19), bounced_at=True, delivered_at=None, refusal_status="5.1.1")
    answer(ledger, slice(20, 22), complained_at=True)
    assert watch() == 0
    assert state(ledger) == (False, [])


def test_complaints_pause_it_with_the_numbers_in_the_reason():
    ledger = running(1_000)
    answer(ledger, slice(None), delivered_at=True)
    answer(ledger, slice(0, 3), complained_at=True)
    assert watch() == 1
    assert state(ledger) == (True, ["guard"])
    reason = Send.objects.get().paused_because
    assert "3 of 1,000 who got it complained about spam, 0.30 %" in reason
    assert "pauses at 0.10 %" in reason
    assert Notice.objects.get().text.startswith(reason)
    assert watch() == 0
    assert state(ledger) == (True, ["guard"])


def test_complaints_below_the_limit_are_told_once_and_pause_nothing():
    ledger = running(4_000)
    answer(ledger, slice(None), delivered_at=True)
    answer(ledger, slice(0, 3), complained_at=True)
    assert watch() == 0
    assert watch() == 0
    assert state(ledger) == (False, ["complaints"])
    answer(ledger, slice(3, 4), complained_at=True)
    assert watch() == 1
    assert state(ledger) == (True, ["complaints", "guard"])


def test_hard_bounces_count_against_all_that_was_answered():
    ledger = running(500)
    answer(ledger, slice(0, 20), bounced_at=True, refusal_status="5.1.1")
    answer(ledger, slice(20, 199), delivered_at=True)
    assert watch() == 0, "199 answers are too few"
    answer(ledger, slice(199, 200), blocked_at=True)
    answer(ledger, slice(200, 300), dropped_at=True)
    answer(ledger, slice(300, 401), delivered_at=True)
    assert watch() == 0, "20 of 401 are less than 5 %"
    answer(ledger, slice(401, 402), bounced_at=True)
    assert watch() == 1
    assert "21 of 402 answered are hard bounces" in Send.objects.get().paused_because


def test_one_refusal_for_authentication_is_told_with_the_domain_and_the_count():
    ledger = running(300, "Gmail.example")
    answer(ledger, slice(0, 100), delivered_at=True)
    answer(ledger, slice(100, 101), blocked_at=True, refusal_status="5.7.26")
    assert watch() == 0
    assert watch() == 0
    assert state(ledger) == (False, ["authentication"])
    assert "1 of 101 answered" in Notice.objects.get().text
    assert "gmail.example 1 (5.7.26)" in Notice.objects.get().text


def test_refusals_by_policy_are_told_only_when_they_are_many():
    ledger = running(2_100)
    answer(ledger, slice(0, 1_980), delivered_at=True)
    answer(ledger, slice(1_980, 2_000), blocked_at=True, refusal_status="5.7.1")
    answer(ledger, slice(2_000, 2_001), blocked_at=True)
    assert watch() == 0
    assert state(ledger) == (False, []), "20 of 2,001 are less than 1 %"
    answer(ledger, slice(2_001, 2_002), blocked_at=True, refusal_status="5.7.1")
    assert watch() == 0
    assert state(ledger) == (False, ["authentication"])
    assert "21 of 2,002 answered" in Notice.objects.get().text


def test_a_twentieth_refused_for_authentication_pauses():
    ledger = running(400)
    answer(ledger, slice(0, 380), delivered_at=True)
    answer(ledger, slice(380, 399), blocked_at=True, refusal_status="5.7.515")
    assert watch() == 0
    answer(ledger, slice(399, 400), bounced_at=True, refusal_status="5.7.26")
    assert watch() == 1
    reason = Send.objects.get().paused_because
    assert "20 of 400 answered" in reason
    assert "example.org 19 (5.7.515), example.org 1 (5.7.26)" in reason
    assert "SPF, DKIM and DMARC" in reason


def test_one_refusal_for_a_block_list_is_told_with_the_domain_and_the_list():
    ledger = running(300, "Gmail.example")
    answer(ledger, slice(0, 100), delivered_at=True)
    answer(ledger, slice(100, 101), blocked_at=True, block_list="Spamhaus")
    assert watch() + watch() == 0
    assert state(ledger) == (False, ["blocklist"])
    assert "1 of 101 answered" in Notice.objects.get().text
    assert "gmail.example 1 (Spamhaus)" in Notice.objects.get().text


def test_a_twentieth_refused_for_block_lists_pauses():
    ledger = running(401)
    answer(ledger, slice(0, 380), delivered_at=True)
    answer(ledger, slice(380, 399), blocked_at=True, block_list="Microsoft")
    assert watch() == 0
    answer(ledger, slice(399, 400), bounced_at=True, block_list="unnamed")
    assert watch() == 1
    reason = Send.objects.get().paused_because
    assert "20 of 400 answered, 5.00 %" in reason
    assert "example.org 19 (Microsoft), example.org 1 (unnamed)" in reason
    assert state(ledger) == (True, ["blocklist", "guard"])


def test_what_is_no_refusal_by_policy_is_not_taken_for_one():
    ledger = running(300)
    answer(ledger, slice(0, 40), blocked_at=True, refusal_status="5.2.2")
    answer(ledger, slice(40, 80), blocked_at=True, refusal_status="4.7.0")
    answer(ledger, slice(80, 300), delivered_at=True)
    assert watch() == 0
    assert state(ledger) == (False, [])


def requests(ledger: Ledger, outcomes: list[str]) -> None:
    """So many newer requests of the send with these outcomes, oldest first."""
    start = timezone.now()
    Submission.objects.bulk_create(
        Submission(batch=ledger.batch, size=1, outcome=outcome, started_at=start + timedelta(seconds=n))
        for n, outcome in enumerate(outcomes, 1)
    )


def test_requests_that_prove_nothing_pause_it():
    ledger = running(3)
    requests(ledger, ["unknown"] * 19)
    assert watch() == 0, "19 are too few"
    requests(ledger, ["unknown"])
    assert watch() == 1
    assert "20 of the last 21 requests" in Send.objects.get().paused_because


def test_only_the_newest_requests_count_and_settled_ones_do_not():
    ledger = running(3)
    requests(ledger, ["unknown"] * 60 + ["accepted"] * 20 + ["unknown"] * 20)
    assert watch() == 0, "half of the last 40 is not more than half"
    Submission.objects.filter(outcome="unknown").update(outcome="accepted")
    requests(ledger, ["unknown", *["not_accepted"] * (NEWEST - 1)])
    assert watch() == 0


def test_after_a_resume_the_old_numbers_pause_nothing_and_new_ones_do():
    ledger = running(1_000)
    answer(ledger, slice(0, 30), bounced_at=True)
    answer(ledger, slice(30, 300), delivered_at=True)
    assert watch() == 1
    answer(ledger, slice(300, 330), bounced_at=True)
    resume(ledger.send.pk)
    assert watch() == 0
    assert watch() == 0, "what was answered before the resume counts no more, also what came during the pause"
    answer(ledger, slice(330, 349), bounced_at=True)
    answer(ledger, slice(349, 530), delivered_at=True)
    assert watch() == 0
    answer(ledger, slice(530, 531), bounced_at=True)
    assert watch() == 1
    assert "20 of 201 answered" in Send.objects.get().paused_because
    resume(ledger.send.pk)
    assert watch() + watch() == 0
    assert state(ledger) == (False, ["guard", "guard"])


def test_late_complaints_about_what_was_delivered_before_the_resume_do_not_count():
    ledger = running(2_500)
    answer(ledger, slice(0, 1_000), delivered_at=True)
    answer(ledger, slice(0, 3), complained_at=True)
    assert watch() == 1
    resume(ledger.send.pk)
    watch()
    answer(ledger, slice(1_000, 2_500), delivered_at=True)
    answer(ledger, slice(3, 30), complained_at=True)
    assert watch() == 0
    answer(ledger, slice(1_000, 1_003), complained_at=True)
    assert watch() == 1


def test_a_pause_by_a_person_changes_nothing_about_what_counts():
    ledger = running(400)
    answer(ledger, slice(0, 19), bounced_at=True)
    pause(ledger.send.pk, "lunch")
    assert watch() == 0
    resume(ledger.send.pk)
    answer(ledger, slice(19, 20), bounced_at=True)
    answer(ledger, slice(20, 200), delivered_at=True)
    assert watch() == 1


def test_the_reset_after_a_resume_covers_unproven_requests_too():
    ledger = running(3)
    requests(ledger, ["unknown"] * 20)
    Submission.objects.update(started_at=timezone.now() - timedelta(minutes=1))
    assert watch() == 1
    resume(ledger.send.pk)
    assert watch() + watch() == 0
    requests(ledger, ["unknown"] * 20)
    assert watch() == 1


def test_a_finished_send_is_told_of_for_three_days_and_never_paused():
    ledger = running(1_100)
    Batch.objects.filter(send=ledger.send, state="waiting").update(state="rejected")
    answer(ledger, slice(None), delivered_at=True)
    answer(ledger, slice(0, 3), complained_at=True)
    answer(ledger, slice(3, 60), bounced_at=True, delivered_at=None)
    assert watch() == 0
    assert watch() == 0
    assert state(ledger) == (False, ["complaints", "bounces"])
    Notice.objects.all().delete()
    Submission.objects.update(started_at=timezone.now() - timedelta(days=3, minutes=1))
    assert watch() == 0
    assert not Notice.objects.exists()


@pytest.mark.parametrize("how", ["not started", "paused", "cancelled"])
def test_what_does_not_run_is_not_watched(how):
    ledger = running(300)
    answer(ledger, slice(0, 300), bounced_at=True)
    if how == "not started":
        Send.objects.update(started_at=None)
    elif how == "paused":
        pause(ledger.send.pk, "lunch")
    else:
        cancel(ledger.send.pk, "wrong issue")
    assert watch() == 0
    assert not Notice.objects.exists()


def test_a_send_is_judged_by_its_own_people():
    sick, healthy = running(300), running(301)
    answer(sick, slice(0, 30), bounced_at=True)
    answer(sick, slice(30, 300), delivered_at=True)
    answer(healthy, slice(0, 300), delivered_at=True)
    assert watch() == 1
    assert (state(sick)[0], state(healthy)[0]) == (True, False)


def test_everybody_is_counted_only_when_a_limit_may_be_passed():
    ledger = running(2_500)

    def counted() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert watch() == 0
        return sum("num_nonnulls(delivered_at" in query["sql"] for query in queries.captured_queries)

    answer(ledger, slice(0, 1_000), delivered_at=True)
    answer(ledger, slice(1_000, 1_019), bounced_at=True)
    assert counted() == 0, "19 are too few, however many were answered"
    answer(ledger, slice(1_019, 1_020), bounced_at=True)
    assert counted() == 1
    answer(ledger, slice(1_020, 1_050), bounced_at=True)
    answer(ledger, slice(1_050, 2_000), delivered_at=True)
    assert counted() == 0, "50 of the 1,020 that are known of are less than 5 %"
    answer(ledger, slice(2_000, 2_001), bounced_at=True)
    assert counted() == 1
    assert state(ledger) == (False, [])


def test_two_guards_at_once_tell_once(transactional_db):
    ledger = running(4_000)
    answer(ledger, slice(None), delivered_at=True)
    answer(ledger, slice(0, 3), complained_at=True)
    together = Barrier(2)

    def guard() -> int:
        try:
            together.wait()
            return watch()
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sum(future.result() for future in [pool.submit(guard) for _ in range(2)]) == 0
    assert state(ledger) == (False, ["complaints"])


def test_each_kind_of_finding_says_what_happened_and_what_to_do():
    seen = Seen(
        complaints=30, hard_bounces=900, refusals=700, authentication=1, delivered=9_000, answered=10_000,
        listed=600, unproven=25, newest=40, where="gmail.com 700 (5.7.26)", listed_where="gmail.com 600 (SpamCop)",
    )  # fmt: skip
    findings = {finding.kind: finding for finding in judge(seen)}
    assert list(findings) == ["authentication", "blocklist", "complaints", "bounces", "errors"]
    assert all(finding.pauses for finding in findings.values())
    assert "600 of 10,000 answered" in findings["blocklist"].text
    assert "gmail.com 600 (SpamCop)" in findings["blocklist"].text
    assert "25 of the last 40 requests" in findings["errors"].text
    assert list(judge(Seen(delivered=1_000_000, answered=1_000_000, newest=40))) == []


def test_the_codes_of_authentication_are_statuses_of_their_kind():
    assert all(code.startswith("5.7.") for code in AUTHENTICATION)
    assert "5.7.1" not in AUTHENTICATION
    assert {"5.7.26", "5.7.515"} <= set(AUTHENTICATION)


def test_from_events_to_the_owners_mailbox(inbox):
    ledger = running(400)
    Newsletter.objects.update(owner_email="owner@example.org")
    refused = {"type": "blocked", "bounce_classification": "Reputation", "status": "5.7.26"}
    events = [ledger.event("bounce", who, **refused) for who in range(25)]
    events += [ledger.event("delivered", who) for who in range(25, 400)]
    store(orjson.dumps(events))
    while fold_events():
        pass
    tasks.guard()
    tasks.tell()
    (message,) = inbox.messages(full=True)
    assert message["to"] == "owner@example.org"
    assert message["subject"] == f"[The Weekly] send {ledger.send.pk} has paused itself"
    assert "example.org 25 (5.7.26)" in message["text"]
    assert state(ledger) == (True, ["guard"])


def test_a_block_list_goes_from_the_receivers_words_to_the_owners_mailbox(inbox):
    ledger = running(3)
    Newsletter.objects.update(owner_email="owner@example.org")
    reason = "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org"
    store(
        orjson.dumps([ledger.event("bounce", 0, type="blocked", reason=reason), ledger.event("delivered", 1)])
    )
    fold_events()
    assert ledger.delivery(0).block_list == "Spamhaus"
    tasks.guard()
    tasks.tell()
    (message,) = inbox.messages(full=True)
    assert message["subject"] == f"[The Weekly] send {ledger.send.pk} needs attention"
    assert "1 of 2 answered" in message["text"]
    assert "example.org 1 (Spamhaus)" in message["text"]


def test_beat_runs_what_workers_know():
    app.loader.import_default_modules()
    due = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert {f"mailer.delivery.tasks.{name}" for name in ("guard", "decide", "tell")} <= due <= set(app.tasks)
