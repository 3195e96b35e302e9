"""`mailer send`, and what it says when it cannot go on."""

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from mailer.delivery.management.commands.send import STALE
from mailer.delivery.models import Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of, start
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
