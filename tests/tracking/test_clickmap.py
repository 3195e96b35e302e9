"""The click map: what is counted where, and that nothing in the issue moves, runs or leads anywhere."""

import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mailer.delivery.models import Edition, EditionLink, Link, Send
from mailer.tracking import models
from mailer.tracking.clickmap.count import NoMap, PlaceClicks, count_places
from mailer.tracking.clickmap.draw import draw
from mailer.tracking.clickmap.page import render
from subscribers.models import Subscriber
from tests.newsroom import crowd, make_issue, subscribe
from tests.tracking.sent import Click, fold_clicks, sent

pytestmark = pytest.mark.django_db
SITE = "https://www.example.com"
HOSTILE = "</span></td><script>alert(1)</script><img src=x onerror=alert(2)>"


@pytest.fixture
def send() -> Send:
    """Three readers with all stories (edition 1), two with travel only (edition 2): places 0 and 1 of it are 4 and 5."""
    issue = make_issue(intro='Dear {{ subscriber.first_name or "reader" }},', outro=f"[Twice]({SITE}/travel)")
    subscribe(issue.newsletter.mailing_list, "a@example.org", "b@example.org", "c@example.org")
    subscribe(issue.newsletter.mailing_list, "d@example.org", "e@example.org", topics=["travel"])
    return sent(issue)


def reader(name: str) -> int:
    return Subscriber.objects.get(email=f"{name}@example.org").pk


def people_at(places: tuple[PlaceClicks, ...]) -> dict[int | None, int]:
    return {place.place: place.people for place in places if place.people}


def test_clicks_count_where_they_were_made_each_person_once_a_place(send) -> None:
    fold_clicks(
        send,
        Click(reader("a"), f"{SITE}/ai", 0),
        Click(reader("a"), f"{SITE}/ai", 0, after=4_000),
        Click(reader("a"), f"{SITE}/ai", 1, after=4_100),
        Click(reader("b"), f"{SITE}/ai", 1),
        Click(reader("b"), f"{SITE}/travel", 6),
        Click(reader("c"), f"{SITE}/travel"),  # no place: where the link stands first
        Click(reader("c"), f"{SITE}/policy", 0),  # the place of another link
        Click(reader("d"), f"{SITE}/travel", 0),
    )
    found = count_places(send)
    assert (found.shown.number, found.received, found.people, found.kept) == (1, 3, 3, True)
    assert people_at(found.places) == {0: 1, 1: 2, 2: 1, 4: 1, 6: 1}
    assert (found.elsewhere, found.clicks) == ((), 6)
    assert sum(place.share or 0 for place in found.places) == pytest.approx(1)
    assert [place.heat for place in found.places] == [3, 5, 3, 0, 3, 0, 3]
    assert people_at(count_places(send, 2).places) == {0: 1}


def test_all_editions_together_meet_at_the_same_place_of_the_same_link(send) -> None:
    fold_clicks(
        send,
        Click(reader("a"), f"{SITE}/travel", 4),
        Click(reader("d"), f"{SITE}/travel", 0),
        Click(reader("e"), f"{SITE}/travel", 2),
        Click(reader("e"), "https://elsewhere.example/", 9),
    )
    together = count_places(send, together=True)
    assert people_at(together.places) == {4: 2, 6: 1}
    assert [(place.url, place.people) for place in together.elsewhere] == [("", 1)]
    assert (together.received, together.people) == (5, 3)
    small = count_places(send, 2, together=True)
    assert people_at(small.places) == {0: 2, 2: 1}


def test_programs_are_beside_and_in_no_share(send) -> None:
    fold_clicks(send, Click(reader("a"), f"{SITE}/ai", 0), Click(reader("b"), f"{SITE}/ai", 0))
    models.Click.objects.filter(subscriber=reader("b")).update(rule="scanner")
    first = count_places(send).places[0]
    assert (first.people, first.machines, first.share) == (1, 1, 1.0)


def test_a_send_from_before_places_were_kept_says_so_and_draws_links_where_they_stand_first(send) -> None:
    EditionLink.objects.all().delete()
    fold_clicks(send, Click(reader("a"), f"{SITE}/travel", 6))
    found = count_places(send)
    assert not found.kept
    assert people_at(found.places) == {4: 1}
    assert "before the places of links were kept" in render(found)


def test_a_send_without_that_edition_or_without_any_says_which_there_are(send) -> None:
    with pytest.raises(NoMap, match="choose one from 1 to 2"):
        count_places(send, 3)
    with pytest.raises(NoMap, match="no editions"):
        count_places(Send.objects.create(issue=send.issue, mailing_list=send.mailing_list, previous=send))


