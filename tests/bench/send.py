"""Recipients a second, from the trigger to the last acceptance, beside the stock client in the same run.

    python -m tests.bench.send [--recipients 100000] [--workers 2]

mailer: the plan, the whole ledger, merge tags, a signed one-click header per recipient, eight editions by
topics, worker processes that take batches from the queue. Baseline: as many people and one of the editions with
the stock `sendgrid` client, `Mail` helper objects and 1,000 personalizations a request: no plan, no ledger,
nothing read from a database, nothing written down. PostgreSQL, Redis and the emulator, which takes the mail of both and
checks every request, share the machine. The stock client runs in one process, as a script does, and in as many
processes as mailer has workers.
"""

import argparse
import multiprocessing
import os
import shutil
import time
from contextlib import ExitStack

from rich.console import Console
from rich.table import Table

from mailer.local import embedded
from mailer.local.processes import Process, running
from mailer.local.waiting import wait_until

TOPICS = ("ai", "policy", "travel")
LIMIT = 600
WARM_UP = 4_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.environ["MAILER_VAR"] = str(embedded.var_folder() / "bench")
    shutil.rmtree(
        os.environ["MAILER_VAR"], ignore_errors=True
    )  # a store of last time's people would slow this one
    os.environ["DJANGO_SETTINGS_MODULE"] = "mailer.config.settings"
    os.environ["LOG_LEVEL"] = "warning"
    with ExitStack() as ends:
        ends.enter_context(embedded.environment(os.environ))
        addresses = ends.enter_context(embedded.only_one(os.environ))
        wanted = [
            Process(
                "emulator", ["emulator", f"--port={addresses.ports['emulator']}", "--no-events", "--forget"]
            )
        ]
        wanted += [Process(f"worker{n}", ["worker", f"--name=worker{n}"]) for n in range(options.workers)]
        _prepare()
        ends.enter_context(running(wanted, embedded.var_folder() / "log"))
        _send(WARM_UP)  # until workers have started and their connections stand
        ours = _send(options.recipients)
        theirs = {
            processes: _stock_client(options.recipients, processes, addresses.emulator or "")
            for processes in (1, options.workers)
        }
    _show(options.recipients, ours, theirs)


def _prepare() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _send(recipients: int) -> dict[str, float]:
    """Seconds of the plan, and from the trigger to the last acceptance."""
    from django.db import connection

    from mailer.delivery.plan import plan
    from mailer.delivery.progress import progress
    from mailer.delivery.start import send_of, start

    issue = _issue(recipients)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    send = send_of(issue)
    began = time.perf_counter()
    plan(send)
    planned = time.perf_counter()
    start(send)
    if not wait_until(lambda: progress(send).accepted == recipients, LIMIT):
        raise SystemExit(f"Not everything was accepted within {LIMIT} s: {progress(send)}")
    ended = time.perf_counter()
    return {"plan": planned - began, "send": ended - planned, "total": ended - began}


def _issue(recipients: int):  # type: ignore[no-untyped-def]
    from django.db import connection

    from tests.newsroom import make_issue

    run = time.time_ns()
    issue = make_issue(TOPICS, suffix=f"bench-{run}")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(id ORDER BY id) FROM subscribers_topic WHERE slug = ANY(%s)", [list(TOPICS)]
        )
        topics = cursor.fetchone()[0]
        cursor.execute(
            """
            WITH people AS (
                INSERT INTO subscribers_subscriber (email, first_name, last_name, language, country, topic_ids)
                SELECT 'reader' || n || '.%(run)s@firm' || n %% 500 || '.example', 'Mei ' || n %% 1000, 'Tan', 'en', 'SG',
                    CASE n %% 8 WHEN 0 THEN '{}'::int[] WHEN 7 THEN %(topics)s::int[]
                        ELSE array_remove(ARRAY[
                            CASE WHEN n & 1 > 0 THEN %(topics)s[1] END, CASE WHEN n & 2 > 0 THEN %(topics)s[2] END,
                            CASE WHEN n & 4 > 0 THEN %(topics)s[3] END], NULL) END
                FROM generate_series(1, %(recipients)s) n RETURNING id
            )
            INSERT INTO subscribers_subscription (mailing_list_id, subscriber_id, state)
            SELECT %(list)s, id, 'active' FROM people
            """.replace("%(topics)s[", "(%(topics)s::int[])["),
            {
                "run": run,
                "topics": topics,
                "recipients": recipients,
                "list": issue.newsletter.mailing_list_id,
            },
        )
    return issue


def _stock_client(recipients: int, workers: int, host: str) -> float:
    from mailer.delivery.models import Edition

    edition = Edition.objects.order_by("-id").first()
    assert edition is not None
    message = (edition.subject, edition.html, edition.text, [tag["key"] for tag in edition.tags])
    share = recipients // workers
    arguments = [(host, n * share, share, message) for n in range(workers)]
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        pool.map(_ready, range(workers * 4))
        began = time.perf_counter()
        pool.starmap(_send_with_stock_client, arguments, chunksize=1)
        return time.perf_counter() - began


def _ready(_: int) -> None:
    import sendgrid  # noqa: F401


def _send_with_stock_client(
    host: str, first: int, count: int, message: tuple[str, str, str, list[str]]
) -> None:
    from sendgrid import SendGridAPIClient
    from sendgrid.helpers.mail import (
        Content,
        CustomArg,
        Email,
        Header,
        Mail,
        Personalization,
        Substitution,
        To,
    )

    subject, html, text, keys = message
    client = SendGridAPIClient("SG.local", host=host)
    for batch in range(first, first + count, 1_000):
        mail = Mail(from_email=Email("weekly@news.example.com", "The Weekly"), subject=subject)
        mail.add_content(Content("text/plain", text))
        mail.add_content(Content("text/html", html))
        for n in range(batch, min(batch + 1_000, first + count)):
            person = Personalization()
            person.add_to(To(f"reader{n}.stock@firm{n % 500}.example", f"Mei {n % 1000} Tan"))
            for key in keys:
                person.add_substitution(Substitution(key, f"https://news.example.com/u/{n:040}"))
            person.add_header(Header("List-Unsubscribe", f"<https://news.example.com/u/{n:040}>"))
            person.add_header(Header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
            person.add_custom_arg(CustomArg("subscriber", str(n)))
            mail.add_personalization(person)
        answer = client.send(mail)
        assert answer.status_code == 202, answer.body


def _show(recipients: int, ours: dict[str, float], theirs: dict[int, float]) -> None:
    table = Table(
        title=f"{recipients:,} recipients, from the trigger to the last acceptance", title_justify="left"
    )
    for heading in ("", "seconds", "recipients a second"):
        table.add_column(heading, justify="left" if not heading else "right")
    table.add_row("mailer", f"{ours['total']:.2f}", f"{recipients / ours['total']:,.0f}")
    table.add_row("  of it the plan", f"{ours['plan']:.2f}", "")
    table.add_row("  of it claim, build, request, mark", f"{ours['send']:.2f}", "")
    for processes, seconds in theirs.items():
        name = f"stock client, {processes} process{'es' if processes > 1 else ''}"
        table.add_row(name, f"{seconds:.2f}", f"{recipients / seconds:,.0f}")
    console = Console()
    console.print(table)
    for processes, seconds in theirs.items():
        console.print(
            f"ratio to the stock client without a ledger, {processes} process{'es' if processes > 1 else ''}: "
            f"{seconds / ours['total']:.2f} times as fast"
        )


if __name__ == "__main__":
    main()
