"""`mailer demo` from an empty folder, twice, and every message that it sent compared with the database."""

import html
import json
import re
import subprocess
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.error import URLError

import psycopg
import pytest
from psycopg.rows import dict_row

from mailer.emulator.config import EmulatorConfig, EmulatorWorld
from mailer.emulator.messages import Message
from mailer.emulator.server import EmulatorServer
from mailer.emulator.world import fate
from mailer.local.ports import free_port
from mailer.local.shared_servers import shared
from tests.machine import Machine, new_machine

pytestmark = pytest.mark.xdist_group("demo")

ROWS = 20_000
LIMIT = 900
"""Seconds. A demo takes less than thirty where nothing else is going on."""
TABLE_ROW = re.compile(r"^│ +(.+?) +│ +(-?[\d,]+) +│$", re.MULTILINE)
IDENTITY = re.compile(
    r"([\d,]+) candidates = ([\d,]+) excluded \+ ([\d,]+) waiting \+ ([\d,]+) accepted"
    r" \+ ([\d,]+) rejected \+ ([\d,]+) unknown"
)
LOG_LINE = re.compile(r'^\{"|\[(info|warning|error) *\]|Traceback|Warning:', re.MULTILINE)
STORY_LINK = re.compile(r'href="https://www\.example\.com/china-digest/(?!reports/)([\w-]+)"')
LEFT_OVER = re.compile(r"\{\{|\}\}|\{%|m[0-9a-f]{6}\d{3}[a-z]")
ONE_CLICK = re.compile(r"<(http://127\.0\.0\.1:\d+/u/[^>]+)>")


@dataclass(frozen=True)
class Demo:
    """One run of the demo."""

    machine: Machine
    status: int
    said: str

    @property
    def table(self) -> dict[str, int]:
        """The numbers of the tables of import and plan, by label; of two with the same label the first."""
        found = TABLE_ROW.findall(self.said)
        return {label: number(value) for label, value in reversed(found)}


def number(text: str) -> int:
    return int(text.replace(",", ""))


def identity(text: str) -> list[int]:
    """The parts of the sum that a report begins with: candidates, excluded, waiting, accepted, rejected, unknown."""
    found = IDENTITY.search(" ".join(text.split()))
    assert found, text
    return [number(part) for part in found.groups()]


def run_demo(machine: Machine) -> Demo:
    running = machine.begin("demo")
    status = running.child.wait(LIMIT)
    return Demo(machine, status, running.said)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """On ports of its own: others who work on this machine may start a demo at the same moment."""
    with new_machine() as machine:
        machine.var.mkdir()
        ports = {"web": free_port(), "emulator": free_port()}
        (machine.var / "ports.json").write_text(json.dumps(ports))
        yield machine


@pytest.fixture(scope="module")
def demo(machine) -> Demo:
    """The first run."""
    return run_demo(machine)


def query(machine: Machine, sql: str, *values: Any) -> list[dict[str, Any]]:
    """Rows of the demo's database, on the embedded server, which is started for it."""
    with (
        shared(machine.var, "postgres") as url,
        psycopg.connect(url, row_factory=dict_row) as connection,
    ):
        return connection.execute(sql, values).fetchall()


def messages(machine: Machine, send: int) -> Iterator[Message]:
    """Every message of a send that the emulator kept."""
    config = EmulatorConfig(port=0, store=machine.var / "emulator", world=EmulatorWorld(enabled=False))
    with EmulatorServer(config) as server:
        store = server.emulator.requests
        for request in store.all():
            mailing = store.mailing(request)
            if mailing.body["custom_args"]["mailer_send"] == str(send):
                yield from (mailing.message(place) for place in range(len(request.addresses)))


@pytest.fixture(scope="module")
def people(demo) -> dict[int, dict[str, Any]]:
    """Everybody on the list, with the state of their subscription."""
    rows = query(
        demo.machine,
        "SELECT subscriber.id, email, first_name, topic_ids, state FROM subscribers_subscriber subscriber"
        " JOIN subscribers_subscription ON subscriber_id = subscriber.id",
    )
    return {row["id"]: row for row in rows}


