"""How long the pages of the staff site take, over HTTP, with a million subscribers in the store.

    python -m tests.bench.pages [--people 1000000] [--sends 6] [--recipients 300000] [--repeat 15]

`mailer web` answers, signed in as an administrator. Each page is asked for a few times; the median is printed, and beside it
how many times as long as a page of the site with nothing in it took in the same run.
"""

import argparse
import http.client
import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table

from mailer.local import embedded
from mailer.local.processes import Process, running
from mailer.local.waiting import wait_until
from tests.bench.installation import LIMIT, servers
from tests.bench.readership import Size, fill

PAGE_LIMIT = 0.3
"""Seconds, the median of a page."""
EMPTY = "/staff/themes/new/"
"""A page that asks the database for nothing but who is there."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--sends", type=int, default=6)
    parser.add_argument("--recipients", type=int, default=300_000, help="of each send")
    parser.add_argument("--repeat", type=int, default=15)
    options = parser.parse_args()
    size = Size(options.people, options.sends, min(options.recipients, options.people))
    console = Console(width=110)
    with servers() as addresses:
        fill(size, lambda step: console.print(step, style="dim"))
        pages, session = _prepare(console)
        with _site(addresses) as port:
            console.print(_measure(port, session, pages, options.repeat, size))
    shutil.rmtree(embedded.var_folder(), ignore_errors=True)


@contextmanager
def _site(addresses: embedded.Addresses) -> Iterator[int]:
    port = addresses.ports["web"]
    with running([Process("web", ["web", f"--port={port}"])], embedded.var_folder() / "log") as started:
        if not wait_until(lambda: started["web"].listens(port), LIMIT):
            raise SystemExit(f"The site does not listen on port {port}. See {started['web'].log}")
        yield port


def _prepare(console: Console) -> tuple[dict[str, str], str]:
    """Count what is kept, index who is searched for, sign in; and say which pages are asked for."""
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
    send = Send.objects.order_by("-id")[0]
    draft = Issue.objects.create(
        newsletter=newsletter, number=send.issue.number + 1, date=send.issue.date, subject="Next week"
    )
    for story in send.issue.stories.all():
        story.pk, story.issue = None, draft
        story.save()
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
        "report of a send": to("admin:delivery_send_report", send.pk),
        "report of the newsletter": to("admin:issues_newsletter_report", newsletter.pk),
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
        "look of the newsletter": to("staff:look", newsletter.pk),
        "audit log": to("staff:audit"),
    }
    return pages, str(session.session_key)


def _measure(port: int, session: str, pages: dict[str, str], repeat: int, size: Size) -> Table:
    table = Table(
        title=f"Pages with {size.people:,} subscribers, {size.sends} sends to {size.recipients:,} each: median of {repeat}"
    )
    for column in ("page", "ms", "slowest, ms", "× an empty page", f"within {PAGE_LIMIT * 1000:.0f} ms"):
        table.add_column(column, justify="left" if column == "page" else "right")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    empty = statistics.median(_ask(connection, EMPTY, session, repeat))
    table.add_row("(a page with nothing in it)", f"{empty * 1000:.0f}", "", "1.0", "")
    for name, address in pages.items():
        spans = _ask(connection, address, session, repeat)
        median = statistics.median(spans)
        within = "yes" if median <= PAGE_LIMIT else "[red]no[/]"
        table.add_row(
            name, f"{median * 1000:.0f}", f"{max(spans) * 1000:.0f}", f"{median / empty:.1f}", within
        )
    return table


def _ask(connection: http.client.HTTPConnection, address: str, session: str, repeat: int) -> list[float]:
    """Seconds of each of so many requests, after two that warm up.

    Raises:
        SystemExit: a page does not answer 200.
    """
    spans = []
    for number in range(repeat + 2):
        begun = time.perf_counter()
        connection.request("GET", address, headers={"Cookie": f"sessionid={session}", "Accept": "text/html"})
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise SystemExit(f"{address} answers {answer.status} {answer.reason}")
        if number > 1:
            spans.append(time.perf_counter() - begun)
    return spans


if __name__ == "__main__":
    main()
