"""What a worker computes for each recipient, step by step: `python -m tests.bench.payload [--batches 20]`.

Microseconds of CPU per recipient from a claimed batch to the JSON of its request, 1,000 recipients a batch, median
over all batches: read from PostgreSQL, values of the merge tags, check for SendGrid's limits, JSON. Beside it, in the
same run and from the same rows, the usual way: a mapping for each recipient, every link a value of its own, each
checked by itself, plain dicts through orjson. The editions are the sample newsletter's and, with attributes in its
tags, that of the tests. For the reading the wait for PostgreSQL is shown too.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import orjson
from rich.console import Console
from rich.table import Table

from tests.bench.installation import servers

if TYPE_CHECKING:
    from mailer.delivery.models import Batch

BATCH = 1_000
STEPS = ("read", "read: waiting for PostgreSQL", "values", "check", "JSON")
Times = dict[str, list[float]]
"""Microseconds per recipient of each batch, by step."""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--batches", type=int, default=20, help="of each edition")
    options = parser.parse_args()
    with servers():
        _fill_store(options.batches * BATCH)
        for name, issue in _issues().items():
            _show(name, *_measure(_planned(issue)))


def _fill_store(people: int) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO subscribers_subscriber (email, first_name, last_name, language, country, attributes)
            SELECT 'reader' || n || '@firm' || n %% 500 || '.example',
                (ARRAY['Ann', 'José', '小明', 'Zoë'])[1 + n %% 4] || ' ' || n %% 1000,
                (ARRAY['Tan', 'O''Neil', 'Ñúñez'])[1 + n %% 3], 'en', 'SG', jsonb_build_object('plan', n %% 5)
            FROM generate_series(1, %s) n
            """,
            [people],
        )
        cursor.execute(
            """
            INSERT INTO subscribers_suppression (address, reason)
            SELECT 'reader' || n || '.gone@firm' || n % 500 || '.example', 'bounce' FROM generate_series(1, 20000) n
            """
        )


def _issues() -> dict[str, Any]:
    from mailer.local.sample_issue import write_issue, write_newsletter
    from tests.newsroom import make_issue

    plan = '{{ subscriber.plan or "free" }}'
    return {
        "the sample newsletter": write_issue(write_newsletter()),
        "with attributes": make_issue(intro=f"Dear {{{{ subscriber.first_name }}}}, your plan is {plan}."),
    }


def _planned(issue: Any) -> "list[Batch]":
    """The batches of a send to everybody."""
    from django.db import connection

    from mailer.delivery.models import Batch
    from mailer.delivery.plan import plan
    from mailer.delivery.start import send_of

    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO subscribers_subscription (mailing_list_id, subscriber_id, state)"
            " SELECT %s, id, 'active' FROM subscribers_subscriber",
            [issue.newsletter.mailing_list_id],
        )
        cursor.execute("VACUUM ANALYZE")
    send = send_of(issue)
    plan(send)
    return list(Batch.objects.filter(send=send).select_related("edition", "send"))


def _measure(batches: "list[Batch]") -> tuple[Times, Times]:
    ours: Times = {step: [] for step in STEPS}
    usual: Times = {step: [] for step in STEPS}
    for batch in batches:
        names = [_column_by_column(batch, ours), _one_by_one(batch, usual)]
        if names[0] != names[1]:
            raise SystemExit("the two ways do not write to the same people")
    return ours, usual


def _timed(times: Times, step: str, act: Callable[[], Any]) -> Any:
    cpu, wall = time.process_time(), time.perf_counter()
    result = act()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    times[step].append(cpu / BATCH * 1e6)
    if step == "read":
        times["read: waiting for PostgreSQL"].append((wall - cpu) / BATCH * 1e6)
    return result


