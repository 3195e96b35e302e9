"""The report of a newsletter as people get it: kept and read back, page, table, terminal, command, staff site."""

import base64
import csv
import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import orjson
import pytest
import redis
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from rich.console import Console

from mailer.config.celery import EVERY
from mailer.issues.models import Story
from mailer.tracking.models import NewsletterFigures
from mailer.tracking.newsletter.count import count
from mailer.tracking.newsletter.due import due_newsletters
from mailer.tracking.newsletter.figures import Arrivals, Growth
from mailer.tracking.newsletter.keep import count_and_keep, kept_report
from mailer.tracking.newsletter.page import render
from mailer.tracking.newsletter.rows import as_csv
from mailer.tracking.newsletter.terminal import show
from mailer.tracking.tasks import count_newsletter, count_newsletters
from subscribers.models import Subscriber, Topic
from tests.staff.test_person_page import signed_in
from tests.tracking.newsletter.plain import Reader, Record
from tests.tracking.newsletter.world import NOW, make_newsletter, sends, write_down

pytestmark = pytest.mark.django_db
HOSTILE = "=1+1</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)> [red]{{ 7|add:7 }}\x1b[31m"


@pytest.fixture
def newsletter():
    """With hostile names, people in every band, and something of everything."""
    newsletter = make_newsletter(13, zone="Europe/Berlin")
    newsletter.name = newsletter.mailing_list.name = HOSTILE
    newsletter.save()
    newsletter.mailing_list.save()
    sent = frozenset(range(1, 13))
    joined = [Record(NOW, "signed_up", detail={"network": "192.0.2.0/24"}), Record(NOW, "confirmed")]
    numbers = write_down(
        [
            Reader(joined, sent=sent, opened=frozenset({2}), clicked=frozenset({2})),
            Reader(joined, sent=sent, opened=frozenset({9})),
            Reader([Record(NOW, "imported")], sent=sent),
            Reader([Record(NOW, "imported")]),
            Reader([*joined, Record(NOW, "left")], state="unsubscribed"),
            Reader(joined, suppressed={"complaint": timezone.now()}),
        ],
        newsletter,
        domain="x.example",
    )
    topic = Topic.objects.create(slug="tea", name=HOSTILE[:100])
    Subscriber.objects.filter(pk__in=numbers).update(topic_ids=[topic.pk])
    story = Story.objects.create(issue=sends(newsletter)[0].issue, position=1, headline="Tea", body="…")
    story.topics.set([topic])
    return newsletter


class Tags(HTMLParser):
    """The tags of a page, and whatever would fetch or run something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.suspicious: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if attrs == [("rel", "icon"), ("href", "data:,")]:
            return  # Nothing: it keeps browsers from asking for /favicon.ico.
        self.tags.append(tag)
        self.suspicious += [name for name, _ in attrs if name.startswith("on") or name in ("src", "href")]


def table(report) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(report).removeprefix("\ufeff"))))


def value(rows, **wanted: str) -> str:
    (row,) = [row for row in rows if all(row[name] == each for name, each in wanted.items())]
    return row["value"]


def test_what_is_kept_is_read_back_with_one_query_as_it_was_counted(newsletter):
    counted = count_and_keep(newsletter)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert kept_report(newsletter.pk) == counted
    assert len(queries) == 1
    again = count(newsletter)
    assert (again.growth, again.bands, again.domains) == (counted.growth, counted.bands, counted.domains)


def test_figures_of_another_form_are_none_and_due(newsletter):
    assert kept_report(newsletter.pk) is None
    assert due_newsletters() == [newsletter.pk]
    count_newsletter(newsletter.pk)
    assert due_newsletters() == []
    NewsletterFigures.objects.update(data={"version": 0})
    assert kept_report(newsletter.pk) is None
    assert due_newsletters() == [newsletter.pk]
    NewsletterFigures.objects.update(counted_at=NOW)
    count_newsletter(newsletter.pk)
    assert kept_report(newsletter.pk) is not None
    count_newsletter(0)  # deleted since


@pytest.fixture
def queue() -> redis.Redis:
    """The queue of everything that has none of its own, on the suite's Redis, emptied."""
    client = redis.Redis.from_url(settings.ENVIRONMENT.celery_broker_url)
    client.flushdb()
    return client