@pytest.fixture(scope="module")
def sent(demo) -> dict[int, Message]:
    """The messages of the first run by subscriber; that each got one only is looked at here."""
    by_subscriber: dict[int, Message] = {}
    for message in messages(demo.machine, 1):
        subscriber = int(message.custom_args["mailer_subscriber"])
        assert subscriber not in by_subscriber, "somebody got two"
        by_subscriber[subscriber] = message
    return by_subscriber


def test_it_ends_well_and_prints_nothing_but_its_commands_and_tables(demo):
    assert demo.status == 0, demo.said
    assert not LOG_LINE.search(demo.said)
    shown = re.findall(r"^\$ mailer (\w+)", demo.said, re.MULTILINE)
    assert shown == ["import", "build", "send", "report"]
    assert "Where to look" in demo.said


def test_imported_refused_and_merged_rows_add_up_to_the_rows_of_the_file(demo):
    table = demo.table
    assert table["Rows"] == ROWS
    parts = (
        "= imported (new)",
        "+ merged with the store",
        "+ unchanged",
        "+ duplicates in the file",
        "+ refused",
    )
    assert sum(table[part] for part in parts) == ROWS
    assert all(table[part] for part in parts if part != "+ unchanged")
    refused = (demo.machine.var / "demo" / "subscribers.refused.csv").read_text(encoding="utf-8-sig")
    assert refused.count("\n") > table["+ refused"]
    assert table["not an email address"] + table["no email address"] == table["+ refused"]


def test_the_report_adds_up_in_the_terminal_and_on_its_page(demo):
    candidates, *parts = identity(demo.said)
    assert candidates == sum(parts) == demo.table["on the list"]
    page = (demo.machine.var / "demo" / "report.html").read_text()
    assert identity(page) == [candidates, *parts]
    assert "All accounted for" in page
    _, waiting, accepted, rejected, unknown = parts
    assert accepted > 18_000
    assert waiting == rejected == unknown == 0


def test_the_issue_is_written_where_it_says(demo):
    folder = demo.machine.var / "demo" / "issue"
    assert "小红书" in (folder / "issue.html").read_text()
    assert "小红书" in (folder / "issue.txt").read_text()
    assert (folder / "subject.txt").read_text().startswith("Ada, Alipay is back in Singapore")


def test_each_recipient_got_one_message_and_nobody_else_did(demo, sent, people):
    rows = query(demo.machine, "SELECT subscriber_id FROM delivery_delivery WHERE send_id = 1")
    assert sent.keys() == {row["subscriber_id"] for row in rows}
    assert len(sent) == identity(demo.said)[3]
    wrong = [key for key, message in sent.items() if message.email != people[key]["email"]]
    assert wrong == []
    addresses = Counter(message.email.lower() for message in sent.values())
    assert addresses.most_common(1)[0][1] == 1


def test_none_of_the_excluded_got_a_message(demo, sent):
    rows = query(
        demo.machine,
        "SELECT subscriber_id, email FROM delivery_exclusion JOIN subscribers_subscriber ON id = subscriber_id"
        " WHERE send_id = 1",
    )
    assert len(rows) == identity(demo.said)[1] > 100
    assert not sent.keys() & {row["subscriber_id"] for row in rows}
    assert not {message.email.lower() for message in sent.values()} & {row["email"].lower() for row in rows}


def test_each_got_the_stories_on_the_topics_they_chose(demo, sent, people):
    stories = query(
        demo.machine,
        "SELECT link, for_everyone, array_agg(topic_id::integer) AS topics FROM issues_story story"
        " JOIN issues_story_topics ON story_id = story.id JOIN issues_issue issue ON issue.id = issue_id"
        " WHERE number = 1 GROUP BY story.id",
    )
    assert len(stories) == 7

    def wanted(chosen: list[int]) -> set[str]:
        return {
            story["link"].rpartition("/")[2]
            for story in stories
            if not chosen or story["for_everyone"] or set(chosen) & set(story["topics"])
        }

    wrong = [
        key
        for key, message in sent.items()
        if set(STORY_LINK.findall(message.html or "")) != wanted(people[key]["topic_ids"])
    ]
    assert wrong == []
    assert len({tuple(person["topic_ids"]) for person in people.values()}) > 30


