"""A click map as a table in the terminal."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mailer.delivery.forecast.wording import printable
from mailer.tracking.clickmap.count import ClickMap, PlaceClicks
from mailer.tracking.wording import people, percent


def show(console: Console, map_: ClickMap) -> None:
    """Print the places of the edition that is shown, top to bottom, and what is not in it."""
    which = f"edition {map_.shown.number} of {len(map_.editions)}"
    if map_.together:
        which = f"all {len(map_.editions)} editions together, on edition {map_.shown.number}"
    table = Table(
        title=f"Clicks in send {map_.send.pk}, {which}",
        title_justify="left",
        caption="A person counts once for each place. Machines: people in whose name a program clicked.",
        caption_justify="left",
    )
    table.add_column("", justify="right")
    table.add_column("Link", overflow="fold")
    table.add_column("Story", overflow="fold")
    for name in ("Share", "People", "Machines"):
        table.add_column(name, justify="right")
    for number, place in enumerate(map_.places, start=1):
        table.add_row(str(number), *_row(place))
    if map_.elsewhere:
        table.add_section()
        for place in map_.elsewhere:
            table.add_row("–", *_row(place))
    console.print(table)
    console.print(
        f"SendGrid accepted it for {people(map_.received)} people; {people(map_.people)} of them clicked."
    )
    if not map_.kept:
        console.print(
            "Sent before the places of links were kept: clicks stand where their link stands first."
        )
    if len(map_.editions) > 1 and not map_.together:
        console.print(
            f"Others: --edition 1 to {len(map_.editions)}, or --edition all for all of them together."
        )


def _row(place: PlaceClicks) -> tuple[str | Text, ...]:
    link = "\n".join(
        filter(None, (printable(place.label), printable(place.address) or "addresses in no edition"))
    )
    shares = (percent(place.share), people(place.people), people(place.machines))
    return Text(link), Text(printable(place.story)), *shares
