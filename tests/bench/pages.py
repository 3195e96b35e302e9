"""How long the pages of the staff site take, over HTTP, with a million subscribers in the store.

    python -m tests.bench.pages [--people 1000000] [--sends 6] [--recipients 300000] [--repeat 15] [--counts 3]

`mailer web` answers, signed in as an administrator. Each page is asked for a few times; the median is printed, and beside it
how many times as long as a page of the site with nothing in it took in the same run. What a page counts over everybody it
asks for after it is shown: that stands in a table of its own, beside a plain count of the newsletter's list.
"""

import argparse
import http.client
import json
import os
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from mailer.local import embedded
from mailer.local.processes import Process, running
from mailer.local.waiting import wait_until
from tests.bench.installation import LIMIT, servers
from tests.bench.machine import spent_by
from tests.bench.readership import Size, fill

PAGE_LIMIT = 0.3
"""Seconds, the median of a page."""
EMPTY = "/staff/themes/new/"
"""A page that asks the database for nothing but who is there."""
COUNT_LIMIT = 10.0
"""Seconds, the median of what is counted over everybody while somebody looks at a page."""
WARMING = 2
"""Requests before those that are measured."""
TOKEN = "0" * 32
"""Of a form: what is posted carries the same as the cookie."""


@dataclass(frozen=True)
class Asked:
    """What is asked for of the site; with a body it is posted as JSON."""

    address: str
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """What is measured, as whom, and the list that the newsletter goes to.

    Args:
        pages: by name, each a page.
        counts: by name, what pages ask for once they are shown.
    """

    pages: dict[str, Asked]
    counts: dict[str, Asked]
    session: str
    mailing_list: int


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--sends", type=int, default=6)
    parser.add_argument("--recipients", type=int, default=300_000, help="of each send")
    parser.add_argument("--repeat", type=int, default=15)
    parser.add_argument("--counts", type=int, default=3, help="times that each count is asked for")
    options = parser.parse_args()
    size = Size(options.people, options.sends, min(options.recipients, options.people))
    console = Console(width=130)
    with servers() as addresses:
        fill(size, lambda step: console.print(step, style="dim"))
        prepared = _prepare(console)
        with _site(addresses) as (port, pid):
            site = Site(port, prepared.session)
            console.print(_pages(site, prepared.pages, options.repeat, size))
            console.print(_counts(site, prepared, options.counts, pid))
            console.print(f"Load of the machine: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")
    shutil.rmtree(embedded.var_folder(), ignore_errors=True)


@contextmanager
def _site(addresses: embedded.Addresses) -> Iterator[tuple[int, int]]:
    """The site's port, and the number of its process."""
    port = addresses.ports["web"]
    web = Process("web", ["web", f"--port={port}"])
    with running([web], embedded.var_folder() / "log") as started:
        if not wait_until(lambda: started["web"].listens(port), LIMIT):
            raise SystemExit(f"The site does not listen on port {port}. See {started['web'].log}")
        yield port, next(each.pid for each in psutil.Process().children() if each.cmdline() == web.command)


def _prepare(console: Console) -> Prepared:
    """Count what is kept, index who is searched for, sign in; and say what is asked for."""
    from django.conf import settings
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.db import SessionStore
    from django.urls import reverse

    from mailer.delivery.models import Send
    from mailer.issues.models import Issue, Newsletter
    from mailer.tracking.newsletter.keep import count_and_keep
    from mailer.tracking.reports.keep import count_and_keep as count_and_keep_send
    from subscribers.models import Subscriber
    from subscribers.search.index import index_some
    from subscribers.segments.saving import save

    newsletter = Newsletter.objects.get()
    console.print("counts, search index", style="dim")
    for send in Send.objects.order_by("-id")[:5]:
        count_and_keep_send(send)
    count_and_keep(newsletter)
    while index_some():
        pass
    segment, _ = save("asia", {"version": 1, "field": "country", "is_any_of": ["SG", "MY"]}, name="Asia")
    save("quiet", {"version": 1, "opened": True, "never": True}, name="Quiet")
    send = Send.objects.order_by("-id")[0]
    draft = Issue.objects.create(
        newsletter=newsletter, number=send.issue.number + 1, date=send.issue.date, subject="Next week"
    )
    for story in send.issue.stories.all():
        topics = story.topics.all()
        story.pk, story.issue = None, draft
        story.save()
        story.topics.set(topics)
    person = Subscriber.objects.order_by("-id")[10]
    user = User.objects.create_superuser("bench")
    session = SessionStore()
    session["_auth_user_id"] = str(user.pk)
    session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    session["_auth_user_hash"] = user.get_session_auth_hash()
    session.save()

    def to(name: str, *arguments: object) -> str:
        return reverse(name, args=arguments)

    pages = {
        "start": to("staff:start"),
        "issues": to("staff:issues"),
        "issue builder": to("staff:issue", draft.pk),
        "versions of an issue": to("staff:issue-versions", draft.pk),
        "send page": to("staff:send-page", draft.pk),
        "backlog": to("staff:backlog"),
        "reports": to("staff:reports"),
        "report of a send": to("staff:report", send.pk),
        "report of the newsletter": to("staff:newsletter-report", newsletter.pk),
        "send": to("staff:send", send.pk),
        "sends": to("admin:delivery_send_changelist"),
        "subscribers": to("staff:people"),
        "subscribers, searched": to("staff:people") + "?q=reader7771",
        "search everywhere": to("admin:search") + "?extended=1&s=reader77",
        "a person": to("admin:subscribers_subscriber_facts", person.pk),
        "segments": to("staff:segments"),
        "a segment": to("staff:segment", segment.pk),
        "suppressions": to("staff:suppressions"),
        "mailing lists": to("staff:lists"),
        "imports": to("staff:imports"),
        "import: upload": to("staff:import-new"),
        "import: columns": to("staff:import-columns", _uploaded(newsletter.mailing_list)),
        "look of the newsletter": to("staff:look", newsletter.pk),
        "audit log": to("staff:audit"),
    }
    next_week = date.today() + timedelta(days=7)
    forecast, live = to("staff:send-forecast", draft.pk), {"HX-Request": "true"}
    rule = {
        "version": 1,
        "all": [{"field": "country", "is": "SG"}, {"opened": True, "not_in_last_issues": 4}],
    }
    counts = {
        "send page: its dry run": Asked(f"{forecast}?when=now", headers=live),
        "the same, to a segment, at each reader's local time": Asked(
            f"{forecast}?when=local&at={next_week:%Y-%m-%d}T09:00&in=asia", headers=live
        ),
        "send page: who is left out, by name": Asked(
            to("staff:send-people", draft.pk) + "?when=now&group=unsubscribed", headers=live
        ),
        "a send that went out: its numbers": Asked(to("staff:send-figures", send.pk), headers=live),
        "segment builder: a count": Asked(to("staff:segment-count-rule"), json.dumps({"rule": rule})),
        "overlap of two segments and a list": Asked(
            to("staff:segment-overlap") + "?of=segment:asia&of=segment:quiet&of=list:weekly"
        ),
    }
    return Prepared(
        {name: Asked(address) for name, address in pages.items()},
        counts,
        str(session.session_key),
        newsletter.mailing_list_id,
    )


