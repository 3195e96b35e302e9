"""By edition, receiving domain, language, time zone, mail program and device."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple

from django.db.backends.utils import CursorWrapper

from mailer.delivery.models import Send
from mailer.delivery.zones import zone_of
from mailer.tracking.reports.figures import Breakdown, Group, Totals
from mailer.tracking.reports.people import Counted, add_up, together

GROUPS = 30
"""Of one breakdown, shown by name; the rest is added up."""
EDITIONS = 100
REFUSALS = ("sent", "delivered", "bounced", "opened", "clicked", "complained", "unsubscribed")
READING = ("sent", "delivered", "opened", "clicked", "opened_and_clicked", "unsubscribed")
OPENERS = ("opened", "opened_and_clicked")


def breakdowns(cursor: CursorWrapper, send: Send, counted: Counted) -> tuple[Breakdown, ...]:
    """All of them, from the figures of people of a send; its issue's newsletter is read already."""
    newsletter = send.issue.newsletter
    return (
        _editions(cursor, send, counted.named("edition_id")),
        _breakdown(
            "domain",
            "Receiving domains",
            "by the part of the address after the @",
            REFUSALS,
            counted.named("domain"),
            ("other domain", "other domains"),
        ),
        _breakdown(
            "language",
            "Languages",
            "by the language that the subscriber asked for",
            READING,
            counted.named("language"),
            ("other language", "other languages"),
            nameless="none asked for",
        ),
        _breakdown(
            "zone",
            "Time zones",
            "by the subscriber’s time zone, else their country’s, else the newsletter’s, as for sends at local time",
            READING,
            add_up(
                (zone_of(zone, country, newsletter.time_zone).key, totals)
                for (zone, country), totals in counted.by("time_zone", "country").items()
            ),
            ("other zone", "other zones"),
        ),
        *(
            _breakdown(
                by, title, says, OPENERS, _openers(counted.named(column)), others, nameless="not known"
            )
            for by, column, title, says, others in (
                (
                    "program",
                    "opened_with",
                    "Mail programs",
                    "who opened, by the program of their first open, as far as it says which it is",
                    ("other program", "other programs"),
                ),
                (
                    "device",
                    "opened_on",
                    "Devices",
                    "who opened, by the device of their first open, as far as it says which it is",
                    ("other device", "other devices"),
                ),
            )
        ),
    )


def _breakdown(
    by: str,
    title: str,
    says: str,
    figures: tuple[str, ...],
    named: Mapping[str, Totals],
    others: tuple[str, str],
    *,
    nameless: str = "none",
) -> Breakdown:
    groups = [Group(name or nameless, totals) for name, totals in named.items() if any(astuple(totals))]
    return Breakdown(by, title, says, figures, *_cut(groups, figures, GROUPS, others))


def _cut(
    groups: Iterable[Group], figures: tuple[str, ...], most: int, others: tuple[str, str]
) -> tuple[tuple[Group, ...], Group | None]:
    """The greatest by their first figure, and the rest added up."""
    ordered = sorted(groups, key=lambda group: (-_size(group, figures[0]), group.name))
    rest = ordered[most:]
    if not rest:
        return tuple(ordered), None
    name = f"{len(rest):,} {others[len(rest) > 1]}"
    recipients = [group.recipients for group in rest if group.recipients is not None]
    added = Group(name, together(group.totals for group in rest), sum(recipients) if recipients else None)
    return tuple(ordered[:most]), added


def _size(group: Group, figure: str) -> int:
    return group.recipients or 0 if figure == "recipients" else int(getattr(group.totals, figure))


def _openers(named: Mapping[str, Totals]) -> dict[str, Totals]:
    """What is known of those who opened alone: nothing was read with a program or a device by anybody else."""
    return {
        name: Totals(opened=totals.opened, opened_and_clicked=totals.opened_and_clicked)
        for name, totals in named.items()
    }


def _editions(cursor: CursorWrapper, send: Send, named: Mapping[str, Totals]) -> Breakdown:
    cursor.execute(
        """
        SELECT edition.id::text, edition.variant, edition.language, (
                SELECT array_agg(story.position ORDER BY story.position)
                FROM issues_story story WHERE story.id = ANY(edition.story_ids)
            ),
            coalesce((SELECT sum(size)::int FROM delivery_batch batch WHERE batch.edition_id = edition.id), 0)
        FROM delivery_edition edition WHERE edition.send_id = %s
        """,
        [send.pk],
    )
    found = cursor.fetchall()
    name = _name_of(len({row[1] for row in found}) > 1, len({row[2] for row in found}) > 1)
    groups = [
        Group(name(stories, variant, language), named.get(number, Totals()), recipients)
        for number, variant, language, stories, recipients in found
    ]
    return Breakdown(
        "edition",
        "Editions",
        "by their edition: one for each distinct set of stories, named by the stories’ numbers in the issue",
        ("recipients", *READING),
        *_cut(groups, ("recipients",), EDITIONS, ("other edition", "other editions")),
    )


def _name_of(variants: bool, languages: bool) -> Callable[[list[int] | None, int, str], str]:
    """How an edition is named: variant and language only where editions differ in them."""

    def name(stories: list[int] | None, variant: int, language: str) -> str:
        parts = [f"stories {' · '.join(map(str, stories))}" if stories else "no stories"]
        parts += [f"variant {variant}"] if variants else []
        parts += [language] if languages else []
        return ", ".join(parts)

    return name
