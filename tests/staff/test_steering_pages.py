"""The page of a send and the pages of unknown submissions: what they show, who may press what, and what is kept."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.forms import model_to_dict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from mailer.delivery.claim import claim
from mailer.delivery.models import Approval, Batch, Delivery, Send, Submission
from mailer.delivery.notices import notify
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.settle import accept, claim_limit, expire_claims
from mailer.delivery.start import send_of
from mailer.delivery.steer import cancel, pause
from mailer.delivery.variants import ABTest
from mailer.local.waiting import wait_until
from mailer.staff.models import Role
from tests.delivery.test_submit import one_batch
from tests.newsroom import crowd, make_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"
LIST = "/staff/delivery/submission/unknown/"


@pytest.fixture
def anna(client) -> User:
    """Somebody who may look at everything and change nothing, signed in."""
    anna = somebody("reader", username="anna")
    client.force_login(anna)
    return anna


def allow(person: User, role: str) -> None:
    """Give somebody another role."""
    Role.objects.create(user=person, name=role)


@pytest.fixture
def send() -> Send:
    """A started send of three people that nobody hands out."""
    return one_batch()[0]


@pytest.fixture
def unknown() -> Submission:
    """A submission of unknown outcome to three people."""
    _, batch = one_batch()
    claim(batch.pk)
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    return Submission.objects.get()


def page_of(send: Send) -> str:
    return reverse("staff:send", args=[send.pk])


def steer(client: Client, send: Send, act: str, **fields: object):
    address = reverse("staff:send-steer", args=[send.pk])
    return client.post(address, {"act": act, **fields}, follow=True)


def settle(client: Client, submission: Submission, decision: str, **fields: object):
    form = {"decision": decision, "because": "the activity feed shows it", "people": "", **fields}
    return client.post(f"{LIST}{submission.pk}/", form, follow=True)


# ---- The page of a send


def test_it_shows_where_the_send_stands(client, anna, send):
    text = client.get(page_of(send)).text
    assert "Going out" in text
    assert "3 candidates = 0 excluded + 3 waiting + 0 accepted + 0 rejected + 0 unknown" in text
    assert "at once" in text


def test_it_shows_why_it_is_paused_the_notices_and_escapes_them(client, anna, send):
    pause(send.pk, f"24 of 310 are hard bounces {HOSTILE}")
    notify(send.pk, "guard", f"24 of 310 are hard bounces {HOSTILE}")
    text = client.get(page_of(send)).text
    assert text.count("24 of 310 are hard bounces") == 2
    assert "not mailed" in text
    assert HOSTILE not in text


def test_it_shows_the_variants_of_a_test_with_their_counts(client, anna):
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 40)
    send = send_of(issue, test=ABTest(((HOSTILE, "look inside"),), share=50))
    plan(send)
    Send.objects.update(started_at=timezone.now())
    people = []
    for batch in Batch.objects.filter(in_test=True, edition__variant=1):
        claim(batch.pk)
        people += batch.subscriber_ids
    Delivery.objects.filter(subscriber__in=people).update(
        delivered_at=timezone.now(), clicked_at=timezone.now()
    )
    text = client.get(page_of(send)).text
    assert HOSTILE not in text
    assert "look inside" in text
    assert f'<td data-label="Clicked">{len(people)}</td><td data-label="Share">100.0 %</td>' in text
    assert "Not chosen yet." in text
    Send.objects.update(winner=1, decided_at=timezone.now(), decided_because=f"Variant 1 is better {HOSTILE}")
    text = client.get(page_of(send)).text
    assert "The winner" in text
    assert "Variant 1 is better" in text
    assert HOSTILE not in text


def test_a_send_that_was_not_planned_or_started_has_a_page_too(client, anna):
    send = send_of(make_issue())
    assert "Not started" in client.get(page_of(send)).text
    assert "<button>Pause" not in client.get(page_of(send)).text


def test_who_may_only_look_has_no_buttons_and_cannot_steer(client, anna, send):
    text = client.get(page_of(send)).text
    assert "/steer/" not in text
    for act in ("pause", "resume", "cancel"):
        assert steer(client, send, act, why="x", sure="on").status_code == 403
    send.refresh_from_db()
    assert (send.paused_at, send.cancelled_at) == (None, None)


def test_pause_and_resume_are_kept_with_who_and_why(client, anna, send):
    allow(anna, "editor")
    assert "Paused." in steer(client, send, "pause", why="wrong subject").text
    send.refresh_from_db()
    assert send.paused_because == "Paused by anna: wrong subject"
    assert "It was paused or cancelled already" in steer(client, send, "pause").text
    assert "It goes on." in steer(client, send, "resume").text
    send.refresh_from_db()
    assert send.paused_at is None
    kept = LogEntry.objects.order_by("id").values_list("user__username", "change_message")
    assert list(kept) == [("anna", "Paused. Because: wrong subject"), ("anna", "It goes on.")]


def test_cancelling_wants_a_reason_and_a_tick(client, anna, send):
    allow(anna, "editor")
    for missing in ({"why": "wrong issue"}, {"sure": "on"}, {"why": " ", "sure": "on"}):
        assert "Nothing was cancelled" in steer(client, send, "cancel", **missing).text
    assert progress(send).waiting == 3
    text = steer(client, send, "cancel", why="wrong issue", sure="on").text
    assert "Cancelled for good." in text
    assert "Cancelled by anna: wrong issue" in text
    send.refresh_from_db()
    assert send.cancelled_at is not None
    assert progress(send).cancelled == 3
    assert "/steer/" not in text


def test_a_send_that_is_over_is_not_paused(client, anna, send):
    allow(anna, "editor")
    send.batches.update(state=Batch.State.CANCELLED)
    assert "nothing was changed" in steer(client, send, "pause").text
    send.refresh_from_db()
    assert send.paused_at is None


@pytest.mark.parametrize("form", [{}, {"act": "delete"}, {"act": "pause", "why": "x" * 501}])
def test_a_form_that_no_button_posts_changes_nothing(client, anna, send, form):
    allow(anna, "editor")
    client.post(reverse("staff:send-steer", args=[send.pk]), form)
    send.refresh_from_db()
    assert (send.paused_at, send.cancelled_at) == (None, None)


def test_steering_is_posted_with_a_token_by_who_is_signed_in(anna, send):
    allow(anna, "editor")
    address = reverse("staff:send-steer", args=[send.pk])
    assert Client().post(address, {"act": "pause"}).url.startswith("/staff/login/")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(anna)
    assert strict.post(address, {"act": "pause"}).status_code == 403
    assert strict.get(address).status_code == 405
    send.refresh_from_db()
    assert send.paused_at is None


def test_no_such_send_is_404(client, anna):
    allow(anna, "editor")
    assert client.post("/staff/sends/999999/steer/", {"act": "pause"}).status_code == 404


# ---- Unknown submissions


def test_each_is_listed_with_all_that_is_known(client, anna, unknown):
    Submission.objects.update(message_id="mid-1", fruitless_looks=2, reason=f"no answer: timeout {HOSTILE}")
    text = client.get(LIST).text
    for known in (
        str(unknown.pk),
        "No answer: timeout",
        "mid-1",
        "None about any of its people.",
        "nothing in 2 of 3 looks",
        "Next look from",
        "<dt>People</dt><dd>3</dd>",
    ):
        assert known in text
    assert HOSTILE not in text
    assert "Decide …" not in text, "may only look"


def test_the_sidebar_and_the_sends_page_lead_there(client, anna, unknown):
    assert LIST in client.get(page_of(unknown.batch.send)).text
    assert "3 unknown: what is known of them" in client.get(page_of(unknown.batch.send)).text


def test_nothing_unknown_is_said_so(client, anna):
    assert "No submission is unknown." in client.get(LIST).text


def test_who_may_not_see_submissions_sees_nothing(client, unknown):
    client.force_login(somebody())
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}{unknown.pk}/").status_code == 403
    client.logout()
    for address in (LIST, f"{LIST}{unknown.pk}/"):
        assert client.get(address).url.startswith("/staff/login/")


def test_who_may_only_look_decides_nothing(client, anna, unknown):
    assert client.get(f"{LIST}{unknown.pk}/").status_code == 403
    assert settle(client, unknown, "accepted").status_code == 403
    assert progress(unknown.batch.send).unknown == 3


def test_accepted_is_kept_with_who_when_and_why(client, anna, unknown):
    allow(anna, "administrator")
    assert "Decide …" in client.get(LIST).text
    assert "It counts as accepted." in settle(client, unknown, "accepted").text
    unknown.refresh_from_db()
    assert (unknown.outcome, unknown.decided_by) == ("accepted", "anna")
    assert unknown.evidence == "the activity feed shows it"
    assert unknown.settled_at is not None
    assert progress(unknown.batch.send).accepted == 3
    assert LogEntry.objects.get().change_message.endswith("Because: the activity feed shows it")
    assert "anna" in client.get(reverse("admin:delivery_submission_change", args=[unknown.pk])).text


@pytest.mark.parametrize("typed", ["", "2", "three", "30"])
def test_send_again_states_the_danger_and_wants_the_number_of_people(client, anna, unknown, typed):
    allow(anna, "administrator")
    assert "3 people get the same mail twice" in client.get(f"{LIST}{unknown.pk}/").text
    text = settle(client, unknown, "send_again", people=typed).text
    assert "may reach 3 people twice" in text
    assert "the activity feed shows it</textarea>" in text, "what was written is not lost"
    assert progress(unknown.batch.send).unknown == 3


def test_send_again_lets_the_batch_go_again(client, anna, unknown):
    allow(anna, "administrator")
    assert "It goes again." in settle(client, unknown, "send_again", people=" 3 ").text
    unknown.refresh_from_db()
    assert (unknown.outcome, unknown.decided_by) == ("not_accepted", "anna")
    assert progress(unknown.batch.send).waiting == 3


@pytest.mark.parametrize(
    ("act", "said"),
    [(pause, "It goes again when the send is resumed."), (cancel, "because the send is cancelled")],
)
def test_it_is_said_when_it_does_not_go_at_once(client, anna, unknown, act, said):
    allow(anna, "administrator")
    act(unknown.batch.send_id, "wait")
    assert said in settle(client, unknown, "send_again", people="3").text


@pytest.mark.parametrize(
    "fields",
    [{"because": ""}, {"because": "  "}, {"decision": ""}, {"decision": "lost"}, {"because": "x" * 2001}],
)
def test_a_decision_needs_an_outcome_and_a_reason(client, anna, unknown, fields):
    allow(anna, "administrator")
    answer = settle(client, unknown, fields.pop("decision", "accepted"), **fields)
    assert 'role="alert"' in answer.text
    assert progress(unknown.batch.send).unknown == 3


def test_what_evidence_settled_meanwhile_is_not_decided_again(client, anna, unknown):
    allow(anna, "administrator")
    accept([unknown.pk], "event")
    for answer in (
        settle(client, unknown, "send_again", people="3"),
        client.get(f"{LIST}{unknown.pk}/", follow=True),
    ):
        assert "It is not unknown any more: Accepted, settled by event" in answer.text
        assert "You changed nothing." in answer.text
    unknown.refresh_from_db()
    assert (unknown.outcome, unknown.evidence, unknown.decided_by) == ("accepted", "event", "")
    assert not LogEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("decision", "people"), [("accepted", ""), ("send_again", "3")])
def test_evidence_that_comes_in_the_same_moment_wins(decision, people):
    _, batch = one_batch()
    claim(batch.pk)
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    submission, client = Submission.objects.get(), Client()
    client.force_login(User.objects.create_superuser("root"))

    def decide() -> str:
        try:
            return settle(client, submission, decision, people=people).text
        finally:
            connection.close()

    def waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'")
            return bool(cursor.fetchone()[0])

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            assert accept([submission.pk], "event") == 1
            answer = pool.submit(decide)
            assert wait_until(waits, 60), "the page saw it as unknown and waits for the row"
        assert "It is not unknown any more: Accepted, settled by event" in answer.result()
    submission.refresh_from_db()
    assert (submission.outcome, submission.evidence, submission.decided_by) == ("accepted", "event", "")
    assert not LogEntry.objects.exists()


def test_what_is_written_is_escaped_when_it_comes_back(client, anna, unknown):
    allow(anna, "administrator")
    text = settle(client, unknown, "send_again", because=f"</textarea>{HOSTILE}", people=f'">{HOSTILE}').text
    assert HOSTILE not in text


def test_a_decision_is_posted_with_a_token(anna, unknown):
    allow(anna, "administrator")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(anna)
    assert settle(strict, unknown, "accepted").status_code == 403
    assert progress(unknown.batch.send).unknown == 3


def test_no_such_submission_is_404(client, anna):
    allow(anna, "administrator")
    assert client.get(f"{LIST}00000000-0000-0000-0000-000000000000/").status_code == 404


def test_a_send_of_an_impossible_number_is_not_there(client, anna):
    assert client.get(f"/staff/delivery/send/{'9' * 5_000}/change/").status_code == 302


def test_emptied_domain_ceilings_are_none_and_a_warm_up_of_another_age_is_refused(admin_client, send):
    newsletter = send.issue.newsletter
    page = reverse("admin:issues_newsletter_change", args=[newsletter.pk])
    values = {name: value for name, value in model_to_dict(newsletter).items() if value is not None}
    assert admin_client.post(page, {**values, "domain_ceilings": ""}).status_code == 302
    newsletter.refresh_from_db()
    assert newsletter.domain_ceilings == {}
    for wrong in ({"domain_ceilings": "[]"}, {"domain_ceilings": "{}", "warm_up_from": "0001-01-01"}):
        answer = admin_client.post(page, {**values, **wrong})
        assert answer.status_code == 200
        assert list(wrong)[-1] in answer.context["adminform"].form.errors


def test_every_page_says_the_same_of_where_a_send_stands(client, anna, send):
    places = {
        page_of(send): r'<p class="big"><b>([^<]*)</b>',
        "/staff/delivery/send/": r"field-state[^>]*>([^<]*)<",
        "/staff/issues/": r'class="badge \w+">([^<]*)<',
        "/staff/": r'class="badge \w+">([^<]*)<',
    }

    def said() -> str:
        words = {page: re.findall(words, client.get(page).text) for page, words in places.items()}
        assert len({tuple(found) for found in words.values()}) == 1, words
        [word] = words[page_of(send)]
        return word

    def be(rows=Send.objects, **values: object) -> str:
        rows.update(**values)
        return said()

    now = timezone.now()
    Send.objects.update(candidates=1234567)
    assert "1,234,567" in client.get("/staff/delivery/send/").text
    assert said() == "Going out"
    assert be(Batch.objects, due_at=now + timedelta(days=1)) == "Scheduled"
    assert be(test_share=10) == "Waits for its winner"
    assert be(test_share=None, paused_at=now) == "Paused"
    assert be(cancelled_at=now) == "Cancelled"
    assert be(cancelled_at=None, rolling=True) == "Paused"
    assert be(paused_at=None) == "Welcomes new readers"
    assert be(Batch.objects, state="rejected") == "Welcomes new readers"
    assert be(rolling=False) == "Sent"
    assert be(paused_at=now) == "Sent"  # the pause holds nothing back
    assert be(started_at=None) == "Planned, not started"
    Approval.objects.create(issue=send.issue, fingerprint="f", audience="all", asked_by=somebody("editor"))
    assert said() == "Waits for approval"
    answered = {"answered_by": somebody("approver"), "answered_at": timezone.now()}
    assert be(Approval.objects, answer="declined", **answered) == "Declined"
    assert be(Approval.objects, answer="approved") == "Approved"
    send.issue.edited_at = timezone.now()
    send.issue.save()
    assert be(planned_at=None, candidates=None) == "Not started"
