"""The suppressions at the command line."""

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.core.management.base import CommandError

from mailer.delivery.suppressing.turn import KEY
from subscribers.models import Lifting, Suppression
from tests.delivery.sendgrid_lists import listed, shown

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def wide_and_free(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    cache.delete(KEY)
    yield
    cache.delete(KEY)


def run(*arguments: str, capsys) -> str:
    call_command("suppressions", *arguments)
    return capsys.readouterr().out


def test_add_list_lift(capsys, inbox):
    assert "Suppressed." in run("add", "Press@example.org", "--detail", "asked [by] phone", capsys=capsys)
    assert "already" in run("add", "press@example.org", capsys=capsys)
    said = run("list", capsys=capsys)
    for part in ("press@example.org", "by staff", "asked [by] phone", "not yet"):
        assert part in said
    said = run("lift", "PRESS@example.org", "--reason", "wrote again", "--by", "Anna Tan", capsys=capsys)
    assert "not suppressed any more. It was: by staff." in said
    assert Lifting.objects.get().because == "wrote again"
    said = run("list", "press@example.org", capsys=capsys)
    for part in ("Not suppressed.", "Anna Tan", "wrote again", "not yet"):
        assert part in said


def test_list_by_reason(capsys):
    for reason in Suppression.Reason:
        Suppression.objects.create(address=f"{reason}@example.org", reason=reason)
    said = run("list", "--reason", "bounce", capsys=capsys)
    assert "bounce@example.org" in said
    assert "manual@example.org" not in said


def test_pull_shows_what_became_of_each_list(capsys, inbox):
    listed(inbox, "bounces", "gone@example.org", "gone2@example.org")
    said = run("pull", "--since", "2020-01-01", capsys=capsys)
    (row,) = (line for line in said.splitlines() if line.startswith("│ bounces"))
    assert [cell.strip() for cell in row.split("│")[2:5]] == ["hard bounce", "2", "2"]
    assert "Blocks are not pulled" in said


def test_push_tells_sendgrid_of_what_is_suppressed_and_lifted(capsys, inbox):
    listed(inbox, "bounces", "back@example.org")
    run("add", "back@example.org", "--reason", "bounce", capsys=capsys)
    run("lift", "back@example.org", "--reason", "works", "--by", "Anna", capsys=capsys)
    run("add", "press@example.org", capsys=capsys)
    said = run("push", capsys=capsys)
    assert "Taken off SendGrid's lists: 1. Added to its global list: 1." in said
    assert (shown(inbox, "bounces"), shown(inbox, "unsubscribes")) == (set(), {"press@example.org"})


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "no address"), "is no address"),
        (("lift", "a@example.org", "--reason", "x", "--by", "y"), "is not suppressed"),
        (("lift", "angry@example.org", "--reason", "x", "--by", "y"), "never lifted"),
        (("pull", "--since", "31.1.2026"), "is no day"),
        (("pull", "--since", "2999-01-01"), "lies in the future"),
        (("lift", "a@example.org", "--reason", "x"), "--by"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(arguments, said):
    Suppression.objects.create(address="angry@example.org", reason="complaint")
    with pytest.raises(CommandError, match=said):
        call_command("suppressions", *arguments)


def test_a_failure_at_sendgrid_says_what_to_do_and_when(inbox):
    inbox.fail("rate_limit", path="/v3/suppression", count=1, seconds=300)
    with pytest.raises(CommandError, match=r"run it again to go on\. SendGrid takes calls again in \d+ s"):
        call_command("suppressions", "pull")
