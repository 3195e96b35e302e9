"""A report is shown as a page, in the terminal, as CSV and JSON: the same figures, and hostile content as text."""

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from mailer.delivery.models import Send
from mailer.tracking.as_json import read, written
from mailer.tracking.reports.count import report
from mailer.tracking.reports.figures import Comparison, Report, Usual
from mailer.tracking.reports.page import render
from mailer.tracking.reports.rows import COLUMNS, as_csv, rows
from mailer.tracking.wording import for_nobody, people, percent
from tests.tracking.ledger import make_people, make_send
from tests.tracking.reports.sends import HOSTILE, followed_send, hostile_send, in_terminal


class Page(HTMLParser):
    """Collects the elements, attributes and text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if attrs == [("rel", "icon"), ("href", "data:,")]:
            return  # Nothing: it keeps browsers from asking for /favicon.ico.
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data


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


def table(report: Report) -> list[list[str]]:
    return list(csv.reader(io.StringIO(as_csv(report).removeprefix("\ufeff"), newline="")))


@pytest.mark.django_db
def test_csv_page_terminal_and_json_say_the_same() -> None:
    ledger = followed_send()
    figures = report(ledger.send)
    assert read(Report, written(figures)) == figures
    header, *lines = table(figures)
    assert tuple(header) == COLUMNS
    assert len(lines) == len(list(rows(figures)))
    by_name = {(part, name, figure): (value, of) for part, name, figure, value, of, _ in lines}
    page, shown = Page(render(figures)).text, in_terminal(ledger.send)
    for rate in figures.rates:
        assert by_name["rates", rate.name, rate.figure] == (str(rate.people), str(rate.base))
        assert f"{percent(rate.share)}" in shown
        assert f"{people(rate.people)} of {people(rate.base)} {rate.of}" in page
    for breakdown in figures.breakdowns:
        for group in breakdown.all:
            assert group.name in page
            assert group.name in shown
            for figure in set(breakdown.figures) - {"recipients"}:
                value, _ = by_name[breakdown.by, group.name, figure]
                assert value == str(getattr(group.totals, figure))


@pytest.mark.django_db
def test_every_figure_says_what_it_counts() -> None:
    figures = report(followed_send().send)
    assert all(row.counts for row in rows(figures))
    text = Page(render(figures)).text
    shown = " ".join(in_terminal(make_send(1).send).split())
    for note in figures.notes:
        assert note.counts in shown
    for figure in {figure for breakdown in figures.breakdowns for figure in breakdown.figures}:
        assert figures.note(figure).counts in text


@pytest.mark.django_db
def test_headlines_and_addresses_are_shown_as_people_know_them_and_kept_whole_in_the_csv() -> None:
    url = "https://www.example.com/a?x=1&utm_source=weekly&utm_medium=email#part"
    ledger = make_send(1, headlines=['For {{ subscriber.company or "you" }}'], urls=[url])
    figures = report(ledger.send)
    for shown in (Page(render(figures)).text, in_terminal(ledger.send)):
        assert "1. For you" in shown
        assert "www.example.com/a?x=1#part" in shown
        assert "utm_source" not in shown
        assert "{{" not in shown
    assert any(url in line for line in table(figures))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("usual", "says", "lowest", "highest"),
    [
        (Usual("opened", 1, 0.5715, 0.5715, 0.5715), "57.1 % in the issue before", 45, 55),
        (Usual("opened", 9, 0.6, 0.2, 0.8), "median 60.0 %, from 20.0 % to 80.0 %", 61, 63),
    ],
)
def test_a_rate_stands_where_it_is_among_the_others(usual, says, lowest, highest) -> None:
    figures = replace(report(followed_send().send), compared=Comparison(usual.issues, usual.issues, (usual,)))
    page = str(render(figures))
    assert says in page
    (place,) = re.findall(r'cx="([\d.]+)%"', page)
    assert lowest < float(place) < highest


@pytest.mark.django_db
def test_of_a_breakdown_with_many_rows_the_page_folds_the_small_ones_away() -> None:
    figures = report(followed_send().send)
    domains = figures.by("domain")
    many = replace(domains, groups=tuple(replace(domains.groups[0], name=f"d{n}.example") for n in range(25)))
    page = str(render(replace(figures, breakdowns=(many,))))
    shown, _, folded = page.partition("<summary>15 more rows</summary>")
    assert "d9.example" in shown
    assert "d10.example" not in shown
    assert "d24.example" in folded
    assert "more rows" not in render(replace(figures, breakdowns=(replace(many, groups=many.groups[:11]),)))


@pytest.mark.django_db
def test_a_send_that_was_paused_and_then_cancelled_is_cancelled() -> None:
    ledger = make_send(1)
    now = ledger.send.planned_at
    because = {"paused_because": "too late", "cancelled_because": "wrong list"}
    Send.objects.filter(pk=ledger.send.pk).update(paused_at=now, cancelled_at=now, **because)
    for shown in (Page(render(report(ledger.send))).text, in_terminal(ledger.send)):
        assert "wrong list" in shown
        assert "too late" not in shown


@pytest.mark.django_db
def test_names_of_a_breakdown_are_broken_in_a_narrow_terminal_and_figures_are_not() -> None:
    said = in_terminal(followed_send().send, width=80)
    for label in ("click-to-open", "unsubscribed", "recipients"):
        assert re.search(rf"^ .*\b{label}\b", said, re.MULTILINE)


@pytest.mark.django_db
def test_cells_of_the_csv_that_a_spreadsheet_would_run_are_defused() -> None:
    ledger = make_send(1, headlines=["=HYPERLINK(1)"], urls=["@SUM(1+1)"])
    ledger.send.issue.subject = "+1+cmd|' /C calc'!A0"
    ledger.send.issue.save()
    cells = [cell for line in table(report(ledger.send)) for cell in line]
    assert "'+1+cmd|' /C calc'!A0" in cells
    assert "'@SUM(1+1)" in cells
    assert not [cell for cell in cells if cell[:1] in "=+@" and cell]


@pytest.mark.django_db
def test_hostile_content_survives_json_and_csv_as_it_is() -> None:
    figures = report(hostile_send().send)
    assert json.loads(written(figures))["newsletter"] == HOSTILE
    assert any(HOSTILE in cell for line in table(figures) for cell in line)


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
    files = {"html": tmp_path / "report.html", "csv": tmp_path / "report.csv"}
    call_command("report", "latest", **files, stdout=out)
    assert f"send {newest.send.pk} " in out.getvalue()
    assert "adds up" in out.getvalue()
    assert (tmp_path / "report.html").read_text().startswith("<!DOCTYPE html>")
    assert (tmp_path / "report.csv").read_text().startswith("\ufeffpart,name,figure,value,of,what it counts")
    kept, out = out.getvalue(), StringIO()
    newest.send.issue.newsletter.name = "Another"
    newest.send.issue.newsletter.save()
    call_command("report", "latest", as_counted=True, stdout=out)
    assert kept.startswith(out.getvalue())
    out = StringIO()
    call_command("report", "latest", json=True, stdout=out)
    assert read(Report, out.getvalue()).newsletter == "Another"


@pytest.mark.django_db
def test_the_command_says_when_nothing_was_counted_yet() -> None:
    make_send(1)
    with pytest.raises(CommandError, match="not counted yet: leave --as-counted out"):
        call_command("report", "latest", as_counted=True)


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
    assert for_nobody(given) == read
