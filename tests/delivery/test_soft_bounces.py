"""Whom mail does not reach again and again gets none for a while."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from mailer.delivery.exclusions import REASON
from mailer.delivery.models import Batch, Delivery, Edition, Exclusion, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of
from mailer.delivery.suppressing.soft_bounces import SOURCE, pause_refused
from mailer.issues.models import Issue
from subscribers.models import Consent, MailingList, Subscription
from tests.newsroom import make_issue, subscribe

pytestmark = pytest.mark.django_db

NOW = timezone.now()
BLOCKED, DEFERRED, DELIVERED = (
    {"blocked_at": NOW},
    {"deferred_at": NOW - timedelta(days=4)},
    {"delivered_at": NOW},
)
NOT_SENT = None


class Reader:
    """Somebody on a list, and what became of each issue for them, oldest first."""

    def __init__(self, issue: Issue, *fates: dict | None, address: str = "reader@example.org") -> None:
        self.issue = issue
        (self.person,) = subscribe(issue.newsletter.mailing_list, address)
        self.sends: list[Send] = []
        for fate in fates:
            self.sent(fate)

    def sent(self, fate: dict | None, issue: Issue | None = None, started_at: datetime | None = None) -> Send:
        """The next issue of the newsletter, sent an hour after the one before; or `issue` once more."""
        number = 2 + len(self.sends)
        if issue is None:
            issue = Issue.objects.create(
                newsletter=self.issue.newsletter, number=number, date=f"2026-01-{number:02}"
            )
            previous = None
        else:
            previous = Send.objects.filter(issue=issue).order_by("-id").first()
        send = Send.objects.create(
            issue=issue,
            previous=previous,
            mailing_list=issue.newsletter.mailing_list,
            started_at=started_at or NOW - timedelta(days=50) + timedelta(hours=len(self.sends)),
        )
        self.sends.append(send)
        if fate is not None:
            self.deliver(send, fate)
        return send

    def deliver(self, send: Send, fate: dict) -> None:
        edition = Edition.objects.create(
            send=send, story_ids=[], language="en", subject="", html="", text="", tags=[]
        )
        batch = Batch.objects.create(send=send, edition=edition, subscriber_ids=[self.person.pk])
        Delivery.objects.create(send=send, subscriber=self.person, batch=batch, **fate)

    @property
    def subscription(self) -> Subscription:
        return Subscription.objects.get(subscriber=self.person)

    @property
    def is_paused(self) -> bool:
        return self.subscription.paused_until is not None


@pytest.mark.parametrize(
    ("fates", "paused"),
    [
        ((BLOCKED, BLOCKED, BLOCKED), True),
        ((DEFERRED, BLOCKED, DEFERRED), True),
        ((BLOCKED, BLOCKED), False),
        ((BLOCKED, BLOCKED, DELIVERED, BLOCKED), False),
        ((BLOCKED, BLOCKED, BLOCKED, DELIVERED), False),
        ((DELIVERED, BLOCKED, BLOCKED, BLOCKED), True),
        ((BLOCKED, NOT_SENT, BLOCKED, NOT_SENT, BLOCKED), True),
        ((BLOCKED, NOT_SENT, NOT_SENT, BLOCKED, NOT_SENT, BLOCKED), False),
        ((BLOCKED, BLOCKED, {**BLOCKED, **DELIVERED}), False),
        ((BLOCKED, BLOCKED, {"deferred_at": NOW - timedelta(days=1)}), False),
        ((BLOCKED, BLOCKED, {**DEFERRED, **DELIVERED}), False),
        ((BLOCKED, BLOCKED, {"dropped_at": NOW}), False),
        ((BLOCKED, BLOCKED, {"bounced_at": NOW, **BLOCKED}), False),
    ],
)
def test_three_refused_of_the_last_five_issues_with_no_delivery_since(fates, paused) -> None:
    reader = Reader(make_issue(), *fates)
    assert pause_refused() == int(paused)
    assert reader.is_paused is paused


def test_the_pause_is_recorded_and_is_an_exclusion_of_its_own() -> None:
    issue = make_issue()
    reader = Reader(issue, BLOCKED, BLOCKED, BLOCKED)
    pause_refused()
    subscription = reader.subscription
    today = timezone.now().date()
    assert subscription.paused_because == "soft_bounces"
    assert today + timedelta(days=29) <= subscription.paused_until <= today + timedelta(days=31)
    record = Consent.objects.get(subscriber=reader.person, action="changed")
    assert record.source == SOURCE
    assert record.detail == {
        "paused_until": subscription.paused_until.isoformat(),
        "refused_issues": [send.issue_id for send in reader.sends],
    }
    send = send_of(issue)
    plan(send)
    assert Exclusion.objects.get(send=send).reason == "soft_bounces"
    assert "soft_bounces" in REASON


def test_running_again_pauses_nobody_twice() -> None:
    reader = Reader(make_issue(), BLOCKED, BLOCKED, BLOCKED)
    assert (pause_refused(), pause_refused()) == (1, 0)
    assert Consent.objects.filter(subscriber=reader.person).count() == 1


@pytest.mark.django_db(transaction=True)
def test_after_a_pause_the_count_starts_anew() -> None:
    reader = Reader(make_issue(), BLOCKED, BLOCKED, BLOCKED)
    pause_refused()
    Subscription.objects.update(paused_until=timezone.now().date() - timedelta(days=1))
    assert pause_refused() == 0
    reader.sent(BLOCKED)  # sent before the pause, refused late
    assert pause_refused() == 0
    for expected in (0, 0, 1):
        reader.sent(BLOCKED, started_at=timezone.now())
        assert pause_refused() == expected
    assert reader.is_paused
    assert Consent.objects.filter(source=SOURCE).count() == 2


def test_a_later_send_of_the_same_issue_that_arrives_makes_it_delivered() -> None:
    reader = Reader(make_issue(), BLOCKED, BLOCKED, BLOCKED)
    reader.sent(DELIVERED, issue=reader.sends[-1].issue)
    assert pause_refused() == 0


def test_an_issue_that_is_refused_in_two_sends_counts_once() -> None:
    reader = Reader(make_issue(), BLOCKED, BLOCKED)
    reader.sent(BLOCKED, issue=reader.sends[-1].issue)
    assert pause_refused() == 0


def test_a_list_has_numbers_of_its_own_and_may_have_no_rule() -> None:
    issue = make_issue()
    reader = Reader(issue, BLOCKED, DELIVERED, BLOCKED)
    lists = MailingList.objects.filter(pk=issue.newsletter.mailing_list_id)
    lists.update(soft_bounce_limit=0)
    assert pause_refused() == 0
    lists.update(soft_bounce_limit=1, soft_bounce_issues=1, soft_bounce_pause_days=3)
    assert pause_refused() == 1
    assert (reader.subscription.paused_until - timezone.now().date()).days in (2, 3, 4)


@pytest.mark.parametrize(
    "change", [{"state": "unsubscribed"}, {"state": "pending"}, {"paused_until": "2999-01-01"}]
)
def test_who_gets_nothing_anyway_is_left_as_they_are(change) -> None:
    reader = Reader(make_issue(), BLOCKED, BLOCKED, BLOCKED)
    Subscription.objects.update(**change)
    assert pause_refused() == 0
    assert reader.subscription.paused_because == "asked"


def test_another_lists_refusals_do_not_count() -> None:
    reader = Reader(make_issue(), BLOCKED, BLOCKED)
    other = make_issue()
    Subscription.objects.create(
        subscriber=reader.person, mailing_list=other.newsletter.mailing_list, state="active"
    )
    send = Send.objects.create(
        issue=other, mailing_list=other.newsletter.mailing_list, started_at=timezone.now() - timedelta(days=1)
    )
    reader.deliver(send, BLOCKED)
    assert pause_refused() == 0
