"""The commands, as somebody types them: what they say, what they change, how they end."""

import os
import pkgutil
import pty
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from django.core.management import call_command, load_command_class
from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from mailer.__main__ import COMMANDS, main
from mailer.delivery.models import Batch, Send
from mailer.delivery.plan import plan
from mailer.delivery.progress import progress
from mailer.delivery.start import send_of
from mailer.issues.models import Issue
from subscribers.models import Topic
from tests.newsroom import crowd, make_issue, subscribe

APPS = (
    "mailer.issues",
    "mailer.delivery",
    "mailer.staff",
    "mailer.tracking",
    "mailer.archive",
    "mailer.local",
    "mailer.doctor",
    "subscribers",
)
PATIENCE = 180
"""Seconds."""


def ours() -> dict[str, str]:
    """Every command that has a file, and the app it is in."""
    return {
        found.name: app
        for app in APPS
        for found in pkgutil.iter_modules(import_module(f"{app}.management.commands").__path__)
    }


@pytest.fixture
def mailer(capsys, monkeypatch) -> Callable[..., str]:
    """Run a command in this process, on this test's database. Gives what it printed, in single spaces."""
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> str:
        capsys.readouterr()
        call_command(*arguments)
        return " ".join(capsys.readouterr().out.split())

    return run


