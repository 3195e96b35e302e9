"""`mailer alerts`, for people and for monitors."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from mailer.tracking.models import Alert

pytestmark = pytest.mark.django_db
TEXT = "3 events wait.\n\nWhat to do: start a worker."


def run(capsys, *arguments: str) -> tuple[int, str]:
    """Exit status and output."""
    status = 0
    try:
        call_command("alerts", *arguments)
    except SystemExit as end:
        status = int(str(end.code))
    return status, capsys.readouterr().out


def over(days: float, **fields: str) -> Alert:
    ended = timezone.now() - timedelta(days=days)
    return Alert.objects.create(
        kind="webhook_silent", began_at=ended - timedelta(hours=1), ended_at=ended, **fields
    )


def test_nothing_wrong_is_success(capsys):
    assert run(capsys) == (0, "Nothing is wrong.\n")


def test_an_open_one_says_since_when_and_what_to_do_and_is_no_success(capsys):
    Alert.objects.create(kind="folding_late", text=TEXT)
    status, said = run(capsys)
    assert status == 1
    assert "Events wait too long to be counted" in said
    assert "open since" in said
    assert "What to do: start a worker." in said


def test_what_ended_lately_is_shown_and_all_with_all(capsys):
    over(6, text="x")
    over(8, subject="long ago", text="x")
    status, said = run(capsys)
    assert status == 0
    assert said.count("SendGrid's event webhook is silent") == 1
    assert "long ago" not in said
    assert "long ago" in run(capsys, "--all")[1]


def test_for_programs_it_is_json_with_the_same_status(capsys):
    alert = Alert.objects.create(kind="suppressions_failing", subject="pull", text=TEXT)
    over(1, text="x")
    status, said = run(capsys, "--json")
    first, second = json.loads(said)
    assert status == 1
    assert first == {
        "id": alert.pk,
        "kind": "suppressions_failing",
        "subject": "pull",
        "title": "Suppressions are not kept in step with SendGrid: pull",
        "text": TEXT,
        "began_at": alert.began_at.isoformat(),
        "seen_at": alert.seen_at.isoformat(),
        "ended_at": None,
    }
    assert second["ended_at"]


def test_the_terminal_obeys_no_text_from_outside(capsys):
    Alert.objects.create(
        kind="send_paused", subject="send 1", text="refused \x1b[2J [bold]by[/bold] \u202eus"
    )
    _, said = run(capsys)
    assert "\x1b[2J" not in said
    assert "\u202e" not in said
    assert "[bold]by[/bold]" in said
