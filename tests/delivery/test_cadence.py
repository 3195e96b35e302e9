"""Every second issue, one a month, and pauses: obeyed by the plan, and told as reasons of their own."""

from datetime import UTC, datetime, time, timedelta
from io import StringIO
from random import Random

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.forecast.explain import explain
from mailer.delivery.models import Batch, Delivery, Exclusion, Send
from mailer.delivery.plan import plan
from mailer.delivery.schedule import Schedule
from mailer.delivery.start import again, discard, send_of, start
from mailer.delivery.steer import cancel
from subscribers.models import Subscription
from tests.delivery.dry_runs import foresee
from tests.delivery.settled import become
from tests.delivery.turns import out_of_turn
from tests.newsroom import make_issue, next_issue, planned_for, subscribe

pytestmark = pytest.mark.django_db

FIRST = datetime(2036, 3, 3, 9, 0, tzinfo=UTC)
WEEK = timedelta(days=7)
ADDRESS = "reader@example.org"


@pytest.fixture
def issue():
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, ADDRESS, "other@example.org")
    return issue


def wants(cadence, *addresses):
    Subscription.objects.filter(subscriber__email__in=addresses or [ADDRESS]).update(cadence=cadence)


def planned(issue, at=None):
    """The send of an issue, planned for a moment."""
    send = send_of(issue, Schedule(at=at) if at else None)
    plan(send)
    return send


def sent(issue, at=None, state="accepted"):
    """The send of an issue, over."""
    send = planned(issue, at)
    start(send)
    become(send.batches, state)
    return send


def reason(send, address=ADDRESS):
    """Why somebody does not get a send; None for who does."""
    found = Exclusion.objects.filter(send=send, subscriber__email=address).first()
    assert (found is None) == (address in planned_for(send))
    return found and found.reason


def weekly(issue, weeks, state="accepted"):
    """What becomes of one issue a week: the reasons against each."""
    told = []
    for week in range(weeks):
        told.append(reason(sent(issue, FIRST + week * WEEK, state)))
        issue = next_issue(issue)
    return told


class TestEverySecond:
    def test_they_get_one_of_two(self, issue):
        wants("second")
        assert weekly(issue, 5) == [None, "every_second", None, "every_second", None]

    def test_what_failed_does_not_count(self, issue):
        wants("second")
        sent(issue, FIRST)
        Delivery.objects.update(blocked_at=timezone.now())
        assert reason(planned(next_issue(issue), FIRST + WEEK)) is None

    @pytest.mark.parametrize(
        ("state", "expected"),
        [("rejected", None), ("unknown", "every_second"), ("submitting", "every_second")],
    )
    def test_what_may_have_arrived_counts(self, issue, state, expected):
        wants("second")
        sent(issue, FIRST, state)
        assert reason(planned(next_issue(issue), FIRST + WEEK)) == expected

    def test_what_waits_for_them_counts(self, issue):
        wants("second")
        planned(issue, FIRST)
        assert reason(planned(next_issue(issue), FIRST + WEEK)) == "every_second"

    def test_one_that_is_planned_for_later_counts_as_the_one_before_does(self, issue):
        wants("second")
        planned(next_issue(issue), FIRST + WEEK)
        assert reason(planned(issue, FIRST)) == "every_second"

    def test_who_had_no_story_in_the_last_one_gets_this_one(self, issue):
        subscribe(issue.newsletter.mailing_list, "ai@example.org", topics=["ai"])
        wants("second", "ai@example.org")
        following = next_issue(issue)
        issue.stories.filter(topics__slug="ai").delete()
        assert reason(sent(issue, FIRST), "ai@example.org") == "no_stories"
        assert reason(planned(following, FIRST + WEEK), "ai@example.org") is None

    def test_the_whole_chain_of_an_issues_sends_counts(self, issue):
        wants("second")
        sent(issue, FIRST)
        Delivery.objects.update(blocked_at=timezone.now())
        second = again(issue)
        plan(second)
        assert reason(second) is None
        start(second)
        become(second.batches, "accepted")
        assert reason(planned(next_issue(issue), FIRST + WEEK)) == "every_second"

    def test_a_further_send_decides_as_the_first_did(self, issue):
        wants("second", ADDRESS, "other@example.org")
        sent(issue, FIRST)
        second = next_issue(issue)
        send = sent(second, FIRST + WEEK)
        assert reason(send) == "every_second"
        sent(next_issue(second), FIRST + 2 * WEEK)
        further = again(second, Schedule(at=FIRST + 3 * WEEK))
        plan(further)
        assert reason(further) == "every_second"
        assert reason(further, "other@example.org") == "every_second"

    def test_who_got_a_cancelled_one_has_had_it_and_who_did_not_has_not_lost_a_turn(self, issue):
        wants("second", ADDRESS, "other@example.org")
        sent(issue, FIRST)
        Delivery.objects.filter(subscriber__email=ADDRESS).update(blocked_at=timezone.now())
        second = next_issue(issue)
        subscribe(issue.newsletter.mailing_list, "ai@example.org", topics=["ai"])
        wants("second", "ai@example.org")
        send = planned(second, FIRST + WEEK)
        start(send)
        become(Batch.objects.filter(pk=planned_for(send)["ai@example.org"].pk), "accepted")
        cancel(send.pk, "a wrong picture")
        third = planned(next_issue(second), FIRST + 2 * WEEK)
        assert reason(third) is None
        assert reason(third, "other@example.org") == "every_second"
        assert reason(third, "ai@example.org") == "every_second"

    def test_a_welcome_issue_takes_no_turn(self, issue):
        wants("second")
        send = sent(issue)
        Send.objects.filter(pk=send.pk).update(rolling=True)
        assert reason(planned(next_issue(issue))) is None

    def test_another_list_is_another_matter(self, issue):
        wants("second")
        other = make_issue()
        Subscription.objects.create(
            subscriber=Subscription.objects.get(subscriber__email=ADDRESS).subscriber,
            mailing_list=other.newsletter.mailing_list,
            state="active",
            cadence="second",
        )
        sent(other, FIRST)
        assert reason(planned(issue, FIRST + WEEK)) is None


