"""Who is in an A/B test, in which variant, and how ceilings cut batches."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.models import Batch, Send
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress_and_moving, waits_for_winner
from mailer.delivery.start import discard, send_of, start
from mailer.delivery.sweep import sweep
from mailer.delivery.variants import ABTest, BadTest
from tests.newsroom import crowd, make_issue, planned_for, subscribe

pytestmark = pytest.mark.django_db
TEST = ABTest((("Second subject", ""), ("", "Third preheader")), share=30)


def groups(send: Send) -> dict[str, tuple[bool, int]]:
    """By address: whether they are in the test, and their variant."""
    return {address: (batch.in_test, batch.edition.variant) for address, batch in planned_for(send).items()}


def test_a_share_of_the_audience_tries_the_variants_and_is_the_same_on_replanning():
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 3_000)
    crowd(issue.newsletter.mailing_list, 600, topics=["ai"])
    send = send_of(issue, test=TEST)
    plan(send)
    first = groups(send)
    sizes = [sum(group == (True, variant) for group in first.values()) for variant in range(3)]
    # 30 % of 3,600 by a hash: 1,080 of a binomial distribution, in three parts.
    assert 950 < sum(sizes) < 1_210
    assert all(280 < size < 440 for size in sizes)
    assert all(variant == 0 for in_test, variant in first.values() if not in_test)
    assert send.editions.count() == 6
    assert discard(send)
    send = send_of(issue, test=TEST)
    plan(send)
    assert groups(send) == first


def test_each_variant_has_its_subject_and_what_is_not_given_is_the_issues_own():
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 3)
    send = send_of(issue, test=TEST)
    plan(send)
    own, second, third = send.editions.order_by("variant")
    assert second.subject == "Second subject"
    assert own.subject.endswith(", your week")
    assert third.subject.endswith(", your week")
    assert "Third preheader" in third.html
    assert "Third preheader" not in second.html


def test_the_others_wait_for_the_winner():
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 200)
    send = send_of(issue, test=TEST)
    plan(send)
    start(send)
    assert progress_and_moving(send)[1]
    for batch in Batch.objects.filter(send=send):
        assert (claim(batch.pk) is not None) == batch.in_test
    Batch.objects.filter(send=send, in_test=True).update(state="accepted")
    assert sweep() == 0
    assert waits_for_winner(send)
    assert not progress_and_moving(send)[1]
    Send.objects.filter(pk=send.pk).update(winner=0, decided_at=timezone.now())
    waiting = Batch.objects.get(send=send, in_test=False)
    assert claim(waiting.pk) is not None


@pytest.mark.parametrize(
    ("test", "says"),
    [
        (ABTest((("same", ""), ("same", ""))), "are the same"),
        (ABTest(()), "2 to 4 variants"),
        (ABTest(tuple((f"subject {n}", "") for n in range(4))), "2 to 4 variants"),
        (ABTest((("other", ""),), share=0), "1 to 99 percent"),
        (ABTest((("other", ""),), minutes=0), "1 minute to 7 days"),
        (ABTest((("two\nlines", ""),)), "one line"),
        (ABTest((("two\u2028lines", ""),)), "one line"),
        (ABTest((("a bell\a", ""),)), "one line"),
        (ABTest((("   ", ""),)), "blank"),
    ],
)
def test_a_test_that_would_tell_nothing_is_refused_and_leaves_nothing(test, says):
    with pytest.raises(BadTest, match=says):
        send_of(make_issue(), test=test)
    assert not Send.objects.exists()


def test_the_command_sends_the_test_and_says_when_the_rest_goes():
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 50)
    at = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    call_command("send", str(issue), "--yes", "--at", at, "--subject", "Second", stdout=StringIO())
    send = Send.objects.get()
    assert send.started_at
    assert send.test_share == 20
    assert send.variants.count() == 2
    assert all(batch.due_at > timezone.now() for batch in send.batches.all())
    with pytest.raises(CommandError, match="was started already"):
        call_command("send", str(issue), "--yes", "--subject", "Another", stdout=StringIO())


def test_a_receiving_domain_with_a_ceiling_has_batches_of_its_own_no_larger_than_it():
    issue = make_issue()
    newsletter = issue.newsletter
    newsletter.domain_ceilings, newsletter.hourly_ceiling = {"gmail.com": 4}, 7
    newsletter.save()
    subscribe(
        newsletter.mailing_list, *(f"a{n}@Gmail.com" for n in range(10)), *(f"b{n}@x.org" for n in range(20))
    )
    send = send_of(issue)
    plan(send)
    sizes = {domain: [] for domain in ("gmail.com", "")}
    for batch in send.batches.order_by("id"):
        sizes[batch.domain].append(batch.size)
    assert sizes == {"gmail.com": [4, 4, 2], "": [7, 7, 6]}


def test_a_warm_up_cuts_batches_to_its_first_day():
    issue = make_issue()
    newsletter = issue.newsletter
    newsletter.warm_up_from, newsletter.warm_up_first_day = timezone.now().date(), 3
    newsletter.save()
    crowd(newsletter.mailing_list, 7)
    send = send_of(issue)
    plan(send)
    assert sorted(batch.size for batch in send.batches.all()) == [1, 3, 3]
