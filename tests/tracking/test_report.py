"""A report counts what is in the ledger, adds up, and shows hostile content as text."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path
from threading import Event as Flag
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.utils import translation
from rich.console import Console

from mailer.delivery.models import Batch, Delivery, Edition, Exclusion, Send
from mailer.tracking.figures import Bounce, Count, DomainFigures, Hour, Rate
from mailer.tracking.fold import fold_events
from mailer.tracking.intake import store
from mailer.tracking.page import render
from mailer.tracking.report import report
from mailer.tracking.terminal import show
from mailer.tracking.wording import percent, subject
from tests.tracking.ledger import SENT_AT, Ledger, add_batch, exclude, make_list, make_people, make_send

HOSTILE = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(1)> [red]{{ 7|add:7 }}\x1b[31m"


def fold_these(events: Sequence[dict[str, Any]]) -> None:
    store(json.dumps(events).encode())
    while fold_events():
        pass


def in_terminal(send: Send) -> str:
    console = Console(file=StringIO(), width=110)
    show(console, report(send))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def followed_send() -> Ledger:
    """Ten people; one hard bounce, one block, one drop, seven deliveries with opens and clicks of some."""
    people = make_people([f"reader{n}@{'gmail.com' if n < 6 else 'example.org'}" for n in range(10)])
    ledger = make_send(people)
    tea, bridge = (link.url for link in ledger.links)
    fold_these(
        [
            ledger.event("bounce", 0, type="bounce", bounce_classification="Invalid Address"),
            ledger.event("bounce", 1, type="blocked", bounce_classification="Reputation"),
            ledger.event("dropped", 2, reason="Spam Content"),
            *(ledger.event("delivered", n) for n in range(3, 10)),
            ledger.event("deferred", 3, 10),
            *(ledger.event("open", n, 4000) for n in (3, 4, 5, 6)),
            ledger.event("open", 3, 90_000),
            *(ledger.event("open", n, 100, sg_machine_open=True) for n in (6, 7)),
            *(ledger.event("click", n, 8000, url=tea) for n in (3, 4)),
            ledger.event("click", 3, 8100, url=bridge),
            ledger.event("spamreport", 8),
            ledger.event("unsubscribe", 9),
        ]
    )
    return ledger


@pytest.mark.django_db
def test_every_candidate_is_in_exactly_one_part_of_the_identity() -> None:
    ledger = make_send(make_people([f"a{n}@example.org" for n in range(5)]))
    edition = Edition.objects.get()
    number = 0
    for state, size in (("waiting", 4), ("submitting", 3), ("unknown", 2), ("rejected", 1)):
        people = make_people([f"{state}{n}@example.org" for n in range(size)])
        add_batch(edition, people, state)
        number += size
    Send.objects.filter(pk=ledger.send.pk).update(candidates=5 + number)
    ledger.send.refresh_from_db()
    exclude(ledger.send, make_people([f"x{n}@example.org" for n in range(6)]), "unsubscribed")
    exclude(ledger.send, make_people(["y@example.org"]), "no_stories")
    # One recipient was named by SendGrid and taken out of its batch.
    Batch.objects.filter(pk=ledger.batch.pk).update(subscriber_ids=[p.pk for p in ledger.subscribers[1:]])
    Delivery.objects.filter(subscriber=ledger.subscribers[0]).update(rejected_because="bad address")
    figures = report(ledger.send)
    now = figures.identity
    assert (now.candidates, now.excluded, now.waiting, now.in_flight) == (22, 7, 7, 3)
    assert (now.accepted, now.rejected, now.unknown) == (4, 2, 2)
    assert figures.adds_up
    assert figures.excluded == (Count("left the list", 6), Count("no story on the topics chosen", 1))
    assert figures.rejections == (Count("bad address", 1),)
    sums = (
        "22 candidates = 7 excluded + 7 waiting (of them 3 in flight) + 4 accepted + 2 rejected + 2 unknown"
    )
    assert sums in render(figures)
    assert sums in " ".join(in_terminal(ledger.send).split())


@pytest.mark.django_db
def test_a_report_that_does_not_add_up_says_so() -> None:
    ledger = make_send(3)
    Send.objects.filter(pk=ledger.send.pk).update(candidates=4)
    figures = report(ledger.send)
    assert not figures.adds_up
    assert "Does not add up" in render(figures)
    assert "does NOT add up" in in_terminal(ledger.send)


@pytest.mark.django_db
def test_each_figure_counts_people_once() -> None:
    figures = report(followed_send().send)
    totals = figures.totals
    assert (totals.delivered, totals.deferred, totals.silent) == (7, 1, 0)
    assert (totals.bounced, totals.blocked, totals.dropped) == (1, 1, 1)
    assert (totals.opened, totals.machine_opened, totals.clicked, totals.opened_and_clicked) == (4, 2, 2, 2)
    assert (totals.complained, totals.unsubscribed) == (1, 1)
    assert figures.bounces == (Bounce(True, "Invalid Address", 1), Bounce(False, "Reputation", 1))
    assert figures.drops == (Count("Spam Content", 1),)


@pytest.mark.django_db
def test_rates_are_shares_of_what_they_say() -> None:
    rates = {rate.name: rate for rate in report(followed_send().send).rates}
    assert rates["Delivered"].share == 7 / 10
    assert rates["Opened"].share == 4 / 7
    assert rates["Clicked"].share == 2 / 7
    assert rates["Click-to-open"].share == 2 / 4
    assert rates["Bounced"].share == 2 / 10
    assert rates["Opened"].of == "delivered"
    assert Rate("Opened", 0, 0, "delivered").share is None


@pytest.mark.django_db
def test_clicks_are_counted_by_link_and_by_story() -> None:
    figures = report(followed_send().send)
    links = [(link.url, link.story, link.clicked) for link in figures.links]
    assert links == [
        ("https://example.org/tea", "Tea prices rise", 2),
        ("https://example.org/bridge", "A new bridge", 1),
    ]
    stories = [(story.headline, story.received, story.clicked) for story in figures.stories]
    assert stories == [("Tea prices rise", 10, 2), ("A new bridge", 10, 1)]


@pytest.mark.django_db
def test_first_times_are_counted_by_hour_since_the_first_request() -> None:
    assert report(followed_send().send).hours == (Hour(0, 7, 0, 0), Hour(1, 0, 4, 0), Hour(2, 0, 0, 2))


@pytest.mark.django_db
def test_an_event_from_a_clock_behind_ours_belongs_to_the_first_hour() -> None:
    ledger = make_send(1)
    fold_these([ledger.event("delivered", after=-7200)])
    assert report(ledger.send).hours == (Hour(0, 1, 0, 0),)


@pytest.mark.django_db
def test_receiving_domains_are_named_by_size_and_the_rest_is_added_up() -> None:
    figures = report(followed_send().send)
    assert figures.domains == (
        DomainFigures("gmail.com", 6, 3, 2, 3, 2),
        DomainFigures("example.org", 4, 4, 0, 1, 0),
    )
    assert figures.other_domains is None
    many = make_send(make_people([f"r@d{n:02}.example" for n in range(15)] + ["s@D14.Example"]))
    figures = report(many.send)
    assert figures.domains[0] == DomainFigures("d14.example", 2, 0, 0, 0, 0)
    assert len(figures.domains) == 12
    assert figures.other_domains == DomainFigures("3 other domains", 3, 0, 0, 0, 0)


@pytest.mark.django_db
def test_editions_name_their_stories_and_recipients() -> None:
    ledger = make_send(3)
    edition = Edition.objects.create(
        send=ledger.send,
        story_ids=[ledger.stories[1].pk],
        language="en",
        subject="",
        html="",
        text="",
        tags=[],
    )
    add_batch(edition, make_people(["one@example.org"]), "waiting")
    editions = [(edition.stories, edition.recipients) for edition in report(ledger.send).editions]
    assert editions == [((1, 2), 3), ((2,), 1)]


@pytest.mark.django_db
def test_figures_of_one_send_are_not_those_of_another() -> None:
    people = make_people([f"reader{n}@example.org" for n in range(3)])
    shared = make_list(people)
    first = make_send(people, mailing_list=shared)
    second = make_send(people, mailing_list=shared, submitted_at=SENT_AT + timedelta(weeks=1))
    fold_these([first.event("click", after=900, url=first.links[0].url), first.event("delivered")])
    assert report(first.send).totals.clicked == 1
    figures = report(second.send)
    assert (figures.totals.clicked, figures.totals.delivered, figures.hours) == (0, 0, ())
    assert [link.clicked for link in figures.links] == [0, 0]


@pytest.mark.django_db
def test_a_send_that_is_not_planned_has_a_report_too() -> None:
    ledger = make_send(1)
    bare = Send.objects.create(
        issue=ledger.send.issue, mailing_list=ledger.send.mailing_list, previous=ledger.send
    )
    assert "not planned yet" in render(report(bare))
    assert "not planned yet" in in_terminal(bare)


@pytest.mark.django_db(transaction=True)
def test_a_report_adds_up_at_every_moment_of_a_send() -> None:
    ledger = make_send(200, state="waiting")
    done = Flag()

    def deliver() -> None:
        """Everybody in turn is moved between the parts, each move a transaction, as the claim does it."""
        try:
            ids = [person.pk for person in ledger.subscribers]
            for turn, person in enumerate(list(ids)):
                with transaction.atomic():
                    ids.remove(person)
                    state = ("waiting", "accepted")[turn % 2] if ids else "rejected"
                    Batch.objects.filter(pk=ledger.batch.pk).update(
                        subscriber_ids=ids, state=state, submission_id=ledger.submission.pk
                    )
                    Delivery.objects.filter(send=ledger.send, subscriber_id=person).delete()
                    Exclusion.objects.create(send=ledger.send, subscriber_id=person, reason="unsubscribed")
        finally:
            done.set()
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(deliver)
        taken = [report(ledger.send)]
        while not done.is_set():
            taken.append(report(ledger.send))
        moving.result()
    assert all(figures.adds_up for figures in taken)
    assert len({figures.identity.excluded for figures in taken}) > 2


class Page(HTMLParser):
    """Collects the elements, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_send() -> Ledger:
    people = make_people(["a@<b>onload=x.example", 'b@"><svg/onload=alert(1)>', "c@example.org"])
    ledger = make_send(people, headlines=[HOSTILE], urls=["javascript:alert('" + HOSTILE])
    newsletter = ledger.send.issue.newsletter
    newsletter.name = HOSTILE
    newsletter.save()
    ledger.send.issue.subject = HOSTILE
    ledger.send.issue.save()
    Send.objects.update(paused_at=SENT_AT, paused_because=HOSTILE)
    Delivery.objects.filter(subscriber=people[2]).update(rejected_because=HOSTILE)
    fold_these(
        [
            ledger.event("bounce", 0, type="bounce", bounce_classification=HOSTILE),
            ledger.event("dropped", 1, reason=HOSTILE),
            ledger.event("click", 0, url=ledger.links[0].url),
        ]
    )
    return ledger


