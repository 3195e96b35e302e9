"""A report is compared with the newsletter's ten issues before it, by the figures that are kept of them."""

from datetime import timedelta

import pytest

from mailer.delivery.models import Delivery, Send
from mailer.issues.models import Issue
from mailer.tracking.models import SendFigures
from mailer.tracking.reports.count import report
from mailer.tracking.reports.keep import count_and_keep
from tests.tracking.ledger import SENT_AT, Ledger, make_send

pytestmark = pytest.mark.django_db


def issue_of(newsletter_of: Ledger | None, weeks: int, opened: int, people: int = 10) -> Ledger:
    """An issue that went to so many, so many weeks after the first, and was opened by so many."""
    at = SENT_AT + timedelta(weeks=weeks)
    ledger = make_send(people, submitted_at=at)
    if newsletter_of:
        Issue.objects.filter(pk=ledger.send.issue_id).update(
            newsletter=newsletter_of.send.issue.newsletter_id, number=100 + weeks
        )
    Send.objects.filter(pk=ledger.send.pk).update(started_at=at)
    deliveries = Delivery.objects.filter(send=ledger.send)
    deliveries.update(delivered_at=at)
    openers = [person.pk for person in ledger.subscribers[:opened]]
    deliveries.filter(subscriber__in=openers).update(opened_at=at)
    return ledger


def test_each_rate_has_median_and_range_of_the_last_ten() -> None:
    first = issue_of(None, 0, 10)
    before = [issue_of(first, week, week % 5) for week in range(1, 12)]
    this = issue_of(first, 12, 9)
    after = issue_of(first, 13, 10)
    for ledger in (first, *before, after):
        count_and_keep(ledger.send)
    compared = report(this.send).compared
    opened = compared.of("opened")
    assert opened is not None
    # Of the weeks 2 to 11: 2 3 4 0 1 2 3 4 0 1 of ten.
    assert (compared.issues, compared.counted, opened.issues) == (10, 10, 10)
    assert (opened.lowest, opened.median, opened.highest) == (0, 0.2, 0.4)
    assert "10 issues" in compared.says


def test_it_says_how_many_there_are_and_how_many_are_not_counted_yet() -> None:
    first = issue_of(None, 0, 5)
    second = issue_of(first, 1, 5)
    alone = report(first.send).compared
    assert (alone.issues, alone.usual) == (0, ())
    assert "no issue before it" in alone.says
    uncounted = report(second.send).compared
    assert (uncounted.issues, uncounted.counted, uncounted.usual) == (1, 0, ())
    assert "1 of them without figures yet" in uncounted.says


def test_a_rate_of_nobody_is_in_no_comparison() -> None:
    first = issue_of(None, 0, 0)
    count_and_keep(first.send)
    opened = report(issue_of(first, 1, 5).send).compared
    assert opened.of("opened") is not None
    assert opened.of("opened_and_clicked") is None


def test_other_newsletters_welcomes_and_sends_to_those_left_out_are_no_issues_before() -> None:
    first = issue_of(None, 0, 5)
    other, welcome, later = issue_of(None, 1, 5), issue_of(first, 2, 5), issue_of(first, 3, 5)
    Send.objects.filter(pk=welcome.send.pk).update(rolling=True)
    Send.objects.filter(pk=later.send.pk).update(previous=first.send)
    for ledger in (first, other, welcome, later):
        count_and_keep(ledger.send)
    assert SendFigures.objects.count() == 4
    assert report(issue_of(first, 4, 5).send).compared.issues == 1
