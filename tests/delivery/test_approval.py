"""Approval: asked by one person, answered by another, and held to exactly what they saw."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone

from mailer.delivery.approval.answer import approve, decline
from mailer.delivery.approval.ask import QUIET, ask, withdraw
from mailer.delivery.approval.errors import CannotAnswer, ChangedMeanwhile, NotApproved
from mailer.delivery.approval.matter import current_matter, matter_of
from mailer.delivery.approval.state import state_of
from mailer.delivery.arrange import Arrangement, arrange, go, looked_at
from mailer.delivery.audience import Audience, read_audience
from mailer.delivery.models import Approval, Notice, Send, Variant
from mailer.delivery.notices import mail_notices
from mailer.delivery.plan import plan
from mailer.delivery.schedule import Schedule
from mailer.delivery.start import again, send_of, start
from mailer.delivery.submit import sendgrid
from mailer.delivery.variants import ABTest
from mailer.issues.models import Issue, Newsletter
from subscribers.models import Segment, Snapshot
from tests.newsroom import crowd, make_issue, next_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db


@pytest.fixture
def issue() -> Issue:
    """An issue that needs an approval, with three people on its list."""
    issue = make_issue()
    Newsletter.objects.filter(pk=issue.newsletter_id).update(needs_approval=True)
    issue.newsletter.refresh_from_db()
    crowd(issue.newsletter.mailing_list, 3)
    return issue


@pytest.fixture
def editor(issue):
    return somebody("editor", at=issue.newsletter)


@pytest.fixture
def approver(issue):
    return somebody("approver", at=issue.newsletter)


def approved(issue, editor, approver) -> Approval:
    asked, _ = ask(issue, editor)
    approve(asked, approver, seen=asked.fingerprint)
    return asked


def planned(issue) -> Send:
    send = send_of(issue)
    plan(send)
    return send


def test_nothing_goes_out_that_nobody_approved(issue):
    send = planned(issue)
    with pytest.raises(NotApproved, match="was not approved yet"):
        start(send)
    assert Send.objects.get().started_at is None


def test_what_another_person_approved_goes_out(issue, editor, approver, inbox):
    approved(issue, editor, approver)
    assert start(planned(issue), editor)
    assert Send.objects.get().started_by == editor


def test_where_the_newsletter_wants_none_it_goes_out_without(issue):
    Newsletter.objects.update(needs_approval=False)
    assert start(planned(issue))


def test_nobody_approves_what_they_asked_for_themselves(issue):
    both = somebody("editor", "approver", at=issue.newsletter)
    asked, _ = ask(issue, both)
    with pytest.raises(CannotAnswer, match="somebody else"):
        approve(asked, both, seen=asked.fingerprint)
    with pytest.raises(IntegrityError), transaction.atomic():
        Approval.objects.update(answer="approved", answered_by=both, answered_at="2026-03-02T00:00:00Z")


def test_an_approver_of_another_newsletter_cannot_answer(issue, editor):
    other = somebody("approver", at=make_issue().newsletter)
    asked, _ = ask(issue, editor)
    with pytest.raises(CannotAnswer, match="may not answer"):
        approve(asked, other, seen=asked.fingerprint)
    with pytest.raises(CannotAnswer, match="may not answer"):
        decline(asked, other, "no")


@pytest.mark.parametrize("field", ["subject", "preheader", "intro", "outro"])
def test_it_falls_with_a_change_of_the_issue(issue, editor, approver, field):
    approved(issue, editor, approver)
    Issue.objects.filter(pk=issue.pk).update(**{field: "Other words"})
    with pytest.raises(NotApproved, match="Other words"):
        start(planned(Issue.objects.get()))


@pytest.mark.parametrize("change", [{"headline": "New"}, {"body": "New"}, {"hidden": True}])
def test_it_falls_with_a_change_of_a_story_and_holds_again_when_that_is_undone(
    issue, editor, approver, change
):
    approved(issue, editor, approver)
    story = issue.stories.first()
    before = {name: getattr(story, name) for name in change}
    issue.stories.filter(pk=story.pk).update(**change)
    assert state_of(issue).fell
    issue.stories.filter(pk=story.pk).update(**before)
    assert state_of(issue).approved


def test_it_falls_with_the_audience_a_rule_that_this_names_and_the_subjects_of_a_test(
    issue, editor, approver
):
    Segment.objects.create(slug="asia", name="Asia", rule=rule("SG"))
    Segment.objects.create(slug="near", name="Near", rule={"version": 1, "all": [{"segment": "asia"}]})
    arrange(issue, Arrangement(read_audience(["near"], [])))
    approved(issue, editor, approver)
    assert state_of(issue).approved
    Segment.objects.filter(slug="asia").update(rule=rule("MY"))
    assert state_of(issue).fell
    Segment.objects.filter(slug="asia").update(rule=rule("SG"))
    arrange(issue, Arrangement(read_audience(["near"], []), test=ABTest((("Another", "What"),))))
    assert state_of(issue).fell
    arrange(issue, Arrangement(read_audience([], ["near"])))
    assert state_of(issue).fell


def rule(country: str) -> dict:
    return {"version": 1, "all": [{"field": "country", "is_any_of": [country]}]}


def test_it_stands_whatever_the_moment_the_list_s_people_and_the_test_s_length(issue, editor, approver):
    tried = (("Another", "What"),)
    arrange(issue, Arrangement(test=ABTest(tried)))
    approved(issue, editor, approver)
    crowd(issue.newsletter.mailing_list, 2)
    later = Schedule(local=datetime(2040, 3, 2, 8))
    arrange(issue, Arrangement(schedule=later, test=ABTest(tried, share=50, minutes=5)))
    assert state_of(issue).approved


def test_who_has_not_got_it_gets_it_again_with_the_same_approval(issue, editor, approver):
    arrange(issue, Arrangement(test=ABTest((("Another", "What"),), share=50)))
    approved(issue, editor, approver)
    first = planned(issue)
    assert start(first)
    Send.objects.filter(pk=first.pk).update(winner=1, decided_at="2026-03-02T00:00:00Z")
    first.batches.update(state="cancelled")
    more = again(issue)
    assert Variant.objects.get(send=more).subject == "Another"
    plan(more)
    assert start(more)


def test_a_started_send_is_not_looked_at_any_more(issue, editor, approver):
    approved(issue, editor, approver)
    send = planned(issue)
    assert start(send)
    issue.stories.update(headline="Changed")
    assert start(send) is False


def test_what_was_planned_before_a_change_does_not_go_out_with_the_approval_of_what_came_after(
    issue, editor, approver
):
    send = planned(issue)
    Issue.objects.filter(pk=issue.pk).update(subject="Mended")
    issue.refresh_from_db()
    approved(issue, editor, approver)
    with pytest.raises(NotApproved, match="changed after it was planned"):
        start(send)


def test_asking_twice_is_asking_once_and_after_a_change_anew(issue, editor, approver):
    asked, first = ask(issue, editor, "please")
    assert ask(issue, editor) == (asked, False)
    assert first
    Issue.objects.filter(pk=issue.pk).update(subject="Mended")
    issue.refresh_from_db()
    with pytest.raises(ChangedMeanwhile):
        approve(asked, approver, seen=asked.fingerprint)
    anew, done = ask(issue, editor)
    assert done
    asked.refresh_from_db()
    assert (asked.answer, anew.answer) == ("withdrawn", "")


def test_the_asker_and_the_approver_answer_for_what_they_saw(issue, editor, approver):
    with pytest.raises(ChangedMeanwhile):
        ask(issue, editor, seen="0" * 64)
    asked, _ = ask(issue, editor)
    with pytest.raises(ChangedMeanwhile):
        approve(asked, approver, seen="0" * 64)


def test_an_answer_stands(issue, editor, approver):
    asked, _ = ask(issue, editor, "for Monday")
    with pytest.raises(CannotAnswer, match="Write why"):
        decline(asked, approver, " ")
    decline(asked, approver, "The second story is wrong.")
    with pytest.raises(CannotAnswer, match="before"):
        approve(asked, approver, seen=asked.fingerprint)
    assert withdraw(asked, editor) is False
    kept = Approval.objects.get()
    assert (kept.note, kept.because, kept.answered_by) == (
        "for Monday",
        "The second story is wrong.",
        approver,
    )
    with pytest.raises(NotApproved, match="The second story is wrong"):
        start(planned(issue))


def test_what_was_declined_can_be_asked_about_again(issue, editor, approver):
    asked, _ = ask(issue, editor)
    decline(asked, approver, "Not before Monday.")
    approved(issue, editor, approver)
    assert start(planned(issue))


def test_whoever_may_approve_is_told_by_mail(issue, editor, inbox):
    ask(issue, editor, "for Monday", tell=["ada@example.org", "", "ada@example.org", "ben@example.org"])
    assert mail_notices(sendgrid()) == 2
    assert inbox.addresses() == ["ada@example.org", "ben@example.org"]
    [message, _] = inbox.messages(full=True)
    assert "may it go out?" in message["subject"]
    assert f"/staff/issues/{issue.pk}/approval/" in message["text"]
    assert "for Monday" in message["text"]
    assert Notice.objects.filter(mailed_at=None).count() == 0


def test_asking_in_a_loop_mails_an_approver_once_until_somebody_answers(issue, editor, approver):
    for _ in range(3):
        asked, _ = ask(issue, editor, tell=["ada@example.org"])
        withdraw(asked, editor)
    assert Notice.objects.count() == 1
    asked, _ = ask(issue, editor, tell=["ada@example.org", "ben@example.org"])
    assert sorted(Notice.objects.values_list("to", flat=True)) == ["ada@example.org", "ben@example.org"]
    decline(asked, approver, "Not yet.")
    asked, _ = ask(issue, editor, tell=["ada@example.org"])
    assert Notice.objects.filter(to="ada@example.org").count() == 2
    Notice.objects.update(created_at=timezone.now() - QUIET)
    withdraw(asked, editor)
    ask(issue, editor, tell=["ada@example.org"])
    assert Notice.objects.filter(to="ada@example.org").count() == 3


def test_what_was_approved_stays_to_be_read(issue, editor, approver):
    given = approved(issue, editor, approver)
    assert given.matter == matter_of(send_of(issue)).document
    Issue.objects.filter(pk=issue.pk).update(subject="Mended")
    issue.stories.filter(position=2).delete()
    issue.refresh_from_db()
    told = {change.where: (change.before, change.after) for change in state_of(issue).changed}
    assert told["Subject"][1] == "Mended"
    assert told["Story taken out"] == ("News about policy", "")


def test_a_fingerprint_is_the_same_for_the_same_and_another_for_another_list(issue):
    assert current_matter(issue).fingerprint == matter_of(send_of(issue)).fingerprint
    assert current_matter(issue).fingerprint != current_matter(next_issue(issue)).fingerprint


# ---- Letting it go as it was looked at


def seen(issue):
    with looked_at(issue, Arrangement()) as send:
        return matter_of(send).fingerprint


def test_looking_writes_nothing(issue):
    with looked_at(issue, Arrangement()) as send:
        assert plan(send).recipients == 3
    assert not Send.objects.exists()


def test_looking_leaves_a_plan_as_it_is(issue):
    send = planned(issue)
    with looked_at(issue, Arrangement(test=ABTest((("Another", ""),)))):
        pass
    assert Send.objects.get() == send
    assert send.batches.count() == 1


def test_it_goes_out_once_however_often_it_is_confirmed(issue, editor, approver):
    approved(issue, editor, approver)
    fingerprint = seen(issue)
    send, first = go(issue, Arrangement(), editor, fingerprint=fingerprint, recipients=3)
    same, second = go(issue, Arrangement(), approver, fingerprint=fingerprint, recipients=3)
    assert (first, second) == (True, False)
    assert send == same == Send.objects.get()
    assert Send.objects.get().started_by == editor


def test_it_stops_where_the_people_or_the_content_are_others(issue, editor, approver):
    approved(issue, editor, approver)
    fingerprint = seen(issue)
    subscribe(issue.newsletter.mailing_list, "new@example.org")
    with pytest.raises(ChangedMeanwhile, match="4 people would get it now, and you confirmed 3"):
        go(issue, Arrangement(), editor, fingerprint=fingerprint, recipients=3)
    Issue.objects.filter(pk=issue.pk).update(subject="Mended")
    issue.refresh_from_db()
    with pytest.raises(ChangedMeanwhile, match="were changed while you looked"):
        go(issue, Arrangement(), editor, fingerprint=fingerprint, recipients=4)
    assert not Send.objects.exists()


def test_it_stops_where_nobody_approved_and_leaves_no_plan(issue, editor):
    with pytest.raises(NotApproved):
        go(issue, Arrangement(), editor, fingerprint=seen(issue), recipients=3)
    assert not Send.objects.exists()


def test_an_arrangement_takes_nothing_over(issue):
    arrange(issue, Arrangement(test=ABTest((("Another", "What"),))))
    assert arrange(issue, Arrangement()).test_share is None
    assert Send.objects.count() == 1
    assert arrange(issue, Arrangement(Audience())) == Send.objects.get()


# ---- On the command line


def told(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_command_tells_where_it_stands(issue, editor, approver):
    assert "not approved yet" in told("approval", str(issue))
    approved(issue, editor, approver)
    assert f"Approved by {approver}" in told("approval", str(issue))
    Issue.objects.filter(pk=issue.pk).update(subject="Mended")
    text = told("approval", str(issue))
    assert "has changed since" in text
    assert "Mended" in text


def test_the_command_that_sends_obeys(issue):
    with pytest.raises(CommandError, match="wants an approval"):
        call_command("send", str(issue), yes=True, no_wait=True)
    assert not Send.objects.filter(started_at__isnull=False).exists()


def test_what_was_changed_since_is_planned_anew_by_the_command(issue, editor, approver, inbox):
    with pytest.raises(CommandError, match="wants an approval"):
        call_command("send", str(issue), yes=True, no_wait=True)
    Issue.objects.filter(pk=issue.pk).update(subject="Mended")
    approved(Issue.objects.get(), editor, approver)
    call_command("send", str(issue), yes=True, no_wait=True)
    assert Send.objects.get().editions.get().subject == "Mended"


def test_it_falls_where_a_snapshot_that_a_rule_names_is_taken_anew(issue, editor, approver):
    asia = Segment.objects.create(slug="asia", name="Asia", rule=rule("SG"))
    taken = {"slug": "once", "segment": asia, "rule": asia.rule, "size": 0}
    first = Snapshot.objects.create(**taken)
    Segment.objects.create(slug="then", name="Then", rule={"version": 1, "all": [{"snapshot": "once"}]})
    Segment.objects.create(slug="near", name="Near", rule={"version": 1, "all": [{"segment": "then"}]})
    arrange(issue, Arrangement(read_audience(["near"], [])))
    approved(issue, editor, approver)
    assert state_of(issue).approved
    first.delete()
    Snapshot.objects.create(**taken)
    state = state_of(issue)
    assert state.fell
    assert [change.where for change in state.changed] == ["Snapshots that the audience’s rules name"]


def test_it_falls_with_the_address_that_replies_go_to(issue, editor, approver):
    approved(issue, editor, approver)
    Newsletter.objects.update(reply_to="somebody@elsewhere.example")
    state = state_of(Issue.objects.get())
    assert state.fell
    assert [change.after for change in state.changed] == ["somebody@elsewhere.example"]


@pytest.mark.django_db(transaction=True)
def test_no_rule_changes_between_the_choice_of_people_and_its_fingerprint(issue):
    Segment.objects.create(slug="asia", name="Asia", rule=rule("SG"))
    Segment.objects.create(slug="near", name="Near", rule={"version": 1, "all": [{"segment": "asia"}]})
    send = arrange(issue, Arrangement(read_audience(["near"], [])))

    def change() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '200ms'")
        try:
            Segment.objects.filter(slug="asia").update(rule=rule("MY"))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as another, transaction.atomic():
        plan(send)
        with pytest.raises(OperationalError, match="lock timeout"):
            another.submit(change).result()
    assert Segment.objects.get(slug="asia").rule == rule("SG")
