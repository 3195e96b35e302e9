"""Recipients a second by SendGrid's latency and the requests in flight: the rate should follow the latter.

    python -m tests.bench.latency [--milliseconds 0 50 300] [--in-flight 1 8 32]

The emulator waits so long before it answers a request. One worker has up to 16 requests in flight; more are shared
by more workers. The plan is not counted: nothing of it waits for SendGrid. With so many requests of 1,000 in flight,
each of which takes at least the latency, no sender is faster than in flight × 1,000 / latency: the bound.
"""

import argparse

from rich.console import Console
from rich.table import Table

from tests.bench.installation import THREADS, processes, servers
from tests.bench.people import fill_store, issue_for
from tests.bench.sending import send_out
from tests.inbox import Inbox

MILLISECONDS = (0, 50, 300)
IN_FLIGHT = (1, 8, 32)
LEAST = 20_000
"""Recipients of a send; more where many requests are in flight, so that each is used about this often:"""
ROUNDS = 10
BATCH = 1_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--milliseconds", type=int, nargs="+", default=MILLISECONDS)
    parser.add_argument("--in-flight", type=int, nargs="+", default=IN_FLIGHT)
    options = parser.parse_args()
    if any(each < 1 or each % -(-each // THREADS) for each in options.in_flight):
        parser.error(
            f"requests in flight are 1 or more, and above {THREADS} two or more workers share them evenly"
        )
    rates: dict[tuple[int, int], float] = {}
    with servers() as addresses:
        fill_store(_recipients(max(options.in_flight)))
        for in_flight in options.in_flight:
            workers = -(-in_flight // THREADS)
            with processes(addresses, workers, in_flight // workers) as installation:
                inbox = Inbox(installation.emulator)
                send_out(issue_for(in_flight * BATCH, f"warm-up-{in_flight}"), in_flight * BATCH)
                for latency in options.milliseconds:
                    rates[latency, in_flight] = _rate(inbox, latency, in_flight)
    Console(width=120).print(_table(rates))


def _recipients(in_flight: int) -> int:
    return max(LEAST, in_flight * BATCH * ROUNDS)


def _rate(inbox: Inbox, latency: int, in_flight: int) -> float:
    """Recipients a second of one send, the plan not counted."""
    recipients = _recipients(in_flight)
    issue = issue_for(recipients, f"{latency}-{in_flight}")
    inbox.call("POST", "reset")
    inbox.recover()
    if latency:
        inbox.fail("latency", seconds=latency / 1000, count=None)
    return recipients / send_out(issue, recipients).send


def _table(rates: dict[tuple[int, int], float]) -> Table:
    least, fewest = min(latency for latency, _ in rates), min(in_flight for _, in_flight in rates)
    table = Table(title="Recipients a second by latency and requests in flight", title_justify="left")
    for heading in (
        "latency",
        "in flight",
        "recipients a second",
        "bound",
        "of bound",
        f"to {least} ms",
        f"to {fewest} in flight",
    ):
        table.add_column(heading, justify="right")
    for (latency, in_flight), rate in sorted(rates.items()):
        bound = in_flight * BATCH * 1000 / latency if latency else None
        table.add_row(
            *(f"{latency} ms", str(in_flight), f"{rate:,.0f}"),
            *((f"{bound:,.0f}", f"{rate / bound:.0%}") if bound else ("", "")),
            f"{rate / rates[least, in_flight]:.0%}",
            f"{rate / rates[latency, fewest]:.1f}",
        )
    return table


if __name__ == "__main__":
    main()
