"""The results as a person reads them: grouped by subject, what is wrong with what to do about it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table
from rich.text import Text

from mailer.doctor.result import Check, Result, State

SIGNS = {
    State.FINE: ("✓", "fine", "green"),
    State.WRONG: ("✗", "wrong", "bold red"),
    State.UNSEEN: ("?", "not seen", "yellow"),
}


def follow(console: Console, checks: Sequence[Check], results: Iterator[tuple[int, Result]]) -> list[Result]:
    """Show how far it is while the results come. Returns them in the order of the checks."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    found: dict[int, Result] = {}
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("Looking", total=len(checks))
        for place, result in results:
            found[place] = result
            missing = next((check for n, check in enumerate(checks) if n not in found), None)
            waiting = f"Waiting for: {missing.subject}, {missing.name}" if missing else "Done"
            progress.update(bar, advance=1, description=waiting)
    return [found[place] for place in sorted(found)]


def show(console: Console, results: Sequence[Result]) -> None:
    """A table for each subject, and how many of each state."""
    width = max((len(result.name) for result in results), default=0)
    for subject, group in groupby(results, key=lambda result: result.subject):
        table = Table(
            title=Text(subject, "bold"), title_justify="left", box=None, show_header=False, padding=(0, 1)
        )
        table.add_column(width=10)
        table.add_column(width=min(width, 32))
        table.add_column()
        for result in group:
            sign, word, style = SIGNS[result.state]
            table.add_row(Text(f"{sign} {word}", style), Text(result.name), _said(result))
        console.print(table)
        console.print()
    console.print(Text(summary(results)))


def summary(results: Sequence[Result]) -> str:
    """How many of each state, and what that means."""
    count = Counter(result.state for result in results)
    numbers = ", ".join(f"{count[state]} {SIGNS[state][1]}" for state in State)
    if count[State.WRONG]:
        return f"{numbers}. Mend what is wrong, from the top: one thing often causes the others."
    if count[State.UNSEEN]:
        return f"{numbers}. Nothing is wrong, as far as it could be seen."
    return f"{numbers}. All is well."


def _said(result: Result) -> Text:
    text = Text(result.seen)
    if result.todo:
        text.append(f"\n→ {result.todo}", "bold" if result.state is State.WRONG else "dim")
    return text