def typed(*arguments: str, answer: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command as its own process on this test's database: at a terminal that answers, or at none."""
    database = os.environ["DATABASE_URL"].replace("/mailer?", f"/{connection.settings_dict['NAME']}?")
    keyboard, terminal = pty.openpty()
    try:
        if answer is not None:
            os.write(keyboard, answer.encode())
        return subprocess.run(
            [sys.executable, "-m", "mailer", *arguments],
            env={**os.environ, "DATABASE_URL": database, "COLUMNS": "200"},
            stdin=subprocess.DEVNULL if answer is None else terminal,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        os.close(keyboard)
        os.close(terminal)


# What there is


def test_every_command_of_ours_is_listed():
    listed = {
        usage.split()[0] for group in COMMANDS.values() for line in group for usage in line.split(" · ")
    }
    assert listed - {"down", "migrate", "createsuperuser"} == set(ours())


@pytest.mark.xdist_group("commands")
@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"]], ids=["nothing", "help", "--help"])
def test_the_list_is_shown_without_starting_anything(machine, arguments):
    done = machine.mailer(*arguments, COLUMNS="80")
    assert (done.returncode, done.stderr) == (0, "")
    for name in (*ours(), "down", "migrate"):
        assert f" {name}" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80
    assert not machine.var.exists()


@pytest.mark.parametrize("name", sorted(ours()))
def test_every_command_explains_itself_with_an_example(name):
    said = load_command_class(ours()[name], name).create_parser("mailer", name).format_help()
    assert f"usage: mailer {name}" in said
    assert f"mailer {name}" in " ".join(said.split()).partition("xample")[2]


@pytest.mark.xdist_group("commands")
@pytest.mark.parametrize(
    "arguments", [["help", "send"], ["send", "--help"], ["help", "down"], ["down", "-h"]]
)
def test_help_needs_no_server_and_no_settings(machine, arguments):
    done = machine.mailer(*arguments, MAILER_EMBEDDED="no")
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: mailer" in done.stdout
    assert "Example: mailer" in " ".join(done.stdout.split())
    assert not machine.var.exists()


@pytest.mark.xdist_group("commands")
def test_an_unknown_command_is_named_with_where_to_look():
    done = typed("sned", "weekly/1")
    assert done.returncode == 1
    assert "Unknown command: 'sned'" in done.stderr
    assert "Traceback" not in done.stderr


# build


@pytest.mark.django_db
def test_build_writes_what_would_go_out(mailer, tmp_path):
    issue = make_issue()
    said = mailer("build", str(issue), "--out", str(tmp_path / "made" / "here"))
    folder = tmp_path / "made" / "here"
    assert {path.name for path in folder.iterdir()} == {"issue.html", "issue.txt", "subject.txt"}
    for name in ("issue.html", "issue.txt"):
        written = (folder / name).read_text(encoding="utf-8")
        assert "Dear Ada," in written
        assert all(f"News about {topic}" in written for topic in ("ai", "policy", "travel"))
    assert (folder / "subject.txt").read_text() == "Ada, your week"
    assert "KB of HTML" in said
    assert str(folder / "issue.html") in said


@pytest.mark.django_db
def test_build_shows_the_issue_to_a_reader_of_some_topics(mailer, tmp_path):
    mailer("build", str(make_issue()), "--topics", "ai, Travel,", "--out", str(tmp_path))
    written = (tmp_path / "issue.html").read_text()
    assert "News about ai" in written
    assert "News about travel" in written
    assert "News about policy" not in written


@pytest.mark.django_db
def test_build_says_when_no_story_fits_the_topics(mailer, tmp_path):
    issue = make_issue()
    Topic.objects.create(slug="gardening", name="Gardening")
    with pytest.raises(CommandError, match="there is nothing to send"):
        mailer("build", str(issue), "--topics", "gardening", "--out", str(tmp_path))


@pytest.mark.django_db
def test_build_answers_an_unknown_topic_with_those_there_are(mailer, tmp_path):
    with pytest.raises(
        CommandError, match=r"There is no topic 'gardening'\. There are: ai, policy, travel\."
    ):
        mailer("build", str(make_issue()), "--topics", "ai,gardening", "--out", str(tmp_path))
    assert not any(tmp_path.iterdir())


@pytest.mark.django_db
def test_build_takes_a_newsletter_for_its_newest_issue(mailer, tmp_path):
    issue = make_issue()
    Issue.objects.create(newsletter=issue.newsletter, number=2, date=issue.date, subject="Nothing in it yet")
    mailer("build", f"{issue.newsletter.slug}/1", "--out", str(tmp_path))
    with pytest.raises(CommandError):
        mailer("build", issue.newsletter.slug, "--out", str(tmp_path))


@pytest.mark.django_db
def test_build_is_blocked_by_what_lint_forbids_and_says_where(mailer, tmp_path, capsys):
    issue = make_issue()
    issue.stories.filter(position=2).update(image="https://www.example.com/a.png", image_alt="")
    with pytest.raises(CommandError, match="cannot be sent before the errors are mended"):
        mailer("build", str(issue), "--out", str(tmp_path))
    said = capsys.readouterr().out
    assert "error" in said
    assert "story 2" in said
    assert "the image has no alt text" in said
    assert (tmp_path / "issue.html").exists(), "one can look at what is wrong"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["nothing/1", "nothing", "weekly-known/9", "weekly-known/x", "weekly-known/", "/1", ""]
)
@pytest.mark.parametrize("command", ["build", "send"])
def test_an_unknown_issue_is_answered_with_those_there_are(mailer, tmp_path, command, name):
    make_issue(suffix="known")
    more = ["--out", str(tmp_path)] if command == "build" else ["--yes"]
    if name == "weekly-known/":
        name = "weekly-known/²"
    with pytest.raises(CommandError) as raised:
        mailer(command, name, *more)
    assert f"There is no issue {name!r}" in str(raised.value)
    assert "weekly-known/1" in str(raised.value)
    assert not Send.objects.exists()


@pytest.mark.django_db
def test_where_there_is_no_issue_at_all_that_is_said(mailer, tmp_path):
    with pytest.raises(CommandError, match="There are none yet"):
        mailer("build", "weekly/1", "--out", str(tmp_path))


@pytest.mark.django_db
def test_build_says_when_it_cannot_write(mailer, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CommandError, match=r"Cannot write to .*--out"):
        mailer("build", str(make_issue()), "--out", str(tmp_path / "file"))


# send


def an_issue(readers: int = 3) -> Issue:
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, readers)
    return issue


@pytest.mark.django_db
def test_send_shows_its_plan_and_sends_nothing_when_nobody_is_there_to_ask(mailer, capsys):
    issue = an_issue()
    subscribe(issue.newsletter.mailing_list, "left@example.org", state="unsubscribed")
    with pytest.raises(CommandError, match="--yes"):
        mailer("send", str(issue))
    said = " ".join(capsys.readouterr().out.split())
    assert "on the list │ 4" in said
    assert "left out: left the list │ -1" in said
    assert "get the issue │ 3" in said
    assert not Send.objects.exists()
    assert not Batch.objects.exists()


@pytest.mark.django_db
def test_a_story_that_was_mended_after_a_plan_nobody_agreed_to_is_sent_as_mended(mailer):
    issue = an_issue()
    with pytest.raises(CommandError):
        mailer("send", str(issue))
    issue.stories.filter(position=1).update(headline="Mended")
    mailer("send", str(issue), "--yes", "--no-wait")
    assert "Mended" in Send.objects.get().editions.get().html


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commands")
@pytest.mark.parametrize("answer", ["no\n", "\n", "y\n", "\x04"], ids=["no", "nothing", "y", "end"])
def test_only_a_yes_sends(answer):
    done = typed("send", str(an_issue()), answer=answer)
    assert done.returncode == 1
    assert "Not sent." in done.stderr
    assert "Traceback" not in done.stderr
    assert not Send.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.xdist_group("commands")
