"""What is suppressed and lifted here is told to SendGrid, until it is done."""

import pytest
from django.core.cache import cache
from django.db import IntegrityError, transaction

from mailer.delivery import tasks
from mailer.delivery.models import Removal
from mailer.delivery.submit import sendgrid
from mailer.delivery.suppressing import push as pushing
from mailer.delivery.suppressing import remove as removing
from mailer.delivery.suppressing.pull import pull
from mailer.delivery.suppressing.push import Pushed, push
from mailer.delivery.suppressing.remove import remove_lifted
from mailer.delivery.suppressing.turn import KEY
from mailer.sendgrid.errors import CallFailed
from subscribers.models import Lifting, Subscriber, Suppression
from subscribers.privacy.erase import erase
from subscribers.suppressing.add import suppress
from subscribers.suppressing.errors import CannotSuppress
from subscribers.suppressing.lift import lift
from tests.delivery.sendgrid_lists import listed, shown

pytestmark = pytest.mark.django_db

GLOBAL = "/v3/asm/suppressions/global"


@pytest.fixture(autouse=True)
def own_turn():
    cache.delete(KEY)
    yield
    cache.delete(KEY)


def test_what_is_suppressed_here_is_pushed_once_and_what_sendgrid_said_is_not(inbox):
    for reason in Suppression.Reason:
        suppress(f"{reason}@example.org", reason)
    Suppression.objects.create(address="known@example.org", reason="bounce", origin="provider")
    assert pushing.waiting() == 5
    assert push(sendgrid()) == Pushed(told=5)
    assert shown(inbox, "unsubscribes") == {f"{reason}@example.org" for reason in Suppression.Reason}
    assert push(sendgrid()) == Pushed()


def test_more_than_a_request_holds(inbox):
    Suppression.objects.bulk_create(
        Suppression(address=f"a{number}@example.org", reason="manual") for number in range(2_300)
    )
    assert push(sendgrid()).told == 2_300
    assert inbox.summary()["suppressions"]["unsubscribes"] == 2_300


def test_a_failure_is_repeated_and_what_was_told_is_not(inbox):
    Suppression.objects.bulk_create(
        Suppression(address=f"a{number}@example.org", reason="manual") for number in range(1_500)
    )
    inbox.fail("server_error", path=GLOBAL, skip=1, count=1)
    with pytest.raises(CallFailed):
        push(sendgrid())
    assert pushing.waiting() == 500
    tasks.tell_suppressions()
    assert pushing.waiting() == 0
    assert inbox.summary()["suppressions"]["unsubscribes"] == 1_500


def test_an_address_that_sendgrid_has_no_form_for_keeps_no_other_back(inbox):
    for address in ("good@example.org", "jörg@example.org", "two..dots@example.org"):
        Suppression.objects.create(address=address, reason="manual")
    assert push(sendgrid()) == Pushed(told=1, impossible=2)
    assert pushing.waiting() == 0


def test_a_refusal_of_one_is_found_by_halves(inbox):
    for number in range(5):
        suppress(f"a{number}@example.org", Suppression.Reason.MANUAL)
    # The request of all is refused, its first half is not, and of the second half the last alone.
    for skip in (0, 1, 1):
        inbox.fail("reject_unnamed", path=GLOBAL, skip=skip, count=1)
    pushed = push(sendgrid())
    assert pushed.told + pushed.impossible == 5
    assert pushing.waiting() == 0


def test_a_lifting_is_recorded_and_ends_every_suppression_but_lists_stay_left(inbox):
    suppress("back@example.org", Suppression.Reason.BOUNCE, "550 no such user")
    suppress("back@example.org", Suppression.Reason.MANUAL)
    lift("Back@Example.org", by="Anna Tan", because="mailbox works again")
    assert not Suppression.objects.exists()
    assert set(Lifting.objects.values_list("reason", "detail", "by", "because")) == {
        ("bounce", "550 no such user", "Anna Tan", "mailbox works again"),
        ("manual", "", "Anna Tan", "mailbox works again"),
    }


@pytest.mark.parametrize(
    ("because", "by", "code"),
    [("", "Anna", "no_reason"), (" \n", "Anna", "no_reason"), ("why", " ", "no_reason")],
)
def test_a_lifting_needs_a_reason_and_a_name(because, by, code):
    suppress("back@example.org", Suppression.Reason.BOUNCE)
    with pytest.raises(CannotSuppress) as refused:
        lift("back@example.org", by=by, because=because)
    assert refused.value.code == code
    assert Suppression.objects.exists()