@pytest.mark.django_db
def test_the_page_is_self_contained_and_shows_hostile_content_as_text() -> None:
    page = Page(render(report(hostile_send().send)))
    assert not page.tags & {"script", "img", "link", "iframe", "object", "a", "base", "form"}
    assert not page.attributes & {"src", "href", "srcset", "onerror", "onload", "action", "xlink:href"}
    assert "url(" not in page.text
    assert "@import" not in page.text
    assert page.text.count("<script>alert(1)</script>") >= 5
    assert "<b>onload=x.example" in page.text


@pytest.mark.django_db
def test_hostile_content_cannot_steer_the_terminal() -> None:
    shown = in_terminal(hostile_send().send)
    assert "\x1b" not in shown
    assert "[red]" in shown


@pytest.mark.django_db
def test_drawings_are_right_in_a_language_that_writes_numbers_otherwise() -> None:
    figures = report(followed_send().send)
    with translation.override("de"):
        page = render(figures)
    assert 'width="0.8"' in page
    assert 'x="1.1"' in page


@pytest.mark.django_db
def test_the_command_prints_the_newest_and_writes_the_page(tmp_path: Path) -> None:
    followed_send()
    newest = make_send(make_people(["other@example.org"]))
    out = StringIO()
    call_command("report", "latest", html=tmp_path / "report.html", stdout=out)
    assert f"send {newest.send.pk} " in out.getvalue()
    assert "adds up" in out.getvalue()
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["99999999", "newest", "-1", "1; DROP TABLE", "9" * 30])
def test_the_command_names_the_newest_sends_when_there_is_no_such_one(name: str) -> None:
    send = make_send(1).send
    with pytest.raises(CommandError, match=rf"There is no send .*newest are: {send.pk} "):
        call_command("report", "--", name)


