"""Letters on their way to an emulator over HTTP: in the ledger before they leave, and what becomes of each."""

from datetime import timedelta
from uuid import UUID

import pytest
from celery import current_app
from django.core.management import call_command
from django.db import transaction
from django.utils import timezone

from mailer.delivery.evidence import LOOK_AGAIN, LOOKS, SAFE_WAIT, look_for_evidence
from mailer.delivery.letters.claim import claim_letter
from mailer.delivery.letters.submit import submit_letter
from mailer.delivery.letters.sweep import QUEUE, sweep_letters
from mailer.delivery.models import Batch, Delivery, Submission
from mailer.delivery.record import FIRST_DELAY, LONGEST_DELAY, delay, record
from mailer.delivery.settle import accept, claim_limit, expire_claims, release
from mailer.delivery.submit import sendgrid
from mailer.delivery.sweep import LOST_AFTER
from mailer.delivery.unknown import known, unknown
from mailer.issues.models import Newsletter
from mailer.sendgrid.outcome import Accepted
from mailer.tracking.reading import read
from subscribers.letters.ask import ask
from subscribers.models import AddressChange, Letter, LetterKind, MailingList, Subscriber, Suppression
from tests.newsroom import make_issue, subscribe

pytestmark = pytest.mark.django_db


def newsletter() -> Newsletter:
    return make_issue().newsletter


def letter_to(address: str = "Mei@example.org", of: Newsletter | None = None) -> Letter:
    """A letter with the link to one's preferences."""
    mailing_list = (of or newsletter()).mailing_list
    (person,) = subscribe(mailing_list, address, first_name="Mei")
    return ask(LetterKind.LINK, person.pk, mailing_list.pk)


def batch_of(letter: Letter) -> Batch:
    """Its batch, as it is now."""
    return Batch.objects.get(letter=letter)


def queued() -> int:
    """Tasks in the queue of letters; forgets them."""
    with current_app.connection_for_read() as connected:
        return int(connected.channel().queue_purge(QUEUE) or 0)


def test_it_is_in_the_ledger_from_the_moment_it_is_asked_for():
    letter = letter_to()
    batch = batch_of(letter)
    assert (batch.state, batch.send_id, batch.subscriber_ids) == ("waiting", None, [letter.subscriber_id])


@pytest.mark.django_db(transaction=True)
def test_an_act_that_is_rolled_back_asks_for_nothing():
    with transaction.atomic():
        letter_to()
        transaction.set_rollback(True)
    assert not Letter.objects.exists()
    assert not Batch.objects.exists()


def test_it_goes_out_once_however_often_it_is_handed_over(inbox):
    letter = letter_to()
    batch = batch_of(letter)
    assert submit_letter(batch.pk)
    assert not submit_letter(batch.pk)
    assert inbox.addresses() == ["Mei@example.org"]
    assert batch_of(letter).state == "accepted"
    submission = Submission.objects.get()
    assert (submission.outcome, submission.status, submission.size) == ("accepted", 202, 1)
    assert submission.message_id
    assert not Delivery.objects.exists()


def test_it_comes_from_the_newsletter_untracked_and_carries_opaque_ids(inbox):
    letter = letter_to()
    Newsletter.objects.update(reply_to="desk@news.example.com")
    submit_letter(letter.batch.pk)
    (message,) = inbox.messages(full=True)
    assert message["from"] == "weekly@news.example.com"
    assert message["subject"] == "Your preferences for The Weekly"
    assert message["custom_args"] == {
        "mailer_letter": str(letter.pk),
        "mailer_subscriber": str(letter.subscriber_id),
        "mailer_submission": str(batch_of(letter).submission_id),
    }
    assert "List-Unsubscribe" not in message["headers"]
    assert "/p/" in message["html"]
    assert "Mei" not in message["html"] + message["text"] + message["subject"]


def test_it_goes_to_the_address_that_it_names(inbox):
    publication = newsletter()
    (person,) = subscribe(publication.mailing_list, "old@example.org")
    change = AddressChange.objects.create(
        subscriber=person, address="new@example.org", expires_at=timezone.now() + timedelta(days=2)
    )
    letter = ask(
        LetterKind.ADDRESS,
        person.pk,
        publication.mailing_list_id,
        address=change.address,
        reference=change.pk,
    )
    submit_letter(letter.batch.pk)
    assert inbox.addresses() == ["new@example.org"]


def test_one_that_is_moot_is_cancelled_and_no_request_is_made(inbox):
    letter = letter_to()
    Suppression.objects.create(address="mei@example.org", reason="complaint")
    assert not submit_letter(letter.batch.pk)
    assert batch_of(letter).state == "cancelled"
    assert not Submission.objects.exists()
    assert inbox.summary()["answers"] == {}


def test_one_to_an_address_that_sendgrid_would_refuse_is_rejected_and_says_why(inbox):
    letter = letter_to("josé@example.org")
    assert not submit_letter(letter.batch.pk)
    assert batch_of(letter).state == "rejected"
    submission = Submission.objects.get()
    assert (submission.outcome, submission.reason) == ("rejected", "bad_address")
    assert inbox.summary()["answers"] == {}


