"""`mailer segment …`: saved rules over subscribers."""

import json
import sys
from pathlib import Path
from typing import IO, Any, cast

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone
from rich.console import Console
from rich.table import Table
from rich.text import Text

from subscribers.management import command
from subscribers.models import Segment, Snapshot
from subscribers.person.find import subscribers_at
from subscribers.segments import SegmentError, compile_rule, predicate_of, sentence
from subscribers.segments.counting import Counted, count, count_with_examples, overlap
from subscribers.segments.explaining import explain
from subscribers.segments.in_reports import show_in_reports
from subscribers.segments.saving import check, delete, delete_snapshot, save
from subscribers.segments.sentence import sentence_of
from subscribers.segments.snapshots import take_snapshot

WIDTH = 110
"""Columns where the output is no terminal."""

HELP = """
Saved rules over subscribers: who they name, and why.

examples:
  mailer segment set readers --rule '{"version": 1, "opened": true, "in_last_issues": 4}' --name Readers
  mailer segment set asia --rule asia.json
  mailer segment show asia
  mailer segment count --rule '{"version": 1, "field": "country", "is": "SG"}'
  mailer segment overlap asia readers
  mailer segment snapshot asia --as asia-in-march
  mailer segment explain asia mei@example.org
  mailer segment in-reports asia

A rule is JSON: "version": 1, and one condition or one of the groups all, any and none:

  {"version": 1, "all": [
    {"field": "country", "is_any_of": ["SG", "MY"]},
    {"none": [{"suppressed": true}]},
    {"clicked": {"topic": "payments"}, "in_last_issues": 4}
  ]}

conditions, one of each kind:
"""