@pytest.mark.django_db
def test_the_command_says_when_the_page_cannot_be_written(tmp_path: Path) -> None:
    make_send(1)
    with pytest.raises(CommandError, match="could not be written"):
        call_command("report", "latest", html=tmp_path / "missing" / "report.html", stdout=StringIO())


@pytest.mark.django_db
def test_replay_is_a_command() -> None:
    ledger = followed_send()
    before = ledger.delivery(3)
    out = StringIO()
    call_command("replay", stdout=out)
    assert "rebuilt from" in out.getvalue()
    assert ledger.delivery(3).opened_at == before.opened_at


@pytest.mark.parametrize(
    ("share", "written"),
    [(None, "–"), (0, "0.0 %"), (1, "100.0 %"), (0.1234, "12.3 %"), (0.0042, "0.42 %"), (0.0001, "0.010 %")],
)
def test_small_shares_are_written_more_exactly(share: float | None, written: str) -> None:
    assert percent(share) == written


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "read"),
    [
        ('Good morning {{ subscriber.first_name or "there" }}', "Good morning there"),
        ("{{ subscriber.first_name }}, your digest", "…, your digest"),
        ("{{ a or 'x' }}{{ b }}", "x…"),
        ("Plain {text} }} {{", "Plain {text} }} {{"),
    ],
)
def test_the_subject_reads_as_for_nobody_in_particular(given: str, read: str) -> None:
    ledger = make_send(1)
    ledger.send.issue.subject = given
    ledger.send.issue.save()
    assert subject(report(ledger.send)) == read
