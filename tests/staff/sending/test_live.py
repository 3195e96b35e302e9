"""The page of a send while it goes: what it says of its pace and its end, and when it stops asking."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.models import Batch, Send, Submission
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress_and_moving
from mailer.delivery.remaining import rate_of, remaining
from mailer.delivery.schedule import read_schedule
from mailer.delivery.settle import claim_limit, expire_claims
from mailer.delivery.start import send_of, start
from mailer.delivery.steer import cancel, pause, resume
from mailer.delivery.submit import submit
from mailer.delivery.sweep import sweep
from mailer.delivery.variants import ABTest
from mailer.issues.models import Issue, Newsletter
from tests.newsroom import crowd, make_issue, subscribe
from tests.roles import somebody
from tests.staff.polled import loses_focus

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue() -> Issue:
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 4, topics=["ai"])
    crowd(issue.newsletter.mailing_list, 6)
    subscribe(issue.newsletter.mailing_list, "left@example.org", state="unsubscribed")
    return issue


@pytest.fixture
def reader(client, issue):
    reader = somebody("reader", at=issue.newsletter)
    client.force_login(reader)
    return reader


def started(issue: Issue, **how: object) -> Send:
    send = send_of(issue, **how)
    plan(send)
    start(send)
    send.refresh_from_db()
    return send


def said(send: Send) -> str:
    send.refresh_from_db()
    return remaining(send, *progress_and_moving(send)).says


def live(client, send: Send, was: str = "") -> object:
    return client.get(reverse("staff:send-live", args=[send.pk]), {"was": was} if was else {})


def every(answer) -> list[str]:
    return re.findall(r'hx-trigger="every (\d+)s"', answer.text)


def test_it_asks_again_soon_while_it_goes_seldom_while_it_waits_and_never_when_it_is_over(
    client, reader, issue, inbox
):
    send = started(issue)
    assert every(live(client, send)) == ["2"]
    pause(send.pk, "why")
    assert every(live(client, send)) == ["15"]
    resume(send.pk)
    for number in Batch.objects.values_list("pk", flat=True):
        submit(number)
    answer = live(client, send)
    assert every(answer) == []
    assert "Sent" in answer.text
    assert "11 candidates = 1 excluded + 0 waiting + 10 accepted" in answer.text


def test_the_buttons_are_asked_for_anew_when_its_state_is_another(client, reader, issue):
    send = started(issue)
    assert "HX-Trigger" not in live(client, send, "Going out").headers
    cancel(send.pk, "wrong issue")
    assert live(client, send, "Going out").headers["HX-Trigger"] == "steered"
    assert "/steer/" not in client.get(reverse("staff:send-controls", args=[send.pk])).text


def test_how_fast_it_goes_is_counted_over_the_last_minute(issue, inbox):
    send = started(issue)
    assert rate_of(send).people == 0
    submit(Batch.objects.order_by("id").first().pk)
    size = Batch.objects.get(state="accepted").size
    rate = rate_of(send)
    assert 0 < rate.people <= size
    assert rate.least == rate.most
    Submission.objects.update(started_at=timezone.now() - timedelta(seconds=50))
    assert rate_of(send).people == pytest.approx(size / 50, rel=0.05)
    Submission.objects.update(finished_at=timezone.now() - timedelta(seconds=61))
    assert rate_of(send).people == 0


def test_how_long_it_takes_is_said_only_where_it_can_be_known(issue, inbox):
    send = started(issue)
    assert "Too little went out" in said(send)
    Send.objects.update(started_at=timezone.now() - timedelta(seconds=90))
    assert "does a worker run" in said(send)
    submit(Batch.objects.order_by("id").first().pk)
    Submission.objects.update(started_at=timezone.now() - timedelta(seconds=20))
    assert re.fullmatch(r"About \d+ seconds left\.|A few seconds are left\.", said(send))
    pause(send.pk, "why")
    assert "paused" in said(send)
    cancel(send.pk, "why")
    assert said(send) == ""


def test_what_it_waits_for_is_said(issue):
    Newsletter.objects.update(time_zone="Asia/Singapore")
    issue.newsletter.refresh_from_db()
    send = started(issue, schedule=read_schedule("2040-03-02 08:00", None, "Asia/Singapore"))
    assert said(send) == "It waits until 02 Mar 2040, 08:00 +08."


def test_the_winner_of_a_test_is_waited_for(issue):
    send = started(issue, test=ABTest((("Another", "Look"),), share=50, minutes=60))
    Batch.objects.filter(in_test=True).update(state="cancelled")
    assert said(send).startswith("It waits for the winner of the A/B test, 60 minutes")


def test_under_ceilings_the_end_is_theirs(issue):
    Newsletter.objects.update(hourly_ceiling=4)
    issue.newsletter.refresh_from_db()
    send = send_of(issue)
    plan(send)
    Send.objects.update(started_at=timezone.now())  # before the first sweep puts off what does not fit
    assert "Under the newsletter’s ceilings the last go about" in said(send)
    sweep()
    assert "The last are due" in said(send)


def test_what_is_unknown_stands_there_with_its_evidence_and_who_may_decides(client, issue):
    send = started(issue)
    claim(Batch.objects.order_by("id").first().pk)
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    client.force_login(somebody("reader", at=issue.newsletter))
    text = live(client, send).text
    assert "They are not sent again on a guess" in text
    assert "not looked up in SendGrid" in text
    assert "Decide" not in text
    client.force_login(somebody("administrator"))
    text = live(client, send).text
    assert str(Submission.objects.get().pk) in text
    assert loses_focus(text) == []


def test_who_gets_it_is_told_from_the_ledger_without_addresses_for_who_may_not_see_them(
    client, reader, issue
):
    send = started(issue)
    figures = reverse("staff:send-figures", args=[send.pk])
    people = reverse("staff:sent-people", args=[send.pk])
    text = client.get(figures).text
    assert "left the list" in text
    assert "hx-get" not in text
    assert client.get(people, {"group": "unsubscribed"}).status_code == 403
    client.force_login(somebody("editor", at=issue.newsletter))
    assert "hx-get" in client.get(figures).text
    assert "left@example.org" in client.get(people, {"group": "unsubscribed"}).text
    why = client.get(reverse("staff:sent-why", args=[send.pk]), {"address": "left@example.org"}).text
    assert "left the list" in why
    assert "no list" in client.get(people, {"group": "nobody"}).text


@pytest.mark.parametrize("name", ["send", "send-live", "send-controls", "send-figures", "sent-people"])
def test_a_send_of_another_newsletter_is_not_shown(client, issue, name):
    send = started(issue)
    client.force_login(somebody("editor", at=make_issue().newsletter))
    assert client.get(reverse(f"staff:{name}", args=[send.pk])).status_code == 403
    assert client.post(reverse("staff:send-steer", args=[send.pk]), {"act": "pause"}).status_code == 403


def test_its_old_address_leads_to_it(client, reader, issue):
    send = send_of(issue)
    answer = client.get(reverse("admin:delivery_send_change", args=[send.pk]))
    assert answer.url == reverse("staff:send", args=[send.pk])


def test_who_is_signed_out_meanwhile_gets_no_page_into_the_page(client, issue):
    send = started(issue)
    address = reverse("staff:send-live", args=[send.pk])
    answer = client.get(address, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (401, "signed-out")
    assert client.get(address).url.startswith("/staff/login/")
