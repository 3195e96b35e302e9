"""What is held on a person, in the terminal."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from subscribers.person.sections import Fact, Moment, Section
from subscribers.person.wording import columns, label, text, told
from subscribers.text import one_line


def show(console: Console, sections: Sequence[Section], facts: Mapping[str, list[Fact]]) -> None:
    """Print each section that holds something: one fact as a list, several as a table; and name those that hold
    nothing. Sections that were not read are passed over."""
    for section in sections:
        held = facts.get(section.name)
        if held:
            console.print(table(section, held) if len(held) > 1 else _list(section, held[0]))
            console.print()
    nothing = [section.title for section in sections if facts.get(section.name) == []]
    if nothing:
        console.print(Text(f"Nothing: {', '.join(nothing)}.", style="dim"))


def show_timeline(console: Console, moments: Sequence[Moment]) -> None:
    """Print what happened with a person, one moment a row."""
    shown = Table(title=f"Timeline ({len(moments):,})", title_justify="left", title_style="bold")
    for name in ("At", "What", "About", "More"):
        shown.add_column(name, overflow="fold", no_wrap=name == "At")
    for moment in moments:
        machine = f"By a program: {moment.machine}. " if moment.machine else ""
        more = Text(one_line(machine + moment.more), "dim" if machine else "")
        shown.add_row(text(moment.at), Text(one_line(moment.what)), Text(one_line(moment.about)), more)
    console.print(shown)


def table(section: Section, facts: Sequence[Fact]) -> Table:
    """A section's facts, one a row."""
    names = columns(section, facts)
    shown = Table(title=f"{section.title} ({len(facts):,})", title_justify="left", title_style="bold")
    for name in names:
        shown.add_column(label(name), overflow="fold")
    for fact in facts:
        shown.add_row(*(Text(text(fact.get(name))) for name in names))
    return shown


def _list(section: Section, fact: Fact) -> Table:
    shown = Table(title=section.title, title_justify="left", title_style="bold", show_header=False)
    shown.add_column(style="dim")
    shown.add_column(overflow="fold")
    for name, words in told(fact):
        shown.add_row(Text(name), Text(words))
    return shown
