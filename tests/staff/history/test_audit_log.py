"""The audit log: who reads it, what is found, and the file."""

import csv
from datetime import datetime, timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from mailer.staff.audit import ADDITION, record
from mailer.staff.history.entries import ON_A_PAGE, Asked, entries, page_of
from subscribers.models import Suppression, Topic
from tests.roles import somebody

pytestmark = pytest.mark.django_db
PAGE = "/staff/audit/"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def boss(client) -> User:
    boss = somebody("administrator", username="boss")
    client.force_login(boss)
    return boss


@pytest.fixture
def acts(boss):
    """Three acts of two people, one of them yesterday."""
    ben = somebody("marketer", username="ben")
    tea = Topic.objects.create(slug="tea", name=f"Tea {HOSTILE}")
    record(ben, tea, "Made the topic.", ADDITION)
    record(boss, tea, f"=1+1 {HOSTILE}")
    record(ben, ben, "Signed in.")
    LogEntry.objects.filter(change_message="Made the topic.").update(
        action_time=timezone.now() - timedelta(days=1)
    )
    return ben, tea


def sentences(asked: Asked) -> list[str]:
    return [entry.get_change_message()[:9] for entry in entries(asked)]


def test_it_shows_who_did_what_newest_first_and_escapes_it(client, acts):
    record(acts[0], Suppression(pk=0, address="2 addresses", reason="manual"), "Suppressed 2 addresses.")
    text = client.get(PAGE).text
    order = [text.index(words) for words in ("Signed in.", "=1+1", "Made the topic.")]
    assert order == sorted(order)
    assert HOSTILE not in text
    assert "/staff/subscribers/topic/" in text
    assert "/staff/subscribers/suppression/" not in text  # many at once, so there is no one to lead to


def test_acts_are_found_by_person_kind_thing_words_and_day(acts):
    ben, _ = acts
    of_topics = ContentType.objects.get_for_model(Topic)
    today = timezone.localdate()
    assert sentences(Asked()) == ["Signed in", "=1+1 <scr", "Made the "]
    assert sentences(Asked(who=ben)) == ["Signed in", "Made the "]
    assert sentences(Asked(what="added")) == ["Made the "]
    assert sentences(Asked(what="sign-in")) == ["Signed in"]
    assert sentences(Asked(about=of_topics)) == ["=1+1 <scr", "Made the "]
    assert sentences(Asked(text="TEA", who=ben)) == ["Made the "]
    assert sentences(Asked(text="signed")) == ["Signed in"]
    assert sentences(Asked(since=today)) == ["Signed in", "=1+1 <scr"]
    assert sentences(Asked(until=today - timedelta(days=1))) == ["Made the "]


def test_the_page_takes_the_same_filters_and_says_what_it_cannot_read(client, acts):
    ben, _ = acts
    text = client.get(PAGE, {"who": ben.pk, "what": "added"}).text
    assert "Made the topic." in text
    assert "=1+1" not in text
    day = timezone.localdate()
    wrong = client.get(PAGE, {"since": day, "until": day - timedelta(days=2), "who": "x", "before": "²"})
    assert wrong.status_code == 200
    assert wrong.text.count('role="alert"') == 2
    assert "Nothing fits" in client.get(PAGE, {"q": "nowhere"}).text


def test_pages_follow_each_other_and_nothing_is_counted(client, boss, django_assert_max_num_queries):
    for number in range(ON_A_PAGE + 5):
        record(boss, boss, f"Act {number}.")
    first = page_of(Asked())
    second = page_of(Asked(), first.older)
    assert [len(first.entries), len(second.entries), second.older] == [ON_A_PAGE, 5, None]
    assert first.entries[0].change_message == f"Act {ON_A_PAGE + 4}."
    assert second.entries[-1].change_message == "Act 0."
    with django_assert_max_num_queries(20) as queries:
        text = client.get(PAGE).text
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"] and "admin_log" in query["sql"]]
    assert f"before={first.older}" in text
    assert client.get(PAGE, {"before": "9" * 18}).context["page"].older == first.older


def test_the_file_holds_what_was_asked_for_without_formulas_and_is_written_down(client, acts):
    assert client.get(f"{PAGE}csv/").status_code == 405
    answer = client.post(f"{PAGE}csv/", {"about": ContentType.objects.get_for_model(Topic).pk})
    assert answer.streaming
    assert "attachment" in answer["Content-Disposition"]
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()
    found = list(csv.DictReader(lines))
    assert [row["who"] for row in found] == ["boss", "ben"]
    assert found[0]["said"] == f"'=1+1 {HOSTILE}"
    assert datetime.fromisoformat(found[0]["at"]).tzinfo is not None
    assert LogEntry.objects.first().change_message == "Exported the audit log."


def test_only_administrators_of_all_newsletters_read_it(client, acts):
    for role in ("editor", "approver", "marketer", "reader"):
        client.force_login(somebody(role))
        assert client.get(PAGE).status_code == 403
        assert client.post(f"{PAGE}csv/").status_code == 403