def test_names_are_intact_in_subject_html_and_text(sent, people):
    def is_right(message: Message, name: str) -> bool:
        in_html = html.unescape(message.html or "")
        in_text = message.text or ""
        return (
            message.subject.startswith(f"{name or 'Hello'}, Alipay")
            and f"Good morning {name or 'there'}," in in_html
            and f"Good morning {name or 'there'}," in in_text
        )

    wrong = [key for key, message in sent.items() if not is_right(message, people[key]["first_name"])]
    assert wrong == []
    names = {people[key]["first_name"] for key in sent}
    assert {"伟", "怡君", "Chloé", "Łukasz", "ليلى"} <= names
    assert any("🐼" in name for name in names)


def test_no_tag_is_left_unresolved(sent):
    def left_over(message: Message) -> bool:
        parts = (message.subject, message.html or "", message.text or "")
        return any(
            LEFT_OVER.search(part) or any(key in part for key in message.substitutions) for part in parts
        )

    assert [key for key, message in sent.items() if left_over(message)] == []


def test_people_and_programs_are_told_apart_as_the_emulator_drew_them(demo, sent):
    rows = query(
        demo.machine,
        "SELECT subscriber_id, opened_at IS NOT NULL AS opened, machine_opened_at IS NOT NULL AS machine_opened,"
        " clicked_at IS NOT NULL AS clicked, machine_clicked_at IS NOT NULL AS machine_clicked"
        " FROM delivery_delivery WHERE send_id = 1",
    )

    def drawn(key: int) -> dict[str, Any]:
        message = sent[key]
        fated = fate(EmulatorWorld(), message.email, message.subject, len(message.mailing.links))
        return {
            "subscriber_id": key,
            "opened": any(not each.machine for each in fated.opens),
            "machine_opened": any(each.machine for each in fated.opens),
            "clicked": bool(fated.clicks),
            "machine_clicked": bool(fated.scans),
        }

    assert [row for row in rows if row != drawn(row["subscriber_id"])] == []
    assert sum(row["machine_clicked"] for row in rows) > 300


def test_the_one_click_headers_work_and_the_second_run_leaves_out_who_left(demo, sent, people):
    machine = demo.machine
    active = [key for key in sent if people[key]["state"] == "active"]
    links = {}
    for key in (active[0], active[-1]):
        header = sent[key].header("List-Unsubscribe") or ""
        links[key] = ONE_CLICK.search(header)[1]
        assert sent[key].header("List-Unsubscribe-Post") == "List-Unsubscribe=One-Click"
    assert len(set(links.values())) == 2
    post_one_click(machine, list(links.values()))
    rows = query(
        machine,
        "SELECT subscriber_id FROM subscribers_subscription WHERE state = 'unsubscribed' AND subscriber_id = ANY(%s)",
        list(links),
    )
    assert {row["subscriber_id"] for row in rows} == set(links)
    left = {
        row["subscriber_id"]
        for row in query(
            machine, "SELECT subscriber_id FROM subscribers_subscription WHERE state = 'unsubscribed'"
        )
    }
    assert len(left & sent.keys()) > len(links), "some of the emulator's readers left by themselves"

    again = run_demo(machine)
    assert again.status == 0, again.said
    assert again.table["= imported (new)"] == 0
    assert (
        again.table["+ unchanged"] + again.table["+ duplicates in the file"] + again.table["+ refused"]
        == ROWS
    )
    candidates, *parts = identity(again.said)
    assert candidates == sum(parts) == demo.table["on the list"]
    second = [int(message.custom_args["mailer_subscriber"]) for message in messages(machine, 2)]
    assert len(second) == len(set(second)) == parts[2]
    assert not left & set(second)
    assert set(second) < sent.keys()


def post_one_click(machine: Machine, links: list[str]) -> None:
    """Do what a mail program does when its reader presses unsubscribe (RFC 8058), against the demo's site."""
    site = machine.begin("up", "--workers=1")
    answers = f"{links[0].partition('/u/')[0]}/healthz"
    site.wait_for(lambda: is_up(answers), "the site answers")
    for link in links:
        request = urllib.request.Request(link, data=b"List-Unsubscribe=One-Click", method="POST")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert (answer.status, answer.geturl(), answer.headers["Set-Cookie"]) == (200, link, None)
    site.child.terminate()
    try:
        assert site.child.wait(LIMIT) == 143, site.said
    except subprocess.TimeoutExpired:
        pytest.fail(site.said)
    assert machine.commands() == []


def is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False
