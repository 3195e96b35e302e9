"""What counts as sent, and which of its sends and subjects an issue shows."""

import pytest
from django.utils import timezone

from mailer.archive.published import web_address
from mailer.delivery.models import Batch, Edition, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import again, send_of, start
from mailer.delivery.steer import cancel
from mailer.delivery.submit import submit
from mailer.delivery.variants import ABTest
from mailer.issues.models import Issue
from tests.archive.sent import a_number, accept, begun, many, sent
from tests.newsroom import crowd, make_issue, subscribe

pytestmark = pytest.mark.django_db


def page(client, issue, path: str = "") -> str | None:
    """The page of an issue, or another of its newsletter; None where there is none."""
    answer = client.get(f"/archive/{issue.newsletter.slug}/{path or issue.number}")
    assert answer.status_code in (200, 404)
    return answer.content.decode() if answer.status_code == 200 else None


def test_a_draft_is_not_there(client):
    issue = a_number()
    assert page(client, issue) is None
    assert web_address(issue) is None


def test_a_plan_is_not_there(client):
    issue = a_number()
    plan(send_of(issue))
    assert page(client, issue) is None


@pytest.mark.parametrize("state", ["waiting", "unknown", "rejected", "cancelled"])
def test_a_send_that_reached_nobody_is_not_there(client, state):
    issue = a_number()
    begun(send_of(issue)).batches.update(state=state, submission_id="00000000-0000-4000-8000-000000000001")
    assert page(client, issue) is None


def test_an_issue_is_there_once_it_reached_somebody(client, settings):
    issue = a_number()
    sent(issue)
    assert "News about travel" in page(client, issue)
    assert web_address(issue) == f"{settings.PUBLIC_URL}/archive/{issue.newsletter.slug}/1"


def test_it_is_there_from_the_moment_when_the_first_request_was_accepted(client, inbox):
    issue = a_number()
    send = send_of(issue)
    plan(send)
    start(send)
    assert page(client, issue) is None
    assert submit(send.batches.get().pk)
    (message,) = inbox.messages(full=True)
    assert message["subject"] in page(client, issue)


def test_a_cancelled_send_is_there_if_it_reached_somebody_before(client):
    issue = a_number()
    subscribe(issue.newsletter.mailing_list, "policy@example.org", topics=["policy"])
    send = begun(send_of(issue))
    accept(send, edition__story_ids=[issue.stories.get(position=2).pk])
    cancel(send.pk, "a mistake")
    assert "News about ai" in page(client, issue)


def test_a_cancelled_send_that_reached_nobody_is_not_there(client):
    issue = a_number()
    cancel(begun(send_of(issue)).pk, "a mistake")
    assert page(client, issue) is None


def test_a_welcome_issue_is_not_there(client):
    issue = a_number()
    now = timezone.now()
    send = Send.objects.create(
        issue=issue,
        mailing_list=issue.newsletter.mailing_list,
        rolling=True,
        planned_at=now,
        started_at=now,
        candidates=1,
    )
    edition = Edition.objects.create(
        send=send, story_ids=[], language="en", subject="s", html="h", text="t", tags=[]
    )
    Batch.objects.create(send=send, edition=edition, subscriber_ids=[1])
    accept(send)
    assert page(client, issue) is None
    assert web_address(issue) is None


def test_nothing_is_there_of_a_newsletter_without_a_public_archive(client):
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, "anna@example.org")
    sent(issue)
    slug = issue.newsletter.slug
    for path in ("", "/1", "/feed", "/topics/ai"):
        assert client.get(f"/archive/{slug}{path}").status_code == 404
    assert slug not in client.get("/sitemap.xml").content.decode()
    assert web_address(issue) is None


def test_what_was_sent_before_the_archive_was_switched_on_is_in_it(client):
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, "anna@example.org")
    sent(issue)
    issue.newsletter.archive = True
    issue.newsletter.save()
    assert "News about ai" in page(client, issue)


def test_the_subject_that_won_is_shown_and_the_others_never(client):
    issue = a_number(subject="The plain subject")
    crowd(issue.newsletter.mailing_list, 20)
    send = begun(send_of(issue, test=ABTest((("The zesty subject", ""), ("The dull subject", "")), share=50)))
    accept(send, in_test=True)
    undecided = page(client, issue)
    assert "The plain subject" in undecided
    assert "zesty" not in undecided
    Send.objects.filter(pk=send.pk).update(winner=1, decided_at=timezone.now())
    for path in ("1", "feed"):
        shown = page(client, issue, path)
        assert "The zesty subject" in shown
        assert "plain" not in shown
        assert "dull" not in shown
    for loser in ("plain", "dull"):
        assert b"<article" not in client.get(f"/archive/{issue.newsletter.slug}?q={loser}").content


def test_an_issue_that_was_mended_and_sent_again_to_the_others_is_shown_as_mended(client):
    issue = a_number()
    send = begun(send_of(issue))
    accept(send)
    issue.stories.filter(position=1).update(headline="News without the mistake")
    assert "News about ai" in page(client, issue)
    subscribe(issue.newsletter.mailing_list, "late@example.org")
    second = begun(again(issue))
    assert "News about ai" in page(client, issue)
    accept(second)
    assert "News without the mistake" in page(client, issue)
    assert page(client, issue, "feed").count("<entry>") == 1


def test_an_issue_leads_to_those_before_and_after_it(client):
    issue = a_number()
    many(issue.newsletter, [3, 7, 9])
    sent(issue)
    Issue.objects.create(newsletter=issue.newsletter, number=8, date=issue.date, subject="A draft")
    slug = issue.newsletter.slug
    middle = client.get(f"/archive/{slug}/7").content.decode()
    assert f'/archive/{slug}/3" rel="prev"' in middle
    assert f'/archive/{slug}/9" rel="next"' in middle
    assert 'rel="next"' not in client.get(f"/archive/{slug}/9").content.decode()
    assert 'rel="prev"' not in client.get(f"/archive/{slug}/1").content.decode()
