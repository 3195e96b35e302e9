"""`mailer doctor`: no check keeps another from its answer, nothing secret is shown, and the exit status tells."""

import json
import threading
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from rich.console import Console

from mailer.doctor.installation import look_around
from mailer.doctor.management.commands.doctor import exit_status, newsletters_known
from mailer.doctor.result import CannotSee, Check, Result, State, fine, wrong
from mailer.doctor.run import all_checks, look, run
from mailer.doctor.terminal import show, summary
from tests.doctor.conftest import database_away
from tests.newsroom import make_issue


def unprintable() -> None:
    raise CannotSee("No \x1b[31mred\x1b[0m,\nno second line.")


def results(*checks: Check, patience: float = 30.0) -> list[Result]:
    found = dict(run(checks, look_around([]).printable, patience))
    return [found[place] for place in range(len(checks))]


def test_a_check_that_fails_or_hangs_keeps_no_other_from_its_answer():
    over = threading.Event()

    def hang():
        over.wait()
        return fine("too late")

    looks = {
        "breaks": lambda: 1 // 0,
        "hangs": hang,
        "sees nothing": unprintable,
        "works": lambda: fine("Good."),
    }
    try:
        found = results(*(Check("Subject", name, look) for name, look in looks.items()), patience=0.5)
    finally:
        over.set()
    assert [result.name for result in found] == list(looks)
    assert [result.state for result in found] == [State.UNSEEN, State.UNSEEN, State.UNSEEN, State.FINE]
    assert "(ZeroDivisionError)" in found[0].seen
    assert found[1].seen == "No answer within 0 seconds."
    assert found[2].seen == "No [31mred [0m, no second line."


def test_no_secret_of_ours_is_shown_whoever_says_it(settings):
    environment = settings.ENVIRONMENT
    said = f"{environment.sendgrid_api_key} and {environment.secret_key} are hidden"
    (found,) = results(Check("Subject", "leaks", lambda: wrong(said, said)))
    assert (found.seen, found.todo) == ("<hidden> and <hidden> are hidden",) * 2


def test_what_somebody_wrote_at_length_is_cut():
    (found,) = results(Check("Subject", "long", lambda: fine("x" * 10_000)))
    assert len(found.seen) < 700


@pytest.mark.parametrize(
    ("states", "status", "said"),
    [
        ([], 0, "All is well"),
        ([State.FINE, State.FINE], 0, "2 fine, 0 wrong, 0 not seen. All is well"),
        ([State.FINE, State.UNSEEN], 3, "as far as it could be seen"),
        ([State.UNSEEN, State.WRONG], 1, "Mend what is wrong"),
    ],
)
def test_the_exit_status_and_the_last_line_tell(states, status, said):
    found = [Result("Subject", "name", state, "seen", "") for state in states]
    assert exit_status(found) == status
    assert said in summary(found)


def test_a_person_reads_it_by_subject():
    found = [
        Result("Queue", "Redis", State.FINE, "Version 7.", ""),
        Result("Queue", "[b]Redis[/b]", State.WRONG, "It does not answer.", "Check REDIS_URL."),
        Result("SPF", "harbour-times.sg", State.UNSEEN, "SERVFAIL", ""),
    ]
    page = StringIO()
    show(Console(file=page, width=100), found)
    lines = [line.split() for line in page.getvalue().splitlines() if line.strip()]
    assert lines[:5] == [
        ["Queue"],
        ["✓", "fine", "Redis", "Version", "7."],
        ["✗", "wrong", "[b]Redis[/b]", "It", "does", "not", "answer."],
        ["→", "Check", "REDIS_URL."],
        ["SPF"],
    ]


@pytest.mark.django_db(transaction=True)
def test_it_looks_at_everything_and_tells_programs(inbox, dns, settings):
    newsletters = [make_issue().newsletter for _ in range(2)]
    output = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", newsletter=newsletters[0].slug, json=True, stdout=output)
    assert ended.value.code == 1  # no worker runs
    found = json.loads(output.getvalue())
    assert sum(found["count"].values()) == len(found["checks"])
    assert not [check for check in found["checks"] if "itself failed" in check["seen"]]
    names = {check["name"]: check for check in found["checks"]}
    assert names["workers"]["todo"] == "Start at least one: mailer worker"
    assert names["news.example.com"]["state"] == "unseen"
    assert f"{newsletters[0].slug}: identity" in names
    assert f"{newsletters[1].slug}: identity" not in names
    for secret in (settings.ENVIRONMENT.sendgrid_api_key, settings.ENVIRONMENT.secret_key):
        assert secret not in output.getvalue()


@pytest.mark.django_db(transaction=True)
def test_without_a_database_the_rest_is_looked_at_all_the_same(inbox):
    with database_away():
        checks = all_checks(look_around(newsletters_known(None)))
        found = {check.name: look(check, str) for check in checks if check.subject in ("Database", "Senders")}
    assert found["PostgreSQL"].state == State.WRONG
    assert found["newsletters"].state == State.UNSEEN


@pytest.mark.django_db
def test_an_unknown_newsletter_is_told(inbox):
    slug = make_issue().newsletter.slug
    with pytest.raises(CommandError, match=f"no newsletter 'nothing'. There are: {slug}."):
        call_command("doctor", newsletter="nothing")