def _column_by_column(batch: "Batch", times: Times) -> list[Any]:
    """As mailer does it. Returns the address objects of the request."""
    from django.db import connection

    from mailer.delivery.claim import _read
    from mailer.delivery.requests import compiled_edition, recipient_parts, request_body
    from mailer.sendgrid.screen import unsendable

    edition = compiled_edition(batch.edition_id)
    with connection.cursor() as cursor:
        recipients, _ = _timed(
            times,
            "read",
            lambda: _read(cursor, batch.send.mailing_list_id, batch.subscriber_ids, edition.fields),
        )
    parts = _timed(times, "values", lambda: recipient_parts(edition, recipients))
    _timed(times, "check", lambda: unsendable(edition.message, parts))
    body = _timed(times, "JSON", lambda: request_body(edition, parts, uuid4()))
    return [each["to"] for each in orjson.loads(body)["personalizations"]]


USUAL_READ = """
SELECT subscriber.id, attributes, email, first_name, last_name, language, time_zone, country, state, paused_until, (
    SELECT min(reason) FROM subscribers_suppression WHERE address = lower(email)
)
FROM subscribers_subscriber subscriber
LEFT JOIN LATERAL (
    SELECT state, paused_until FROM subscribers_subscription
    WHERE mailing_list_id = %s AND subscriber_id = subscriber.id LIMIT 1
) subscription ON true
WHERE subscriber.id = ANY(%s) ORDER BY subscriber.id
"""


def _one_by_one(batch: "Batch", times: Times) -> list[Any]:
    """The usual way. Returns the address objects of the request."""
    from django.db import connection

    from mailer.delivery.editions import edition_of
    from mailer.delivery.links import links_of
    from mailer.issues.builder.getters import compile_tags
    from mailer.sendgrid.payload import RecipientPart
    from mailer.sendgrid.screen import look_at_each

    values = compile_tags(edition_of(batch.edition).tags)
    links = links_of(batch.send.mailing_list_id, batch.send_id)
    message = {"subject": batch.edition.subject, "html": batch.edition.html, "text": batch.edition.text}

    def read() -> list[dict[str, Any]]:
        cursor.execute(USUAL_READ, [batch.send.mailing_list_id, batch.subscriber_ids])
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return [{**row, "attributes": orjson.loads(row["attributes"])} for row in rows]

    def part(person: dict[str, Any]) -> RecipientPart:
        own = links(person["id"])
        return RecipientPart(
            person["email"],
            f"{person['first_name']} {person['last_name']}".strip(),
            dict(values({"subscriber": person, "links": own})),
            {"mailer_subscriber": str(person["id"])},
            {
                "List-Unsubscribe": f"<{own['unsubscribe']}>",
                "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            },
        )

    def as_dict(each: RecipientPart) -> dict[str, Any]:
        return {
            "to": [{"email": each.email, "name": each.name}],
            "substitutions": each.substitutions,
            "custom_args": each.custom_args,
            "headers": each.headers,
        }

    with connection.cursor() as cursor:
        people = _timed(times, "read", read)
    parts = _timed(times, "values", lambda: list(map(part, people)))
    _timed(times, "check", lambda: look_at_each(parts, {"mailer_send": str(batch.send_id)}))
    body = _timed(
        times, "JSON", lambda: orjson.dumps({**message, "personalizations": list(map(as_dict, parts))})
    )
    return [each["to"] for each in orjson.loads(body)["personalizations"]]


def _show(name: str, ours: Times, usual: Times) -> None:
    table = Table("step", title=f"µs per recipient: {name}", title_justify="left")
    for heading in ("mailer", "one by one", "ratio"):
        table.add_column(heading, justify="right")
    totals = [0.0, 0.0]
    for step in STEPS:
        pair = median(ours[step]), median(usual[step])
        if step != "read: waiting for PostgreSQL":  # PostgreSQL's time, not the worker's
            totals = [total + one for total, one in zip(totals, pair, strict=True)]
        table.add_row(step, *(f"{one:.2f}" for one in (*pair, pair[1] / pair[0])))
    table.add_row("the worker together", *(f"{one:.2f}" for one in (*totals, totals[1] / totals[0])))
    Console().print(table)


if __name__ == "__main__":
    main()
