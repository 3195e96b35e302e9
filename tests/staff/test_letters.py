"""Letters in the pages of the ledger, and the choice of a newsletter's welcome issue."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.forms.models import model_to_dict
from django.test import Client
from django.utils import timezone

from mailer.delivery.letters.claim import claim_letter
from mailer.delivery.models import Batch, Send, Submission
from mailer.delivery.settle import claim_limit, expire_claims
from mailer.delivery.start import send_of
from mailer.issues.models import Issue, Newsletter
from subscribers.letters.ask import ask
from subscribers.models import Letter, LetterKind
from subscribers.signals import confirmed
from tests.newsroom import make_issue, next_issue, subscribe

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def letter() -> Letter:
    mailing_list = make_issue().newsletter.mailing_list
    (person,) = subscribe(mailing_list, "ada@example.org")
    return ask(LetterKind.ERASE, person.pk, mailing_list.pk)


def test_a_letter_stands_among_the_batches(staff, letter):
    shown = f"Letter {letter.pk}: erase"
    assert shown in staff.get("/staff/delivery/batch/").text
    assert shown in staff.get("/staff/delivery/batch/?carries=letter").text
    assert shown not in staff.get("/staff/delivery/batch/?carries=send").text
    page = staff.get(f"/staff/delivery/batch/{letter.batch.pk}/change/")
    assert page.status_code == 200
    assert shown in page.text


def test_an_unknown_letter_is_shown_and_settled_like_a_send(staff, letter):
    claimed = claim_letter(letter.batch.pk)
    assert staff.get(f"/staff/delivery/submission/{claimed.submission_id}/change/").status_code == 200
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    words = "Confirm the erasure of all that is held on a person"
    assert words in staff.get("/staff/delivery/submission/unknown/").text
    settle = f"/staff/delivery/submission/unknown/{claimed.submission_id}/"
    assert words in staff.get(settle).text
    answer = staff.post(settle, {"decision": "send_again", "because": "the feed is empty", "people": "1"})
    assert answer.status_code == 302
    assert Batch.objects.get().state == "waiting"
    assert Submission.objects.get().decided_by == "root"


def form_of(newsletter: Newsletter, **changed: object) -> dict[str, object]:
    """What the newsletter's form posts."""
    values = {**model_to_dict(newsletter), "domain_ceilings": "{}", **changed}
    return {name: value for name, value in values.items() if value is not None}


def save(staff: Client, newsletter: Newsletter, welcome_issue: Issue) -> str:
    """Save the form with this choice. Returns what it says against it, "" for nothing."""
    answer = staff.post(
        f"/staff/issues/newsletter/{newsletter.pk}/change/",
        form_of(newsletter, welcome_issue=welcome_issue.pk),
    )
    if answer.status_code == 302:
        return ""
    errors: dict[str, list[str]] = answer.context["adminform"].form.errors
    assert list(errors) == ["welcome_issue"]
    return " ".join(errors["welcome_issue"])


def test_a_newsletter_is_given_one_of_its_own_issues_as_welcome(staff):
    issue, other = make_issue(), make_issue()
    page = staff.get(f"/staff/issues/newsletter/{issue.newsletter_id}/change/")
    offered = page.context["adminform"].form.fields["welcome_issue"].queryset
    assert list(offered) == [issue]
    assert "not one of the available choices" in save(staff, issue.newsletter, other)
    assert save(staff, issue.newsletter, issue) == ""
    assert Newsletter.objects.get(pk=issue.newsletter_id).welcome_issue == issue


def test_an_issue_that_was_sent_or_cannot_be_is_refused_with_what_to_do(staff):
    issue = make_issue()
    broken = next_issue(issue, intro="{{ nobody.knows }}")
    send = send_of(issue)
    assert f"goes to the whole list with send {send.pk}" in save(staff, issue.newsletter, issue)
    assert "nobody" in save(staff, issue.newsletter, broken)
    assert Newsletter.objects.get(pk=issue.newsletter_id).welcome_issue is None


def test_a_new_newsletter_has_no_issue_to_choose(staff):
    make_issue()
    page = staff.get("/staff/issues/newsletter/add/")
    assert not page.context["adminform"].form.fields["welcome_issue"].queryset.exists()


def test_the_page_of_a_rolling_send_says_so_and_lets_it_be_ended(staff):
    issue = make_issue()
    Newsletter.objects.update(welcome_issue=issue)
    (person,) = subscribe(issue.newsletter.mailing_list, "ada@example.org")
    confirmed.send(sender=None, mailing_list_id=issue.newsletter.mailing_list_id, subscriber_id=person.pk)
    Batch.objects.update(state="cancelled")
    page = staff.get(f"/staff/sends/{Send.objects.get().pk}/")
    assert page.context["state"] == "Welcomes new readers"
    assert page.context["may_cancel"]
