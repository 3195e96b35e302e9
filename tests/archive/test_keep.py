"""What stands on the web is what was sent, whatever becomes of the issue afterwards."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from mailer.archive.keep import keep_missing
from mailer.archive.models import WebEdition
from mailer.delivery.models import Send
from mailer.delivery.plan import plan
from mailer.delivery.start import discard, send_of
from mailer.issues.models import Issue
from tests.archive.sent import a_number, accept, begun, sent
from tests.newsroom import make_issue, subscribe

pytestmark = pytest.mark.django_db


def body(client, issue) -> str:
    """What the page shows of an issue."""
    page = client.get(f"/archive/{issue.newsletter.slug}/{issue.number}").content.decode()
    return page.split('<main id="issue">')[1].split("</main>")[0]


def test_what_is_edited_after_the_plan_does_not_change_it(client):
    issue = a_number()
    send = send_of(issue)
    plan(send)
    Issue.objects.filter(pk=issue.pk).update(subject="Another subject", intro="Another intro")
    issue.stories.update(
        headline="Another headline", body="Another body", image="https://www.example.com/a.png"
    )
    begun(send)
    accept(send)
    page = client.get(f"/archive/{issue.newsletter.slug}/1").content.decode()
    assert "Another" not in page
    assert "a.png" not in page
    assert "News about ai" in page
    archive = client.get(f"/archive/{issue.newsletter.slug}?q=another").content.decode()
    assert "<article" not in archive


def test_all_stories_are_there_although_every_reader_chose_a_topic(client):
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, "anna@example.org", topics=["ai"])
    issue.newsletter.archive = True
    issue.newsletter.save()
    send = sent(issue)
    assert [len(edition.story_ids) for edition in send.editions.all()] == [1]
    assert all(f"News about {topic}" in body(client, issue) for topic in ("ai", "policy", "travel"))


def test_a_hidden_story_is_not_there(client):
    issue = a_number()
    issue.stories.filter(position=2).update(hidden=True)
    sent(issue)
    assert "News about policy" not in body(client, issue)


def test_links_are_the_originals(client):
    issue = a_number()
    issue.newsletter.utm_source = "weekly"
    issue.newsletter.save()
    sent(issue)
    assert 'href="https://www.example.com/ai"' in body(client, issue)
    assert "utm_" not in body(client, issue)


def test_planning_again_keeps_nothing_more():
    issue = a_number()
    send = begun(send_of(issue))
    first = WebEdition.objects.get()
    issue.stories.update(headline="Another headline")
    plan(send)
    assert WebEdition.objects.get() == first
    assert WebEdition.objects.get().html == first.html


def test_what_cannot_be_rendered_on_the_web_stops_no_send(client):
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, "anna@example.org", topics=["ai", "travel"])
    issue.newsletter.archive = True
    issue.newsletter.save()
    issue.stories.filter(position=2).update(link="javascript:alert(1)")
    send = sent(issue)
    assert not send.web_editions.exists()
    assert "News about ai" in body(client, issue)
    assert "News about policy" not in body(client, issue)


def test_a_send_from_before_shows_the_fullest_edition_that_went_out(client):
    issue = a_number()
    subscribe(issue.newsletter.mailing_list, "anna@example.org", topics=["ai"])
    sent(issue)
    before = body(client, issue)
    WebEdition.objects.all().delete()
    issue.stories.filter(position=2).update(headline="Another headline")
    assert body(client, issue).replace(' id="story-2"', "") == before.replace(' id="story-2"', "")
    archive = client.get(f"/archive/{issue.newsletter.slug}").content.decode()
    assert "News about travel" in archive
    assert "Another headline" not in archive


def test_a_plan_that_is_given_up_leaves_nothing():
    issue = a_number()
    send = send_of(issue)
    plan(send)
    assert WebEdition.objects.exists()
    assert discard(send)
    assert not WebEdition.objects.exists()
    assert not Send.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_many_who_look_first_at_once_see_one_edition():
    issue = a_number()
    sent(issue)
    WebEdition.objects.all().delete()

    def look(_: int) -> None:
        keep_missing(issue.newsletter)
        connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(look, range(8)))
    assert WebEdition.objects.count() == 1