def _uploaded(mailing_list: Any) -> int:
    """The number of an import whose file is there, and whose columns are still to be named."""
    from subscribers.importing.draft import take_up

    with NamedTemporaryFile("w", suffix=".csv") as file:
        file.write("email,first_name,country\n")
        file.writelines(f"new{number}@firm.example,Mei,SG\n" for number in range(10_000))
        file.flush()
        return int(take_up(Path(file.name), "people.csv", mailing_list).pk)


def _pages(site: "Site", pages: dict[str, Asked], repeat: int, size: Size) -> Table:
    table = Table(
        title=f"Pages with {size.people:,} subscribers, {size.sends} sends to {size.recipients:,} each: median of {repeat}"
    )
    for column in ("page", "ms", "slowest, ms", "× an empty page", f"within {PAGE_LIMIT * 1000:.0f} ms"):
        table.add_column(column, justify="left" if column == "page" else "right")
    empty = statistics.median(site.ask(Asked(EMPTY), repeat))
    table.add_row("(a page with nothing in it)", f"{empty * 1000:.0f}", "", "1.0", "")
    for name, asked in pages.items():
        spans = site.ask(asked, repeat)
        median = statistics.median(spans)
        table.add_row(
            name,
            f"{median * 1000:.0f}",
            f"{max(spans) * 1000:.0f}",
            f"{median / empty:.1f}",
            _within(median, PAGE_LIMIT),
        )
    return table


def _counts(site: "Site", prepared: Prepared, repeat: int, pid: int) -> Table:
    table = Table(title=f"Counted over everybody when a page is shown: median of {repeat}, CPU of one")
    headings = ("", "s", "slowest, s", "CPU s of web", "of PostgreSQL", "× a plain count")
    for column in (*headings, f"within {COUNT_LIMIT:.0f} s"):
        table.add_column(column, justify="right" if column else "left")
    plain = statistics.median(_plain_count(prepared.mailing_list) for _ in range(repeat))
    table.add_row("(a plain count of the list)", f"{plain:.2f}", "", "", "", "1.0", "")
    for name, asked in prepared.counts.items():
        before = spent_by({"web": pid})
        spans = site.ask(asked, repeat)
        after = spent_by({"web": pid})
        median = statistics.median(spans)
        cpu = ((after[each] - before[each]) / (repeat + WARMING) for each in ("web", "PostgreSQL"))
        table.add_row(
            name,
            f"{median:.2f}",
            f"{max(spans):.2f}",
            *(f"{seconds:.2f}" for seconds in cpu),
            f"{median / plain:.1f}",
            _within(median, COUNT_LIMIT),
        )
    return table


def _plain_count(mailing_list: int) -> float:
    """Seconds to count the people of a list, each looked up in the store."""
    from django.db import connection

    begun = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT count(*) FROM subscribers_subscription subscription
            JOIN subscribers_subscriber subscriber ON subscriber.id = subscription.subscriber_id
            WHERE subscription.mailing_list_id = %s AND subscriber.erased_at IS NULL
            """,
            [mailing_list],
        )
        cursor.fetchall()
    return time.perf_counter() - begun


def _within(median: float, limit: float) -> str:
    return "yes" if median <= limit else "[red]no[/]"


class Site:
    """The site, as a browser that is signed in asks it."""

    def __init__(self, port: int, session: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        cookies = f"sessionid={session}; csrftoken={TOKEN}"
        self._headers = {"Cookie": cookies, "X-CSRFToken": TOKEN, "Accept": "text/html"}

    def ask(self, asked: Asked, repeat: int) -> list[float]:
        """Seconds of each of so many requests, after those that warm up.

        Raises:
            SystemExit: it does not answer 200.
        """
        spans = []
        for number in range(repeat + WARMING):
            begun = time.perf_counter()
            headers = {**self._headers, **asked.headers}
            self._connection.request(
                "GET" if asked.body is None else "POST", asked.address, asked.body, headers
            )
            answer = self._connection.getresponse()
            said = answer.read()
            if answer.status != 200 or "HX-Retarget" in answer.headers:
                raise SystemExit(f"{asked.address} answers {answer.status}: {said[:500].decode()}")
            if number >= WARMING:
                spans.append(time.perf_counter() - begun)
        return spans


if __name__ == "__main__":
    main()