def queued(queue: redis.Redis) -> list[tuple[str, list[int]]]:
    """The tasks in it, with what they carry."""
    messages = [orjson.loads(raw) for raw in queue.lrange("mailer", 0, -1)]
    return [
        (message["headers"]["task"].rpartition(".")[2], orjson.loads(base64.b64decode(message["body"]))[0])
        for message in messages
    ]


def test_the_task_of_every_hour_hands_out_what_is_due_and_the_button_too(newsletter, queue):
    assert EVERY["mailer.tracking.tasks.count_newsletters"] == 3600
    count_newsletters()
    assert queued(queue) == [("count_newsletter", [newsletter.pk])]
    count_newsletter(newsletter.pk)
    queue.flushdb()
    count_newsletters()
    assert queued(queue) == []
    address = f"/staff/reports/newsletters/{newsletter.pk}/"
    answer = signed_in("reader").post(f"{address}count/", follow=True)
    assert "It is being counted." in answer.text
    assert queued(queue) == [("count_newsletter", [newsletter.pk])]


def test_every_figure_is_in_the_table_with_what_it_counts(newsletter):
    report = count(newsletter)
    rows = table(report)
    assert all(row["counts"] for row in rows)
    assert {row["part"] for row in rows} == {
        "growth by week",
        "growth by month",
        "engagement",
        "topics",
        "hours",
        "list health",
        "domains",
    }
    april = {"part": "growth by month", "about": "2026-04-01"}
    assert value(rows, **april, figure="confirmed") == "4"
    assert value(rows, **april, figure="left") == "1"
    month = timezone.now().date().replace(day=1).isoformat()
    assert value(rows, part="growth by month", about=month, figure="suppressed: complaint") == "1"
    assert value(rows, part="growth by month", about=month, figure="size") == "4"
    assert [value(rows, part="engagement", about=band) for band in report.bands] == ["1", "1", "1", "1"]
    assert value(rows, part="domains", about="x.example", issue="13", figure="sent") == "3"
    assert sum(row["part"] == "hours" for row in rows) == 168


def test_no_cell_of_the_table_is_a_formula(newsletter):
    rows = table(count(newsletter))
    assert [row for row in rows if row["about"].startswith("'=1+1")]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "@"))]


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_the_page_is_self_contained_and_shows_hostile_names_as_text(newsletter, language):
    with translation.override(language):
        page = render(count(newsletter))
    tags = Tags(page)
    assert not {"script", "img", "link", "iframe"}.intersection(tags.tags)
    assert tags.suspicious == []
    assert "default-src 'none'" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "14]" not in page
    assert "nan" not in page.lower().replace("finan", "")
    for words in (
        "Growth",
        "Engagement",
        "Topics",
        "Best hour",
        "List health",
        "Receiving domains",
        "Counted",
    ):
        assert words in page, words
    for drawn in ("<svg", 'class="joined"', 'class="size"'):
        assert drawn in page, drawn


def test_bands_are_defined_on_the_page_in_the_words_of_their_definition(newsletter):
    page = render(count(newsletter))
    for words in (
        "opened or clicked one of the last 4 issues",
        "opened or clicked one of the 8 issues before these, and none since",
        "was sent 4 or more of the last 12 issues and opened or clicked none of them",
        "was sent fewer than 4 of the last 12 issues",
    ):
        assert words in page


def test_a_newsletter_without_anybody_has_a_report():
    report = count(make_newsletter(0, slug="empty"))
    assert "Nothing was sent yet." in render(report)
    assert "Nobody opened or clicked anything yet." in render(report)
    assert table(report)
    assert "0 people get it" in in_terminal(report)
    assert "Half of the people" not in render(report) + in_terminal(report)


