"""`mailer send`, and what it says when it cannot go on."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from rich.console import Console

from mailer.delivery.management.commands.send import STALE
from mailer.delivery.models import Send
from mailer.delivery.plan import plan
from mailer.delivery.schedule import Schedule
from mailer.delivery.start import send_of, start
from mailer.delivery.steer import cancel
from mailer.delivery.terminal import Ending, follow
from mailer.issues.models import Newsletter
from subscribers.models import MailingList
from tests.delivery.settled import become
from tests.newsroom import crowd, make_issue


class Terminal(io.StringIO):
    """Somebody at a terminal, who does something before they answer."""

    def __init__(self, answer: str, before: Callable[[], object]) -> None:
        super().__init__(f"{answer}\n")
        self._before = before

    def isatty(self) -> bool:
        return True

    def readline(self, *args: int) -> str:
        self._before()
        return super().readline(*args)


@pytest.fixture
def issue(db):
    found = make_issue()
    crowd(found.newsletter.mailing_list, 3)
    return found


def test_nobody_to_ask_sends_nothing_and_forgets_the_plan(issue, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match="Say --yes"):
        call_command("send", str(issue))
    assert not Send.objects.exists()


def test_no_forgets_the_plan(issue, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal("no", lambda: None))
    with pytest.raises(CommandError, match=r"^Not sent"):
        call_command("send", str(issue))
    assert not Send.objects.exists()


def test_no_to_a_send_that_somebody_else_started_says_that_it_is_under_way(issue, monkeypatch):
    monkeypatch.setattr("sys.stdin", Terminal("no", lambda: start(Send.objects.get())))
    with pytest.raises(CommandError, match=r"started by somebody else meanwhile.*mailer pause"):
        call_command("send", str(issue))
    assert Send.objects.get().started_at


@pytest.mark.django_db(transaction=True)
def test_without_postgresql_it_says_how_to_go_on(monkeypatch):
    issue = make_issue()
    connection.close()
    with monkeypatch.context() as lost:
        lost.setitem(connection.settings_dict, "HOST", "/nowhere")
        with pytest.raises(CommandError, match=f"Nothing is lost.*go on with: mailer send {issue}"):
            call_command("send", str(issue), "--yes")
        connection.close()


@pytest.mark.parametrize("moment", range(3))
def test_a_send_that_ends_between_two_looks_is_done_and_not_due_later(issue, moment):
    send = send_of(issue)
    plan(send)
    start(send)
    left, over = [None] * moment, []

    def ends(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        """Before the query that comes after so many, the last request is answered."""
        if left:
            left.pop()
        elif not over:
            over.append(True)
            become(send.batches, "accepted")
        return execute(sql, *rest)

    with connection.execute_wrapper(ends):
        assert follow(Console(file=io.StringIO()), send, limit=60) is Ending.DONE


def test_a_plan_that_was_left_at_the_question_for_long_is_made_anew(issue):
    send = send_of(issue)
    plan(send)
    crowd(issue.newsletter.mailing_list, 2)
    call_command("send", str(issue), "--yes", "--no-wait")
    assert Send.objects.get().candidates == 3

    other = make_issue()
    crowd(other.newsletter.mailing_list, 3)
    old = send_of(other)
    plan(old)
    Send.objects.filter(pk=old.pk).update(planned_at=timezone.now() - STALE * 2)
    crowd(other.newsletter.mailing_list, 2)
    call_command("send", str(other), "--yes", "--no-wait")
    assert Send.objects.get(issue=other).candidates == 5


@pytest.mark.parametrize("later", ["the plan is old", "the newsletter has another list"])
def test_a_plan_that_is_made_anew_keeps_its_time_and_its_test(issue, later):
    at = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    call_command("plan", str(issue), "--at", at, "--subject", "Another", "--test-share", "40")
    old = Send.objects.get()
    if later == "the plan is old":
        Send.objects.update(planned_at=timezone.now() - STALE * 2)
    else:
        Newsletter.objects.update(mailing_list=MailingList.objects.create(slug="new", name="New"))
    call_command("send", str(issue), "--yes", "--no-wait")
    send = Send.objects.get()
    assert send.pk != old.pk
    assert send.started_at
    assert (send.scheduled_at, send.test_share) == (old.scheduled_at, 40)
    assert send.mailing_list == Newsletter.objects.get().mailing_list


def test_a_plan_that_is_made_anew_is_for_those_who_have_not_got_it_as_before(issue):
    first = send_of(issue)
    plan(first)
    start(first)
    cancel(first.pk, "Wrong.")
    call_command("plan", str(issue), "--again")
    Send.objects.filter(previous=first).update(planned_at=timezone.now() - STALE * 2)
    call_command("send", str(issue), "--yes", "--no-wait")
    assert Send.objects.get(previous=first).started_at


def test_a_plan_whose_time_is_over_is_not_sent_late(issue):
    send = send_of(issue, Schedule(at=timezone.now() + timedelta(hours=1)))
    plan(send)
    over = timezone.now() - timedelta(hours=1)
    Send.objects.update(planned_at=timezone.now() - STALE * 2, scheduled_at=over)
    with pytest.raises(CommandError, match="which is over"):
        call_command("send", str(issue), "--yes", "--no-wait")
    assert Send.objects.get().started_at is None


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--at", ""], "not a date and time"),
        (["--local", ""], "not a date and time"),
        (["--at", "2030-01-01 08:00", "--zone", ""], "not the name of a time zone"),
        (["--test-share", "50"], "with --subject or --preheader"),
    ],
)
def test_an_option_that_says_nothing_sends_nothing(issue, options, says):
    with pytest.raises(CommandError, match=says):
        call_command("send", str(issue), "--yes", *options)
    assert not Send.objects.exists()


def test_what_the_checks_forbid_leaves_no_send_behind(issue):
    issue.stories.update(link="/relative")
    at = (timezone.now() + timedelta(days=1)).strftime("%Y-%m-%d %H:%M")
    with pytest.raises(CommandError, match="before this is mended"):
        call_command("send", str(issue), "--yes", "--at", at)
    assert not Send.objects.exists()


def test_what_somebody_else_arranged_in_another_way_is_not_sent(issue, monkeypatch):
    def arrange() -> None:
        plan(send_of(issue, Schedule(at=timezone.now() + timedelta(hours=1))))

    monkeypatch.setattr("sys.stdin", Terminal("yes", arrange))
    with pytest.raises(CommandError, match="arranged it in another way"):
        call_command("send", str(issue))
    assert Send.objects.get().started_at is None


def test_what_its_form_would_have_refused_of_a_newsletter_is_said_before_a_plan(issue):
    Newsletter.objects.update(domain_ceilings={"example.org": 0})
    with pytest.raises(CommandError, match=r"Correct the newsletter .* domain_ceilings: Write domains"):
        call_command("send", str(issue), "--yes")
    assert not Send.objects.exists()
