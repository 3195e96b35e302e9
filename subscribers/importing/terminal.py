"""What an import did, or would do, as tables in a terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from subscribers.importing.mapping import DEFAULT_RULE
from subscribers.importing.summary import ImportSummary
from subscribers.models import Import, ImportState
from subscribers.text import one_line

SHOWN_TOPICS = 10


def progress_bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def show_summary(console: Console, summary: ImportSummary, list_name: str) -> None:
    """Print where it comes from, what the columns mean, and what became of the rows."""
    meanings = summary.meanings
    written = f"{meanings['format']}, {summary.dialect}" if meanings["format"] else str(summary.dialect)
    console.print(Text(f"{summary.file} ({written}) → {list_name}"))
    fields = ", ".join(f"{field} from “{name}”" for field, name in meanings["fields"].items())
    console.print(Text(f"Fields: {fields}."))
    if meanings["attributes"]:
        console.print(Text(f"Attributes: {', '.join(meanings['attributes'])}."))
    if meanings["consent"]:
        console.print(Text(f"Kept as proof of consent: {', '.join(meanings['consent'])}."))
    if meanings["standing"]:
        console.print(Text(f"Everybody in it stands as: {meanings['standing']}."))
    if summary.rules:
        rules = ", ".join(f"{field} {rule}" for field, rule in summary.rules.items())
        console.print(Text(f"On a merge: {rules}; all else {DEFAULT_RULE}."))
    console.print(_counts(summary))
    if summary.unknown_topics:
        named = sorted(summary.unknown_topics.items(), key=lambda each: (-each[1], each[0]))
        shown = ", ".join(f"{name} ({count:,})" for name, count in named[:SHOWN_TOPICS])
        more = f" and {len(named) - SHOWN_TOPICS:,} more" if len(named) > SHOWN_TOPICS else ""
        console.print(Text(f"Unknown topics: {shown}{more}."))
    if summary.refused_path:
        console.print(Text(f"The refused rows are in {summary.refused_path}."))
    if summary.flagged_path:
        console.print(Text(f"The addresses that look odd are in {summary.flagged_path}."))


def show_refused(console: Console, lines: Sequence[str]) -> None:
    """Print the first of the refused rows."""
    if lines:
        console.print(Text("The first refused rows (line, reason, cells):", style="bold"))
        for line in lines:
            console.print(Text(f"  {one_line(line)}"), soft_wrap=True)


def _counts(summary: ImportSummary) -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(justify="right")

    def add(label: str, count: int, style: str = "") -> None:
        table.add_row(Text(label), Text(f"{count:,}"), style=style)

    def add_all(counts: dict[str, int]) -> None:
        for label, count in counts.items():
            if count:
                add(f"  {label}", count, "dim")

    add("Rows", summary.rows, "bold")
    table.add_section()
    add("= imported (new)", summary.imported)
    add("+ merged with the store", summary.merged_with_store)
    add_all({f"{field} changed": count for field, count in summary.changed_fields.items()})
    add("+ unchanged", summary.unchanged)
    add("+ duplicates in the file", summary.duplicates_in_file)
    add("+ refused", summary.refused_rows)
    add_all({why.value: count for why, count in sorted(summary.refused.items(), key=lambda each: -each[1])})
    table.add_section()
    add("Came on the list", summary.subscribed, "bold")
    add_all(
        {
            "as unsubscribed, as the file says": summary.came_unsubscribed,
            "as pending, as the file says": summary.came_pending,
            "left the list, as the file says": summary.left,
            "stay unsubscribed": summary.kept_unsubscribed,
            "stay pending until they confirm": summary.kept_pending,
            "get nothing: suppressed": summary.suppressed,
        }
    )
    if any(summary.flagged.values()):
        table.add_section()
        add("Addresses that look odd", sum(summary.flagged.values()), "bold")
        add_all(
            {
                "of a role, such as info@": summary.flagged.get("role", 0),
                "perhaps a slip, such as gmial.com": summary.flagged.get("typo", 0),
            }
        )
    if summary.notes:
        table.add_section()
        add("Left out of rows", sum(summary.notes.values()), "bold")
        add_all({note.value: count for note, count in summary.notes.items()})
    return table


def list_of(imports: Iterable[Import]) -> Table:
    """The imports, a row for each."""
    table = Table()
    for heading in ("Import", "File", "List", "State", "Rows", "New", "Changed", "Refused", "When", "Who"):
        table.add_column(
            heading, justify="right" if heading in ("Import", "Rows", "New", "Changed", "Refused") else "left"
        )
    for each in imports:
        counts = each.counts
        told = (counts.get("rows", 0), counts.get("imported"), counts.get("merged_with_store"))
        refused = sum(counts.get("refused", {}).values())
        table.add_row(
            str(each.pk),
            Text(each.name),
            Text(each.mailing_list.slug),
            Text(state_of(each)),
            *("" if count is None else f"{count:,}" for count in (*told, refused)),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            Text(each.started_by),
        )
    return table


def state_of(stored: Import) -> str:
    """How an import stands, with how far it is."""
    words = stored.get_state_display()
    if stored.state in (ImportState.RUNNING, ImportState.STOPPED, ImportState.FAILED) and stored.size:
        words += f" at {min(stored.position, stored.size) * 100 // stored.size} %"
    return f"{words}: {stored.error}" if stored.error else words


def undone_words(counts: dict[str, int]) -> str:
    """What an undoing did, as a sentence."""
    parts = (
        (f"{counts.get('deleted', 0):,} people deleted"),
        (f"{counts.get('restored', 0):,} people have their former values"),
        (f"{counts.get('subscriptions', 0):,} subscriptions taken back"),
        (f"{counts.get('suppressions', 0):,} suppressions taken back"),
    )
    left = counts.get("left", 0)
    kept = (
        f" {left:,} people are left as they are: changed since, or brought by a later import too."
        if left
        else ""
    )
    return f"{', '.join(parts)}.{kept}"