class Command(command.Command):
    help = HELP

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
        acts.add_parser("list", help="all segments and snapshots")
        for act, purpose in (
            ("show", "sentence, rule, count and ten examples"),
            ("count", "how many people it names; a rule does as well as a saved one"),
            ("set", "save a segment, or change its rule"),
            ("snapshot", "keep whom it names now"),
            ("overlap", "only in the first, in both, only in the second"),
            ("explain", "which parts are true for a person"),
            ("in-reports", "show the people in it by themselves in reports of issues"),
            ("delete", "delete a segment, or a snapshot, that nothing uses"),
        ):
            one = acts.add_parser(act, help=purpose)
            one.add_argument(
                "slug", nargs="?" if act == "count" else None, metavar="SEGMENT", help="its short name"
            )
            if act in ("set", "count"):
                one.add_argument(
                    "--rule", required=act == "set", metavar="FILE|JSON", help="- reads it from the input"
                )
            if act == "set":
                one.add_argument("--name", default="", help="for people to read")
            elif act == "snapshot":
                one.add_argument(
                    "--as", dest="name", default="", help="its short name (default: with the time)"
                )
            elif act == "overlap":
                one.add_argument("other", metavar="OTHER", help="another segment or snapshot")
            elif act == "in-reports":
                one.add_argument("--not", dest="hidden", action="store_true", help="no more")
            elif act == "explain":
                one.add_argument("address", metavar="ADDRESS", help="of the person")

    def handle(self, *, act: str, **options: Any) -> None:
        width = None if self.stdout.isatty() else WIDTH
        console = Console(file=cast(IO[str], self.stdout), highlight=False, width=width)
        try:
            getattr(self, f"_{act.replace('-', '_')}")(console, options)
        except SegmentError as error:
            raise CommandError(str(error)) from error

    def _list(self, console: Console, options: dict[str, Any]) -> None:
        table = _table("segment", "name", "in reports", "rule")
        for segment in Segment.objects.all():
            shown = "yes" if segment.in_reports else ""
            table.add_row(Text(segment.slug), Text(segment.name), shown, Text(sentence_of(segment.rule)))
        snapshots = _table("snapshot", "of", "taken", "people")
        for snapshot in Snapshot.objects.select_related("segment"):
            taken = f"{snapshot.taken_at:%Y-%m-%d %H:%M} UTC"
            snapshots.add_row(Text(snapshot.slug), Text(snapshot.segment.slug), taken, f"{snapshot.size:,}")
        if not table.row_count:
            console.print("There is no segment yet. mailer help segment shows how to make one.")
        for each in (table, snapshots):
            if each.row_count:
                console.print(each)

    def _show(self, console: Console, options: dict[str, Any]) -> None:
        found = _find(options["slug"])
        console.print(Text(str(found), "bold"))
        console.print(Text(sentence_of(found.rule)))
        console.print(Text(json.dumps(found.rule, ensure_ascii=False, indent=2), "dim"))
        _show_people(console, count_with_examples(predicate_of(found, now=timezone.now())))

    def _count(self, console: Console, options: dict[str, Any]) -> None:
        slug, source = options["slug"], options["rule"]
        if (slug is None) == (source is None):
            raise CommandError("Say one of SEGMENT and --rule.")
        if source is not None:
            rule = check(_read(source), now=timezone.now())
            console.print(Text(sentence(rule)))
            _show_people(console, count_with_examples(compile_rule(rule, now=timezone.now())))
        else:
            console.print(f"{count(predicate_of(_find(slug), now=timezone.now())):,}")

    def _set(self, console: Console, options: dict[str, Any]) -> None:
        segment, new = save(options["slug"], _read(options["rule"]), name=options["name"])
        console.print(
            Text(f"{'Made' if new else 'Changed'} the segment {segment.slug}: {sentence_of(segment.rule)}")
        )
        _show_people(console, count_with_examples(predicate_of(segment, now=timezone.now())))

    def _snapshot(self, console: Console, options: dict[str, Any]) -> None:
        snapshot = take_snapshot(_segment(options["slug"]), slug=options["name"], now=timezone.now())
        console.print(Text(f"The snapshot {snapshot.slug} holds {snapshot.size:,} people."))

    def _overlap(self, console: Console, options: dict[str, Any]) -> None:
        first, second = _find(options["slug"]), _find(options["other"])
        now = timezone.now()
        found = overlap(
            predicate_of(first, prefix="first_", now=now), predicate_of(second, prefix="second_", now=now)
        )
        table = _table("", "people")
        table.columns[1].justify = "right"
        table.add_row(Text(f"only {options['slug']}"), f"{found.first:,}")
        table.add_row("both", f"{found.both:,}")
        table.add_row(Text(f"only {options['other']}"), f"{found.second:,}")
        console.print(table)

    def _explain(self, console: Console, options: dict[str, Any]) -> None:
        segment, address = _segment(options["slug"]), options["address"].strip()
        person = subscribers_at(address).first()
        if person is None:
            raise CommandError(f"There is no subscriber {address}.")
        lines = explain(segment, person.pk, now=timezone.now())
        console.print(Text(f"{address} is {'' if lines[0].holds else 'not '}in {segment.slug}.", "bold"))
        for line in lines:
            mark, style = ("✓", "green") if line.holds else ("✗", "red")
            console.print(Text(f"{'  ' * line.depth}{mark} {line.says}", style))

    def _in_reports(self, console: Console, options: dict[str, Any]) -> None:
        segment, shown = _segment(options["slug"]), not options["hidden"]
        show_in_reports(segment, shown)
        says = f"Reports {'show' if shown else 'do not show'} {segment.slug} from their next count on."
        console.print(Text(says))

    def _delete(self, console: Console, options: dict[str, Any]) -> None:
        found = _find(options["slug"])
        if isinstance(found, Snapshot):
            delete_snapshot(found)
        else:
            delete(found)
        console.print(Text(f"Deleted {options['slug']}."))


def _find(slug: str) -> Segment | Snapshot:
    """The segment of this short name, or else the snapshot."""
    return Snapshot.objects.filter(slug=slug).first() or _segment(slug)


def _segment(slug: str) -> Segment:
    found = Segment.objects.filter(slug=slug).first()
    if found is None:
        there = ", ".join(Segment.objects.order_by("slug").values_list("slug", flat=True)[:10])
        raise CommandError(
            f"There is no segment {slug}. {f'There are: {there}.' if there else 'There is none yet.'}"
        )
    return found


def _read(source: str) -> Any:
    """JSON given as such, as a file's name, or on the standard input."""
    try:
        if source == "-":
            text = sys.stdin.read()
        else:
            text = source if source.lstrip().startswith("{") else Path(source).read_text(encoding="utf-8")
        return json.loads(text)
    except OSError as error:
        raise CommandError(
            f"{source} cannot be read: {error.strerror}. Write a file's name, or JSON."
        ) from error
    except (ValueError, RecursionError) as error:  # no JSON, or no UTF-8
        raise CommandError(f"The rule is no JSON: {error}") from error


def _show_people(console: Console, counted: Counted) -> None:
    console.print(Text(f"{counted.people:,} {'person' if counted.people == 1 else 'people'}", "bold"))
    if counted.examples:
        table = _table("for example", "name", "country")
        for example in counted.examples:
            table.add_row(Text(example.address), Text(example.name), Text(example.country))
        console.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for column in columns:
        table.add_column(column, overflow="fold")
    return table