class TestMonthly:
    def test_they_get_one_in_four_of_a_weekly(self, issue):
        wants("monthly")
        assert weekly(issue, 9) == [None, *["monthly"] * 3, None, *["monthly"] * 3, None]

    @pytest.mark.parametrize(
        ("apart", "expected"),
        [(timedelta(days=27), None), (timedelta(days=27, minutes=-1), "monthly")],
    )
    def test_27_days_lie_between_two(self, issue, apart, expected):
        wants("monthly")
        sent(issue, FIRST)
        assert reason(planned(next_issue(issue), FIRST + apart)) == expected

    def test_a_local_time_is_that_of_the_newsletters_zone(self, issue):
        issue.newsletter.time_zone = "Pacific/Kiritimati"  # 14 hours ahead
        issue.newsletter.save()
        wants("monthly")
        sent(issue, FIRST)
        local = datetime.combine((FIRST + timedelta(days=27)).date(), time(22, 59))
        send = send_of(next_issue(issue), Schedule(local=local))
        plan(send)
        assert reason(send) == "monthly"
        assert discard(send)
        send = send_of(send.issue, Schedule(local=local + timedelta(minutes=1)))
        plan(send)
        assert reason(send) is None

    def test_one_that_waits_for_next_week_counts(self, issue):
        wants("monthly")
        planned(next_issue(issue), FIRST + WEEK)
        assert reason(planned(issue, FIRST)) == "monthly"

    def test_a_late_further_send_is_no_second_one_within_a_month(self, issue):
        wants("monthly")
        sent(issue, FIRST)
        Delivery.objects.update(blocked_at=timezone.now())
        sent(next_issue(issue), FIRST + 5 * WEEK)
        further = again(issue, Schedule(at=FIRST + 6 * WEEK))
        plan(further)
        assert reason(further) == "monthly"


class TestPauses:
    @pytest.mark.parametrize(("because", "expected"), [("asked", "paused"), ("soft_bounces", "soft_bounces")])
    def test_a_pause_says_whose_it_is_to_the_plan_and_to_the_claim(self, issue, because, expected):
        pause = {"paused_until": timezone.now().date() + timedelta(days=3), "paused_because": because}
        Subscription.objects.filter(subscriber__email=ADDRESS).update(**pause)
        send = planned(issue)
        assert reason(send) == expected
        start(send)
        Subscription.objects.filter(subscriber__email="other@example.org").update(**pause)
        assert claim(Batch.objects.get().pk) is None
        assert dict(Exclusion.objects.values_list("subscriber__email", "reason")) == {
            ADDRESS: expected,
            "other@example.org": expected,
        }