class Outline(HTMLParser):
    """The elements of a page but for what the map adds, and what it reads as."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.hrefs: set[str | None] = set()
        self.text = ""
        self._badge = False
        self.feed(re.sub(r"<style>html\{overflow-x.*?</style>", "", source))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self._badge = attributes.get("class") == "clickmap-badge"
        if not self._badge:
            self.elements.append(tag)
        if tag == "a":
            self.hrefs.add(attributes.get("href"))

    def handle_endtag(self, tag: str) -> None:
        if not self._badge:
            self.elements.append(f"/{tag}")
        self._badge = False

    def handle_data(self, data: str) -> None:
        if not self._badge:
            self.text += data


def test_nothing_but_badges_is_added_and_no_link_leads_anywhere(send) -> None:
    edition = Edition.objects.filter(send=send).first()
    assert edition is not None
    fold_clicks(send, Click(reader("a"), f"{SITE}/ai", 0))
    drawn = draw(edition, count_places(send).places)
    before, after = Outline(edition.html), Outline(drawn)
    assert after.elements == before.elements
    assert "Dear reader," in after.text
    assert after.hrefs == {"#clickmap"}
    assert drawn.count('class="clickmap-badge"') == 7
    assert ">100.0 % · 1</span>" in drawn
    assert drawn.count("clickmap heat5 ") == 1


def test_an_image_and_a_button_get_their_badge_inside_the_link() -> None:
    issue = make_issue(call_to_action_label="Buy", call_to_action_link=f"{SITE}/buy")
    story = issue.stories.first()
    story.image, story.image_alt = "https://images.example.org/a.png", "A harbour"
    story.save()
    crowd(issue.newsletter.mailing_list, 1)
    send = sent(issue)
    drawn = draw(send.editions.get(), count_places(send).places)
    assert re.search(
        r'<a [^>]*class="clickmap heat0"[^>]*><span class="clickmap-badge"[^>]*>0</span><img ', drawn
    )
    assert re.search(
        r'<a [^>]*clickmap heat0[^>]*inline-block[^>]*><span class="clickmap-badge"[^>]*>0</span> *Buy', drawn
    )


def test_the_issue_is_in_a_frame_without_rights_and_hostile_text_stays_text(send) -> None:
    Edition.objects.filter(send=send).update(html=f'<head></head><a href="{SITE}/ai">x</a>{HOSTILE}')
    Link.objects.filter(send=send).update(label=HOSTILE)
    EditionLink.objects.update(label=HOSTILE)
    page = str(render(count_places(send)))
    frame = re.search(r'<iframe sandbox srcdoc="([^"]*)"', page)
    assert frame is not None
    assert HOSTILE in unescape(frame[1])
    read = Outline(page)
    assert not {"script", "img"} & set(read.elements)
    assert read.text.count(HOSTILE) == 7
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src" in page


def test_the_command_prints_a_table_and_writes_the_page(send, tmp_path, capsys) -> None:
    fold_clicks(send, Click(reader("a"), f"{SITE}/ai", 0), Click(reader("d"), f"{SITE}/travel", 0))
    written = tmp_path / "map.html"
    call_command("clickmap", "latest", html=written)
    said = capsys.readouterr().out
    assert "edition 1 of 2" in said
    assert "News about ai" in said
    assert "100.0 %" in said
    assert written.read_text("utf-8").startswith("<!DOCTYPE html>")
    call_command("clickmap", str(send.pk), edition="all")
    assert "all 2 editions together" in capsys.readouterr().out


def test_what_stands_in_an_issue_cannot_steer_the_terminal(send, capsys) -> None:
    EditionLink.objects.update(label="\x1b]0;mine\x07[red]Read[/]")
    Link.objects.filter(send=send, url=f"{SITE}/ai").update(url=f"{SITE}/\x1b[2J")
    send.issue.stories.update(headline="News\x1b[31m")
    call_command("clickmap", "latest")
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "[red]Read[/]" in said


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"send": "latest", "edition": "9"}, "choose one from 1 to 2"),
        ({"send": "latest", "edition": "first"}, "is no number"),
        ({"send": "no"}, "There is no send"),
        ({"send": "latest", "html": Path("/nowhere/map.html")}, "could not be written"),
    ],
)
def test_the_command_says_what_to_do_instead(send, arguments, says) -> None:
    with pytest.raises(CommandError, match=says):
        call_command("clickmap", arguments.pop("send"), **arguments)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        (f"{SITE}/a?utm_source=x&utm_medium=y", "www.example.com/a"),
        (f"{SITE}/a?q=1&utm_source=x#part", "www.example.com/a?q=1#part"),
        (f"{SITE}/a?utm_source=x&q=1", "www.example.com/a?q=1"),
        ("http://a.example/", "http://a.example/"),
    ],
)
def test_people_see_an_address_without_utm_parameters(url: str, address: str) -> None:
    assert PlaceClicks(0, "", url, "", 0, 0, None, 0).address == address