def test_a_yes_sends_and_no_wait_does_not_follow():
    done = typed("send", str(an_issue()), "--no-wait", answer="Yes\n")
    assert done.returncode == 0, done.stderr
    send = Send.objects.get()
    assert f"Send {send.pk} is under way. See: mailer report {send.pk}" in done.stdout
    assert send.started_at
    assert progress(send).waiting == 3


@pytest.mark.xdist_group("commands")
def test_send_hands_the_issue_to_the_workers_follows_it_and_ends_well(installation):
    issue = an_issue(1_500)
    installation.start("worker1", "beat")
    done = typed("send", str(issue), "--yes")
    assert done.returncode == 0, done.stderr
    assert "Accepted by SendGrid: 1,500." in done.stdout
    assert "Traceback" not in done.stderr
    assert len(installation.inbox.messages()) == 1_500

    subscribe(issue.newsletter.mailing_list, "late@example.org")
    again = typed("send", str(issue), "--yes")
    assert again.returncode == 0, again.stderr
    assert "Accepted by SendGrid: 1,500." in again.stdout
    assert Send.objects.count() == 1
    assert len(installation.inbox.messages()) == 1_500


@pytest.mark.django_db
def test_send_refuses_what_lint_forbids(mailer):
    issue = an_issue()
    issue.stories.filter(position=2).update(image="https://www.example.com/a.png", image_alt="")
    with pytest.raises(CommandError) as raised:
        mailer("send", str(issue), "--yes")
    assert "the image has no alt text" in str(raised.value)
    assert not Batch.objects.exists()
    assert not Send.objects.exclude(started_at=None).exists()


@pytest.mark.django_db
def test_send_of_an_issue_that_nobody_gets_ends_at_once(mailer):
    said = mailer("send", str(make_issue()), "--yes")
    assert "get the issue │ 0" in said
    assert "Accepted by SendGrid: 0." in said


# pause and resume


@pytest.fixture
def send(db) -> Send:
    send = send_of(an_issue())
    plan(send)
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now() - timedelta(minutes=1))
    return send


def test_pause_stops_a_send_and_resume_lets_it_go_on(mailer, send):
    assert mailer("pause", str(send.pk), "--because", "The date is wrong.") == f"Send {send.pk} is paused."
    send.refresh_from_db()
    assert send.paused_at
    assert send.paused_because == "The date is wrong."
    assert mailer("pause", "latest") == f"Send {send.pk} was paused already."
    with pytest.raises(CommandError, match=rf"The date is wrong\. .*mailer resume {send.pk}"):
        mailer("send", str(send.issue), "--yes")
    assert mailer("resume", "latest") == f"Send {send.pk} goes on."
    assert mailer("resume", str(send.pk)) == f"Send {send.pk} was not paused."
    send.refresh_from_db()
    assert send.paused_at is None


@pytest.mark.parametrize("name", ["999999", "x", "-1", "", "9" * 30, "²"])
@pytest.mark.parametrize("command", ["pause", "resume", "report"])
def test_an_unknown_send_is_answered_with_those_there_are(mailer, send, command, name):
    with pytest.raises(CommandError) as raised:
        call_command(command, "--", name)
    assert f"There is no send {name!r}. The newest are: {send.pk} ({send.issue})." in str(raised.value)


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["pause", "resume", "report"])
def test_where_there_is_no_send_at_all_that_is_said(mailer, command):
    with pytest.raises(CommandError, match="There are none yet"):
        mailer(command, "latest")


def test_report_says_when_it_cannot_write_its_page(mailer, send, tmp_path: Path):
    with pytest.raises(CommandError, match="could not be written"):
        mailer("report", str(send.pk), "--html", str(tmp_path / "missing" / "report.html"))


def test_an_output_that_is_full_is_told_without_a_traceback(monkeypatch) -> None:
    monkeypatch.setattr(sys, "argv", ["mailer", "help"])
    full = open(os.open("/dev/full", os.O_WRONLY), "w", closefd=True)  # noqa: SIM115
    monkeypatch.setattr(sys, "stdout", full)
    with pytest.raises(SystemExit, match="could not be written: No space left on device"):
        main()
    with suppress(OSError):
        full.close()