def test_nothing_is_lifted_after_a_complaint():
    suppress("angry@example.org", Suppression.Reason.COMPLAINT)
    suppress("angry@example.org", Suppression.Reason.BOUNCE)
    with pytest.raises(CannotSuppress) as refused:
        lift("angry@example.org", by="Anna", because="they asked")
    assert refused.value.code == "complaint"
    assert Suppression.objects.count() == 2
    assert not Lifting.objects.exists()


def test_who_is_not_suppressed_cannot_be_lifted():
    with pytest.raises(CannotSuppress) as refused:
        lift("fine@example.org", by="Anna", because="they asked")
    assert refused.value.code == "not_suppressed"


def test_the_database_itself_refuses_a_lifted_complaint_and_a_changed_record():
    suppress("back@example.org", Suppression.Reason.BOUNCE)
    (record,) = lift("back@example.org", by="Anna", because="works again")
    values = {"address": "a@example.org", "suppressed_at": record.suppressed_at, "by": "x", "because": "x"}
    for act in (
        lambda: Lifting.objects.create(reason="complaint", **values),
        lambda: Lifting.objects.filter(pk=record.pk).update(because="other"),
        lambda: Lifting.objects.filter(pk=record.pk).update(address="", detail="", because="", by="Eve"),
        lambda: Lifting.objects.filter(pk=record.pk).delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()


def test_a_lifted_address_is_taken_off_sendgrids_lists_but_never_off_the_complaints(inbox):
    for name in ("bounces", "invalid_emails", "unsubscribes", "blocks", "spam_reports"):
        listed(inbox, name, "back@example.org", "other@example.org")
    suppress("back@example.org", Suppression.Reason.BOUNCE)
    lift("back@example.org", by="Anna", because="works again")
    assert removing.waiting() == 1
    assert remove_lifted(sendgrid()) == 1
    for name in ("bounces", "invalid_emails", "unsubscribes"):
        assert shown(inbox, name) == {"other@example.org"}
    assert "back@example.org" in shown(inbox, "spam_reports")
    assert (removing.waiting(), remove_lifted(sendgrid())) == (0, 0)


@pytest.mark.parametrize("kind", ["server_error", "reset_before", "rate_limit", "unauthorized"])
def test_a_removal_that_fails_is_repeated_until_it_is_done(inbox, kind):
    listed(inbox, "bounces", "back@example.org")
    suppress("back@example.org", Suppression.Reason.BOUNCE)
    lift("back@example.org", by="Anna", because="works again")
    inbox.fail(kind, path="/v3/suppression", count=1)
    tasks.tell_suppressions()
    assert not Removal.objects.exists()
    cache.delete(KEY)
    tasks.tell_suppressions()
    assert Removal.objects.count() == 1
    assert shown(inbox, "bounces") == set()


def test_an_address_that_sendgrid_refuses_to_remove_keeps_no_other_back(inbox):
    for number in range(3):
        suppress(f"a{number}@example.org", Suppression.Reason.BOUNCE)
        lift(f"a{number}@example.org", by="Anna", because="works again")
    inbox.fail("reject_unnamed", path="/v3/suppression/bounces", count=1)
    with pytest.raises(CallFailed):
        remove_lifted(sendgrid())
    assert removing.waiting() == 1
    assert remove_lifted(sendgrid()) == 1


def test_who_is_suppressed_again_before_the_removal_stays_so_at_sendgrid_too(inbox):
    listed(inbox, "bounces", "back@example.org")
    suppress("back@example.org", Suppression.Reason.BOUNCE)
    lift("back@example.org", by="Anna", because="works again")
    suppress("back@example.org", Suppression.Reason.MANUAL)
    tasks.tell_suppressions()
    assert shown(inbox, "bounces") == {"back@example.org"}
    assert shown(inbox, "unsubscribes") == {"back@example.org"}
    assert removing.waiting() == 0
    pull(sendgrid())
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"manual"}


def test_an_erasure_leaves_no_address_in_the_records_of_liftings(inbox):
    person = Subscriber.objects.create(email="Forget.Me@example.org")
    suppress("forget.me@example.org", Suppression.Reason.BOUNCE, "forget.me bounced")
    lift("forget.me@example.org", by="Anna", because="Mr Me asked")
    erase(person.pk, by="the person", source="test")
    row = Lifting.objects.get()
    assert (row.address, row.detail, row.because, row.by) == ("", "", "", "Anna")
    assert removing.waiting() == 0
    assert remove_lifted(sendgrid()) == 0
