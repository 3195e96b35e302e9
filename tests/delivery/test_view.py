"""The issue in the browser: what its reader got, for its reader and whoever they pass the link on to."""

import re

import pytest

from mailer.delivery.claim import claim
from mailer.delivery.models import Delivery, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of, start
from mailer.delivery.submit import submit
from subscribers import tokens
from subscribers.leaving import leave
from subscribers.models import Subscriber
from subscribers.tokens import Scope
from tests.newsroom import make_issue, subscribe

pytestmark = pytest.mark.django_db
HOSTILE = "</title><script>alert(1)</script><img src=x onerror='alert(2)'>\"&amp;"


def planned(issue) -> Send:
    send = send_of(issue)
    plan(send)
    start(send)
    return send


def sent(issue) -> Send:
    send = planned(issue)
    for batch in send.batches.all():
        assert claim(batch.pk) is not None
    return send


def address(send: Send, person: Subscriber, scope: Scope = Scope.VIEW) -> str:
    return f"/v/{tokens.make(scope, send.mailing_list_id, person.pk, send.pk)}"


def one_reader(**of: object) -> tuple[Send, Subscriber]:
    issue = make_issue()
    (person,) = subscribe(issue.newsletter.mailing_list, "mei@example.org", **of)
    return sent(issue), person


def test_readers_see_their_own_stories_and_their_own_name(client):
    issue = make_issue()
    (mei,) = subscribe(issue.newsletter.mailing_list, "mei@example.org", first_name="梅", topics=["ai"])
    (anna,) = subscribe(
        issue.newsletter.mailing_list, "anna@example.org", first_name="Anna", topics=["travel"]
    )
    send = sent(issue)
    pages = {person: client.get(address(send, person)).content.decode() for person in (mei, anna)}
    assert "Dear 梅," in pages[mei]
    assert "News about ai" in pages[mei]
    assert "News about travel" not in pages[mei]
    assert "Dear Anna," in pages[anna]
    assert "News about travel" in pages[anna]
    assert "News about ai" not in pages[anna]


def test_the_page_is_what_was_mailed(client, inbox):
    issue = make_issue()
    (person,) = subscribe(issue.newsletter.mailing_list, "mei@example.org", first_name="Zoë & Co")
    send = planned(issue)
    assert submit(send.batches.get().pk)
    (message,) = inbox.messages(full=True)
    page = client.get(address(send, person)).content.decode()
    own_links = re.compile(r"/[up]/[\w-]+")
    assert own_links.sub("", page) == own_links.sub("", message["html"])


def test_an_edition_stays_as_it_was_sent_when_the_stories_change(client):
    send, person = one_reader()
    before = client.get(address(send, person)).content
    send.issue.stories.update(headline="Something else")
    assert client.get(address(send, person)).content == before


def test_hostile_values_of_a_subscriber_are_shown_and_do_nothing(client):
    send, person = one_reader(first_name=HOSTILE)
    page = client.get(address(send, person)).content.decode()
    assert "<script" not in page
    assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "{{" not in page


def test_nothing_but_styles_and_pictures_may_load_and_nobody_keeps_a_copy(client):
    send, person = one_reader()
    answer = client.get(address(send, person))
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src ")
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not answer.cookies


@pytest.mark.parametrize("token", ["x", "A" * 40, "ü", "%00", "a" * 3_000, "A" * 39])
def test_a_link_that_is_not_one_of_ours_is_explained(client, token):
    answer = client.get(f"/v/{token}")
    assert answer.status_code == 404
    assert "This link does not work" in answer.content.decode()
    assert not answer.cookies


def test_a_token_that_lets_its_holder_leave_the_list_does_not_open_the_page(client):
    send, person = one_reader()
    assert client.get(address(send, person, Scope.MANAGE)).status_code == 404


def test_a_page_that_is_passed_on_lets_nobody_change_the_subscription(client):
    send, person = one_reader()
    own = tokens.make(Scope.MANAGE, send.mailing_list_id, person.pk, send.pk)
    page = client.get(address(send, person)).content.decode()
    assert own not in page
    assert address(send, person) in page
    (elsewhere,) = set(re.findall(r'href="[^"]*(/u/[^"]*)"', page))
    answer = client.get(elsewhere)
    assert answer.status_code == 404
    assert "open the mail again" in answer.content.decode()


def test_who_was_taken_out_before_the_request_is_told_so_kindly(client, inbox):
    issue = make_issue()
    (person,) = subscribe(issue.newsletter.mailing_list, "mei@example.org")
    send = planned(issue)
    leave(send.mailing_list_id, person.pk, source="test")
    submit(send.batches.get().pk)
    assert not Delivery.objects.filter(subscriber=person).exists()
    answer = client.get(address(send, person))
    assert answer.status_code == 404
    assert "<h1>" in answer.content.decode()
    assert "This link does not work" in answer.content.decode()


def test_a_reader_who_left_since_can_still_read_what_they_got(client):
    send, person = one_reader()
    leave(send.mailing_list_id, person.pk, source="test")
    assert client.get(address(send, person)).status_code == 200


def test_the_page_is_only_read(client):
    send, person = one_reader()
    assert client.post(address(send, person)).status_code == 405
    assert client.head(address(send, person)).status_code == 200