def test_one_that_sendgrid_rejects_is_not_sent_again(inbox):
    letter = letter_to()
    inbox.fail("reject_recipient", address="Mei@example.org")
    assert submit_letter(letter.batch.pk)
    batch = batch_of(letter)
    assert (batch.state, batch.subscriber_ids) == ("rejected", [letter.subscriber_id])
    assert Submission.objects.get().outcome == "rejected"
    assert not submit_letter(batch.pk)


def test_too_many_requests_wait_until_the_time_that_sendgrid_names(inbox):
    letter = letter_to()
    inbox.fail("rate_limit", count=1, seconds=60)
    assert submit_letter(letter.batch.pk)
    batch = batch_of(letter)
    assert batch.state == "waiting"
    assert timedelta(seconds=30) < batch.due_at - timezone.now() < timedelta(seconds=90)


def test_it_takes_its_turn_in_the_pace_of_the_account(inbox):
    publication = newsletter()
    first, second = (letter_to(f"{name}@example.org", publication) for name in ("ada", "bob"))
    inbox.fail("rate_limit", count=1, seconds=60)
    assert submit_letter(first.batch.pk)
    assert not submit_letter(second.batch.pk)
    batch = batch_of(second)
    assert (batch.state, batch.attempts) == ("waiting", 0)
    assert batch.due_at - timezone.now() > timedelta(seconds=30)
    assert inbox.summary()["answers"] == {"429": 1}


@pytest.mark.parametrize("kind", ["unauthorized", "forbidden"])
def test_a_refused_account_is_asked_again_later_and_later(inbox, kind):
    """There is no send that could be paused: once the key is right the letters go."""
    letter = letter_to()
    inbox.fail(kind, count=3)
    waits = []
    for _ in range(3):
        Batch.objects.update(due_at=timezone.now())
        assert submit_letter(letter.batch.pk)
        batch = batch_of(letter)
        assert batch.state == "waiting"
        assert not submit_letter(letter.batch.pk)
        waits.append(batch.due_at - batch.changed_at)
    assert waits == sorted(waits)
    assert waits[0] < waits[2]
    Batch.objects.update(due_at=timezone.now())
    assert submit_letter(letter.batch.pk)
    assert inbox.addresses() == ["Mei@example.org"]
    outcomes = Submission.objects.order_by("started_at").values_list("outcome", flat=True)
    assert list(outcomes) == [*["not_accepted"] * 3, "accepted"]


def test_the_wait_doubles_up_to_a_limit():
    assert [delay(attempts) for attempts in (1, 2, 3, 4)] == [FIRST_DELAY * n for n in (1, 2, 4, 8)]
    assert delay(1_000) == LONGEST_DELAY


@pytest.mark.parametrize("accepted", [True, False])
def test_an_answer_that_never_came_is_unknown_and_is_never_guessed(inbox, accepted):
    letter = letter_to()
    inbox.fail("server_error", accepted=accepted)
    submit_letter(letter.batch.pk)
    assert batch_of(letter).state == "unknown"
    assert not submit_letter(letter.batch.pk)
    assert sweep_letters() == 0
    assert len(inbox.messages()) == accepted

    moment = timezone.now() + SAFE_WAIT
    for _ in range(LOOKS):
        moment += LOOK_AGAIN + timedelta(seconds=1)
        look_for_evidence(sendgrid(), moment)
    assert batch_of(letter).state == ("accepted" if accepted else "waiting")
    submit_letter(letter.batch.pk)
    assert inbox.addresses() == ["Mei@example.org"]


def test_the_logs_are_asked_for_the_address_that_it_went_to(inbox):
    publication = newsletter()
    (person,) = subscribe(publication.mailing_list, "new@example.org")
    letter = ask(LetterKind.MOVED, person.pk, publication.mailing_list_id, address="old@example.org")
    inbox.fail("server_error", accepted=True)
    submit_letter(letter.batch.pk)
    assert look_for_evidence(sendgrid(), timezone.now() + SAFE_WAIT + timedelta(seconds=1)) == 1
    assert batch_of(letter).state == "accepted"
    assert Submission.objects.get().evidence == "email logs"


def test_a_claim_whose_worker_vanished_becomes_unknown_and_a_person_may_decide(inbox, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    letter = letter_to()
    claimed = claim_letter(letter.batch.pk)
    assert expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1)) == 1
    (found,) = known(unknown())
    assert (found.submission.pk, found.heard_of) == (claimed.submission_id, 0)
    call_command("settle")
    assert f"letter {letter.pk}: link" in capsys.readouterr().out
    call_command("settle", str(claimed.submission_id), "--send-again", "--because", "the feed is empty")
    assert batch_of(letter).state == "waiting"
    assert submit_letter(letter.batch.pk)
    assert inbox.addresses() == ["Mei@example.org"]