def test_figures_are_whole_in_a_narrow_terminal(newsletter):
    report = count(newsletter)
    great = replace(
        report,
        growth=Growth(
            *(
                tuple(replace(each, imported=1_234_567, left=123_456, size=9_876_543) for each in periods)
                for periods in (report.growth.weeks, report.growth.months)
            )
        ),
        domains=tuple(
            replace(each, issues=(Arrivals(sent=12_345_678, delivered=1),) * len(report.issues))
            for each in report.domains
        ),
    )
    said = in_terminal(great, width=80)
    for number in ("9,876,543", "123,456", "148,148,136"):
        assert number in said
    assert "issue 13" not in said
    assert "signed up" in in_terminal(great)


def in_terminal(report, width: int = 130) -> str:
    console = Console(file=io.StringIO(), width=width)
    show(console, report)
    return str(console.file.getvalue())


def test_the_terminal_shows_every_part_and_no_control_characters(newsletter):
    said = in_terminal(count(newsletter))
    assert "\x1b" not in said
    assert "4 people get it" in said
    for words in (
        "By week",
        "By month",
        "Engagement",
        "Topics",
        "Best hour",
        "List health",
        "Receiving domains",
    ):
        assert words in said, words
    assert "x.example" in said


def test_the_command_counts_writes_and_shows_what_was_counted_last(newsletter, tmp_path: Path):
    page, rows, out = tmp_path / "weekly.html", tmp_path / "weekly.csv", io.StringIO()
    with pytest.raises(CommandError, match="was not counted yet"):
        call_command("report", newsletter="weekly", as_counted=True)
    call_command("report", newsletter="weekly", html=page, csv=rows, stdout=out)
    assert str(page) in out.getvalue()
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert "\ufeffnewsletter,counted_at,part" in rows.read_text()
    out = io.StringIO()
    call_command("report", newsletter="weekly", as_counted=True, json=True, stdout=out)
    assert json.loads(out.getvalue())["bands"] == {"active": 1, "cooling": 1, "silent": 1, "new": 1}
    with pytest.raises(CommandError, match="There are: weekly"):
        call_command("report", newsletter="monthly")
    with pytest.raises(CommandError, match="one of the two"):
        call_command("report")
    with pytest.raises(CommandError, match="could not be written"):
        call_command("report", newsletter="weekly", csv=tmp_path / "none" / "weekly.csv", stdout=out)


def test_the_staff_site_shows_it_and_counts_on_a_post_alone(newsletter):
    client = signed_in("reader")
    address = f"/staff/reports/newsletters/{newsletter.pk}/"
    assert address in client.get(f"/staff/issues/newsletter/{newsletter.pk}/change/").text
    assert "Not counted yet" in client.get(address).text
    assert client.get(f"{address}csv/").status_code == 302
    assert client.get(f"{address}count/").status_code == 405
    count_and_keep(newsletter)
    text = client.get(address).text
    assert "Count again" in text
    assert "csrfmiddlewaretoken" in text
    assert "<script>alert" not in text
    assert client.get(f"{address}csv/")["Content-Disposition"].startswith('attachment; filename="weekly-')
    saved = client.get(f"{address}page/").text
    assert "csrfmiddlewaretoken" not in saved
    assert "Skip to the content" in text
    assert "Skip to the content" not in saved


def test_who_may_not_see_newsletters_sees_and_counts_nothing(newsletter, client):
    address = f"/staff/reports/newsletters/{newsletter.pk}/"
    assert client.get(address).url.startswith("/staff/login/")
    others = signed_in()
    for part in ("", "csv/", "page/"):
        assert others.get(f"{address}{part}").status_code == 403
    assert others.post(f"{address}count/").status_code == 403
    assert not NewsletterFigures.objects.exists()