class TestTold:
    def test_a_cadence_that_changes_after_the_plan_counts_from_the_next(self, issue):
        sent(issue, FIRST)
        second = next_issue(issue)
        send = planned(second)
        wants("second")
        start(send)
        claimed = claim(Batch.objects.get(send=send).pk)
        assert claimed is not None
        assert len(claimed.subscriber_ids) == 2
        become(send.batches, "accepted")
        assert reason(planned(next_issue(second))) == "every_second"

    @pytest.mark.parametrize(
        ("cadence", "expected", "words"),
        [
            ("second", "every_second", "wants every second issue and has the last one"),
            ("monthly", "monthly", "wants one a month and has had one"),
        ],
    )
    def test_why_names_the_send_that_they_have(self, issue, cadence, expected, words):
        wants(cadence)
        earlier = sent(issue, FIRST)
        send = send_of(next_issue(issue), Schedule(at=FIRST + WEEK))
        for _ in ("before the plan", "after it"):
            found = explain(send, ADDRESS)
            assert (found.verdict, found.reason) == ("excluded", expected)
            assert found.text == (
                f"{ADDRESS} does not get {send.issue}: {words} "
                f"({issue} from send {earlier.pk} of 3 March 2036, 09:00 UTC)."
            )
            plan(send)
        wants("every")
        assert explain(send, ADDRESS).text.endswith("That holds no more.")

    @pytest.mark.parametrize(
        ("because", "words"),
        [
            ("asked", "paused by the subscriber (until "),
            ("soft_bounces", "paused, because mail was refused again and again (until "),
        ],
    )
    def test_why_tells_a_pause(self, issue, because, words):
        until = timezone.now().date() + timedelta(days=3)
        Subscription.objects.filter(subscriber__email=ADDRESS).update(
            paused_until=until, paused_because=because
        )
        send = planned(issue)
        assert words in explain(send, ADDRESS).text
        Subscription.objects.update(paused_until=None)
        assert "That holds no more" in explain(send, ADDRESS).text

    def test_the_people_of_a_send_are_listed_by_these_reasons(self, issue):
        wants("second")
        sent(issue, FIRST)
        send = planned(next_issue(issue), FIRST + WEEK)
        out = StringIO()
        call_command("people", str(send.pk), "--excluded", "every_second", stdout=out, stderr=StringIO())
        assert out.getvalue() == f"{ADDRESS}  excluded  wants every second issue and has the last one\n"
        out = StringIO()
        call_command("plan", str(send.pk), "--dry-run", "--list", "every_second", stdout=out)
        assert ADDRESS in out.getvalue()

    def test_where_nobody_has_a_cadence_nothing_more_is_asked(self, issue):
        sent(issue, FIRST)
        send = send_of(next_issue(issue), Schedule(at=FIRST + WEEK))
        with CaptureQueriesContext(connection) as asked:
            plan(send)
        assert not [query for query in asked if "out_of_turn" in query["sql"]]


@pytest.mark.parametrize("seed", range(25))
def test_any_history_is_judged_as_person_by_person(seed):
    """Issues in any order of time, some again, failed, cancelled or waiting: the plan agrees with plain Python, and the
    dry run with the plan."""
    draw = Random(seed)
    issue = make_issue(["ai", "policy"])
    people = []
    for n in range(24):
        topics = draw.choice([[], [], ["ai"], ["policy"]])
        people += subscribe(issue.newsletter.mailing_list, f"reader{n}.{seed}@example.org", topics=topics)
    issues = [issue]
    judged = 0
    for _ in range(8):
        for person in draw.sample(people, 6):
            wants(draw.choice(["every", "second", "monthly"]), person.email)
        at = FIRST + timedelta(days=draw.randint(0, 50), hours=draw.randint(0, 23))
        send = _another(draw, issues, at)
        if send is None:
            continue
        expected = out_of_turn(send)
        foreseen = {each.reason: each.people for each in foresee(send).excluded}
        plan(send)
        excluded = Exclusion.objects.filter(send=send)
        found = excluded.filter(reason__in=["every_second", "monthly"])
        has_it = set(excluded.filter(reason="already").values_list("subscriber", flat=True))
        assert dict(found.values_list("subscriber", "reason")) == {
            who: because for who, because in expected.items() if who not in has_it
        }
        assert foreseen == {
            each: excluded.filter(reason=each).count()
            for each in set(excluded.values_list("reason", flat=True))
        }
        judged += len(expected)
        _let_it_go_somehow(draw, send)
    assert judged


def _another(draw, issues, at):
    """A send of a new issue, or a further one of an old; None where that is not over."""
    old = [issue for issue in issues if issue.sends.exclude(started_at=None).exists()]
    if old and draw.random() < 0.3:
        issue = draw.choice(old)
        last = issue.sends.first()
        return None if last.started_at is None else again(issue, Schedule(at=at))
    issues.append(next_issue(issues[-1]))
    return send_of(issues[-1], Schedule(at=at))


def _let_it_go_somehow(draw, send):
    fate = draw.choice(["wait", "go", "go", "go", "cancel"])
    if fate == "wait":
        return
    start(send)
    batches = list(send.batches.all())
    out = draw.sample(batches, draw.randint(0, len(batches))) if fate == "cancel" else batches
    for batch in out:
        become(
            Batch.objects.filter(pk=batch.pk), draw.choice(["accepted", "accepted", "unknown", "rejected"])
        )
    if fate == "cancel":
        cancel(send.pk, "enough")
    for delivery in Delivery.objects.filter(send=send):
        if draw.random() < 0.2:
            field = draw.choice(["blocked_at", "dropped_at", "delivered_at"])
            Delivery.objects.filter(pk=delivery.pk).update(**{field: timezone.now()})