def test_what_is_released_is_looked_at_once_more_before_it_goes_again(inbox):
    letter = letter_to()
    claimed = claim_letter(letter.batch.pk)
    expire_claims(timezone.now() + claim_limit() + timedelta(seconds=1))
    Suppression.objects.create(address="mei@example.org", reason="bounce")
    assert release(claimed.submission_id, "email logs")
    assert not submit_letter(letter.batch.pk)
    assert batch_of(letter).state == "cancelled"


def test_an_event_that_came_before_the_answer_settles_it_and_the_answer_changes_nothing(inbox):
    letter = letter_to()
    claimed = claim_letter(letter.batch.pk)
    assert accept([claimed.submission_id], "event") == 1
    assert not record(claimed, Accepted("late"), 202)
    assert Submission.objects.get().evidence == "event"


def test_its_events_prove_it_and_are_counted_for_no_delivery(inbox):
    letter = letter_to()
    submit_letter(letter.batch.pk)
    (message,) = inbox.messages(full=True)
    event = {**message["custom_args"], "email": message["to"], "type": "bounce"}
    reading = read("bounce", timezone.now(), event)
    assert reading.submission_id == UUID(message["custom_args"]["mailer_submission"])
    assert (reading.send_id, reading.by_address, reading.suppression) == (None, False, "bounce")


def test_a_newsletter_that_cannot_send_keeps_its_letters_and_the_ledger_says_why(inbox):
    letter = letter_to()
    Newsletter.objects.update(from_email="no address")
    assert not submit_letter(letter.batch.pk)
    batch = batch_of(letter)
    assert batch.state == "waiting"
    assert batch.due_at > timezone.now()
    assert Submission.objects.get().reason.startswith("bad_from: ")

    Newsletter.objects.update(from_email="weekly@news.example.com")
    Batch.objects.update(due_at=timezone.now())
    assert submit_letter(letter.batch.pk)
    assert inbox.addresses() == ["Mei@example.org"]


def test_it_waits_where_nothing_is_published_to_the_list(inbox):
    publication = newsletter()
    other = MailingList.objects.create(slug="empty", name="Empty")
    person = Subscriber.objects.create(email="mei@example.org")
    letter = ask(LetterKind.LINK, person.pk, other.pk)
    assert sweep_letters() == 0
    assert not submit_letter(letter.batch.pk)
    Newsletter.objects.filter(pk=publication.pk).update(mailing_list=other)
    assert sweep_letters() == 1
    assert submit_letter(letter.batch.pk)


def test_each_letter_is_handed_out_once_and_again_when_it_was_lost():
    queued()
    publication = newsletter()
    letters = [letter_to(f"reader{n}@example.org", publication) for n in range(3)]
    assert sweep_letters() == 3
    assert sweep_letters() == 0
    assert queued() == 3
    long_ago = timezone.now() - timedelta(seconds=LOST_AFTER + 1)
    Batch.objects.filter(letter__in=letters).update(queued_at=long_ago)
    assert sweep_letters() == 3
    assert queued() == 3


def test_nothing_is_handed_out_that_is_not_due():
    letter = letter_to()
    Batch.objects.filter(letter=letter).update(due_at=timezone.now() + timedelta(seconds=30))
    assert sweep_letters() == 0


def test_the_command_lists_what_became_of_each(inbox, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "220")
    publication = newsletter()
    accepted, moot, waits = (letter_to(f"{name}@example.org", publication) for name in ("ada", "bob", "cy"))
    unpublished = MailingList.objects.create(slug="empty", name="Empty")
    ask(LetterKind.LINK, waits.subscriber_id, unpublished.pk)
    submit_letter(accepted.batch.pk)
    Suppression.objects.create(address="bob@example.org", reason="complaint")
    submit_letter(moot.batch.pk)

    call_command("letters")
    shown = capsys.readouterr().out
    assert f"submission {batch_of(accepted).submission_id}" in shown
    for words in (
        "ada@example.org",
        "accepted",
        "not sent: the address is suppressed: spam complaint",
        "waits",
    ):
        assert words in shown
    assert "waits: no newsletter sends to the list" in shown

    call_command("letters", "--failed")
    failed = capsys.readouterr().out
    assert "no newsletter sends to the list" in failed
    assert "ada@example.org" not in failed
    assert "bob@example.org" not in failed


def test_the_command_shows_what_was_refused_and_what_is_unknown(inbox, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "220")
    publication = newsletter()
    refused, unclear, again = (
        letter_to(address, publication) for address in ("a@b@c.org", "bob@x.org", "cy@x.org")
    )
    submit_letter(refused.batch.pk)
    inbox.fail("server_error", accepted=False, count=1)
    submit_letter(unclear.batch.pk)
    inbox.fail("unauthorized", count=1)
    submit_letter(again.batch.pk)
    call_command("letters", "--failed")
    shown = capsys.readouterr().out
    assert "rejected: bad_address" in shown
    assert "See: mailer settle" in shown
    assert "tried 1×, not accepted" in shown


def test_the_command_says_so_when_there_is_nothing(capsys):
    call_command("letters")
    assert "No letter was written yet." in capsys.readouterr().out
    call_command("letters", "--failed")
    assert "No letter has failed." in capsys.readouterr().out
