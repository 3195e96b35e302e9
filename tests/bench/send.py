"""Recipients a second, from the trigger to the last acceptance, beside two baselines in the same run.

    python -m tests.bench.send [--recipients 1000000] [--workers 2] [--baseline-recipients 100000]

mailer: the plan, the whole ledger, merge tags, a signed one-click header per recipient, seven editions by topics,
worker processes that take batches from the queue. The workers run with a clock around each act (timed_worker.py).

Baselines: one of the editions to people who are made up on the spot, 1,000 a request: no plan, no ledger, nothing
read from a database, nothing written down. The stock `sendgrid` client with `Mail` objects, and django-anymail's
batch send with merge_data; each in one process, as a script does, and in as many as mailer has workers. They are
compared by recipients a second.

PostgreSQL, Redis and the emulator, which takes the mail of all and checks every request, share the machine.
"""

import argparse

from rich.console import Console
from rich.table import Table

from tests.bench import baselines, timed_worker
from tests.bench.installation import THREADS, Installation, processes, servers
from tests.bench.machine import OTHERS, cpu_seconds, peak_memory
from tests.bench.people import fill_store, issue_for
from tests.bench.sending import Sent, send_out
from tests.inbox import Inbox

WARM_UP = 4_000
MEMORY_LIMIT = 200
"""Megabytes (of a million bytes) that a worker may need."""
BASELINES = {
    "stock sendgrid client": "tests.bench.stock_client",
    "django-anymail batch send": "tests.bench.anymail_batch",
}
NAMES = {
    "read, database": "read: waiting for PostgreSQL",
    "read": "read: rows into recipients",
    "build": "build",
    "request": "request: waiting for SendGrid",
    "mark, database": "mark: waiting for PostgreSQL",
    "mark": "mark",
    "other, database": "other queries",
    "task": "task",
}
"""The steps of timed_worker.py, in the order of a submission."""

console = Console(width=120)


def main() -> None:
    options = _options()
    with servers() as addresses:
        fill_store(max(options.recipients, WARM_UP))
        warm_up, issue = issue_for(WARM_UP, "warm-up"), issue_for(options.recipients, "bench")
        with processes(addresses, options.workers, timed=True) as installation:
            send_out(warm_up, WARM_UP)  # until workers have started and their connections stand
            cpu, clocks = cpu_seconds(installation), _clocks(installation)
            sent = send_out(issue, options.recipients)
            cpu = {kind: spent - cpu[kind] for kind, spent in cpu_seconds(installation).items()}
            steps = _difference(clocks, _clocks(installation))
            _check(Inbox(installation.emulator), options.recipients + WARM_UP)
            _show_split(sent, steps, cpu, options.workers)
            _show_cpu(sent, cpu)
            _show_memory(installation)
            _show_rates(sent, _baselines(installation.emulator, options), options.baseline_recipients)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--recipients", type=int, default=1_000_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--baseline-recipients", type=int, default=100_000, help="of each baseline")
    options = parser.parse_args()
    if min(options.recipients, options.workers, options.baseline_recipients // options.workers) < 1:
        parser.error("recipients and workers are 1 or more, and each worker of a baseline needs one")
    return options


def _clocks(installation: Installation) -> list[timed_worker.Sums]:
    return [timed_worker.read(clock) for clock in installation.clocks.values()]


def _difference(before: list[timed_worker.Sums], after: list[timed_worker.Sums]) -> timed_worker.Sums:
    """What was added between two looks, by all workers together."""
    return {
        step: timed_worker.Spent(
            *(
                sum(late[step][n] - early[step][n] for early, late in zip(before, after, strict=True))
                for n in range(3)
            )
        )
        for step in timed_worker.STEPS
    }


def _check(inbox: Inbox, wanted: int) -> None:
    """Everyone got one, says the emulator. It forgets them then: the baselines find it as empty as mailer did."""
    summary = inbox.summary()
    if summary["messages"] != wanted or summary["duplicates"]:
        raise SystemExit(f"The emulator took {summary['messages']} messages instead of {wanted}: {summary}")
    inbox.call("POST", "reset")


def _baselines(host: str, options: argparse.Namespace) -> dict[tuple[str, int], float]:
    """Seconds by baseline and number of processes."""
    from mailer.delivery.models import Edition

    row = Edition.objects.order_by("-id")[0]
    edition = baselines.Edition(row.subject, row.html, row.text, tuple(tag["key"] for tag in row.tags))
    return {
        (name, count): baselines.seconds(module, host, edition, options.baseline_recipients, count)
        for name, module in BASELINES.items()
        for count in sorted({1, options.workers})
    }


def _show_split(sent: Sent, steps: timed_worker.Sums, cpu: dict[str, float], workers: int) -> None:
    """Seconds of the send are the sums of all threads, divided by how many there are: they add up to the total."""
    threads = workers * THREADS
    table = _table(
        f"{sent.recipients:,} recipients, from the trigger to the last acceptance",
        *("seconds", "workers' CPU seconds", "µs of CPU per recipient"),
    )

    def row(name: str, seconds: float, spent: float | None = None) -> None:
        each = () if spent is None else (f"{spent:.2f}", f"{spent / sent.recipients * 1e6:.2f}")
        table.add_row(name, f"{seconds:.2f}", *each)

    row("total", sent.total)
    row("  plan", sent.plan)
    row("  send", sent.send, cpu["workers"])
    for step, name in NAMES.items():
        if steps[step].calls:
            row(f"    {name}", steps[step].seconds / threads, steps[step].cpu)
    row(
        "    queue: waiting for work, Celery",
        sent.send - sum(spent.seconds for spent in steps.values()) / threads,
        cpu["workers"] - sum(spent.cpu for spent in steps.values()),
    )
    console.print(table)
    console.print(
        f"Handing out took {sent.hand_out:.2f} s, beside the rest. Seconds inside the send are those of a thread, on "
        f"average of all {threads}; threads also wait for each other and for a core.\n"
    )


def _show_cpu(sent: Sent, cpu: dict[str, float]) -> None:
    table = _table("CPU, plan included", "seconds", "µs per recipient")
    others = cpu.pop(OTHERS)
    for kind, spent in {**cpu, "together": sum(cpu.values()), OTHERS: others}.items():
        table.add_row(kind, f"{spent:.2f}", f"{spent / sent.recipients * 1e6:.2f}")
    console.print(table)
    console.print()


def _show_memory(installation: Installation) -> None:
    for name in installation.workers:
        peak = peak_memory(installation.pids[name])
        told = "not told by this system" if peak is None else f"{peak / 1e6:.0f} MB"
        console.print(f"Peak memory of {name}: {told} (it must stay under {MEMORY_LIMIT} MB)")
    console.print()


def _show_rates(sent: Sent, theirs: dict[tuple[str, int], float], recipients: int) -> None:
    ours = sent.recipients / sent.total
    table = _table(
        "Beside the baselines, by recipients a second",
        *("recipients", "seconds", "recipients a second", "mailer's to it"),
    )
    table.add_row("mailer", f"{sent.recipients:,}", f"{sent.total:.2f}", f"{ours:,.0f}", "")
    for (name, count), seconds in theirs.items():
        rate = recipients / seconds
        table.add_row(
            f"{name}, {count} process{'es' if count > 1 else ''}",
            *(f"{recipients:,}", f"{seconds:.2f}", f"{rate:,.0f}", f"{ours / rate:.2f}"),
        )
    console.print(table)


def _table(title: str, *headings: str) -> Table:
    table = Table("", title=title, title_justify="left")
    for heading in headings:
        table.add_column(heading, justify="right")
    return table


if __name__ == "__main__":
    main()
