"""Time per recipient by the size of the send: it should stay flat.

    python -m tests.bench.scale [--sizes 10000 100000 1000000 3000000] [--workers 2]

One store as large as the largest send; every list's people are spread over all of it. What a send costs whatever
its size (its editions are rendered, the queue is filled) shows in the first row most.
"""

import argparse

from rich.console import Console
from rich.table import Table

from tests.bench.installation import Installation, processes, servers
from tests.bench.machine import OTHERS, cpu_seconds, peak_memory
from tests.bench.people import fill_store, issue_for
from tests.bench.sending import Sent, send_out
from tests.inbox import Inbox

SIZES = (10_000, 100_000, 1_000_000, 3_000_000)
WARM_UP = 4_000


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    console = Console(width=120)
    with servers() as addresses:
        fill_store(max(WARM_UP, *options.sizes))
        with processes(addresses, options.workers) as installation:
            inbox = Inbox(installation.emulator)
            send_out(issue_for(WARM_UP, "warm-up"), WARM_UP)
            sends = []
            for size in options.sizes:
                issue = issue_for(size, f"of-{size}")
                inbox.call("POST", "reset")  # as empty as it was for the first
                before = _own_cpu(installation)
                sends.append((send_out(issue, size), _own_cpu(installation) - before))
                console.print(f"{size:,} recipients: {sends[-1][0].total:.1f} s", style="dim")
            peaks = [peak_memory(installation.pids[name]) for name in installation.workers]
    console.print(_table(sends))
    known = [f"{peak / 1e6:.0f} MB" for peak in peaks if peak]
    console.print(
        f"Peak memory of the workers after all of them: {', '.join(known) or 'not told by this system'}"
    )


def _own_cpu(installation: Installation) -> float:
    """Seconds of CPU so far of all that belongs to the installation."""
    return sum(spent for kind, spent in cpu_seconds(installation).items() if kind != OTHERS)


def _table(sends: list[tuple[Sent, float]]) -> Table:
    """Sends with the seconds of CPU that all processes together took for them."""
    table = Table(title="Time by the size of the send", title_justify="left")
    headings = (
        "recipients",
        "seconds",
        "plan",
        "send",
        "µs per recipient",
        "plan",
        "send",
        "to the first row",
        "µs of CPU",
    )
    for heading in headings:
        table.add_column(heading, justify="right")
    first = sends[0][0].total / sends[0][0].recipients
    for sent, cpu in sends:
        spans = (sent.total, sent.plan, sent.send)
        table.add_row(
            f"{sent.recipients:,}",
            *(f"{span:.2f}" for span in spans),
            *(f"{span / sent.recipients * 1e6:.1f}" for span in spans),
            f"{sent.total / sent.recipients / first:.2f}",
            f"{cpu / sent.recipients * 1e6:.1f}",
        )
    return table


if __name__ == "__main__":
    main()
