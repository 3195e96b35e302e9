"""Two at the same moment: one send, and an older look that ends."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from django.db import connection, transaction

from mailer.delivery.approval.matter import current_matter
from mailer.delivery.arrange import Arrangement, go
from mailer.delivery.models import Send
from mailer.issues.models import Issue
from mailer.local.waiting import wait_until
from mailer.staff.sending import looking
from mailer.staff.sending.looking import TookTooLong, look
from tests.newsroom import crowd, make_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def issue():
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 3)
    return issue


def in_threads(count: int, act):
    """What each of so many calls at once returns."""

    def work(number: int):
        try:
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_whoever_confirms_at_the_same_moment_gets_the_same_send(issue, inbox):
    editors = [somebody("editor", at=issue.newsletter) for _ in range(4)]
    fingerprint = current_matter(issue).fingerprint
    line = Barrier(4)

    def confirm(number: int):
        line.wait(timeout=30)
        return go(issue, Arrangement(), editors[number], fingerprint=fingerprint, recipients=3)

    found = in_threads(4, confirm)
    assert {send for send, _ in found} == {Send.objects.get()}
    assert sorted(first for _, first in found) == [False, False, False, True]


def _sleep(seconds: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])


def _sleeps() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%%' AND state = 'active'"
        )
        return bool(cursor.fetchone()[0])


def test_a_look_that_takes_too_long_is_given_up(issue, monkeypatch):
    monkeypatch.setattr(looking, "SECONDS", 1)
    with (
        pytest.raises(TookTooLong, match="more than 1 seconds"),
        look(somebody("editor"), issue, Arrangement(), "x"),
    ):
        _sleep(20)
    assert not Send.objects.exists()


def test_a_newer_look_ends_the_older_one_of_the_same_person(issue):
    editor = somebody("editor", at=issue.newsletter)
    looks = Event()

    def older_and_newer(number: int) -> str:
        if number == 0:
            try:
                with look(editor, issue, Arrangement(), "x"):
                    looks.set()
                    _sleep(20)
            except TookTooLong:
                return "ended"
            return "went on"
        looks.wait(timeout=30)
        assert wait_until(_sleeps, 30)
        with look(editor, issue, Arrangement(), "x") as who:
            return str(len(who.editions))

    assert in_threads(2, older_and_newer) == ["ended", "1"]


def test_others_go_on_writing_while_somebody_looks(issue):
    def write(number: int) -> int:
        with transaction.atomic():
            Issue.objects.select_for_update(no_key=True, nowait=True).get(pk=issue.pk)
            return Issue.objects.filter(pk=issue.pk).update(subject="Meanwhile")

    with look(somebody("editor"), issue, Arrangement(), "x") as who:
        assert in_threads(1, write) == [1]
        assert who.send.issue.subject != "Meanwhile"
