"""Counting clicks by the place of the link in an edition, or in all editions of a send together.

A person counts once for each place, however often they clicked there; a share is that of all such clicks, so shares add
up to a whole. Machines' clicks (see clicks.py) are counted beside and are in no share.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q, Sum

from mailer.delivery.errors import DeliveryError
from mailer.delivery.models import Edition, EditionLink, Link, Send
from mailer.issues.builder.links import tracked_anchors
from mailer.issues.models import Story
from mailer.tracking.wording import address, for_nobody

Where = tuple[int, int]
"""A link, and which of the places in which it stands in an edition, from 0 at the top: the same in every edition."""


class NoMap(DeliveryError):
    """There is no edition to draw: the send is not planned, or the one that was named is not its own."""

    code = "no_click_map"


@dataclass(frozen=True)
class Shown:
    """An edition of a send.

    Attributes:
        number: counted from 1, in the order in which they were written.
        stories: positions of its stories in the issue.
        received: people for whom SendGrid accepted it.
    """

    edition_id: int
    number: int
    variant: int
    stories: tuple[int, ...]
    received: int


@dataclass(frozen=True)
class PlaceClicks:
    """A place with a tracked link.

    Attributes:
        place: from 0, top to bottom in the edition that is shown; None for a link that is not in it.
        label: the link's text there, or its picture's.
        url: "" stands for all addresses that were clicked and are in no edition.
        story: headline of the story that the link belongs to, "" for a link of none.
        people: who clicked there. `machines`: people in whose name a program did.
        share: of all clicks by people, from 0 to 1; None where nobody clicked anything.
        heat: 0 where nobody clicked, and from 1 to 5 by the share of the place that was clicked most.
    """

    place: int | None
    label: str
    url: str
    story: str
    people: int
    machines: int
    share: float | None
    heat: int

    @property
    def address(self) -> str:
        """The address as people know it."""
        return address(self.url)


@dataclass(frozen=True)
class ClickMap:
    """What is drawn.

    Attributes:
        shown: the edition that is drawn. `together`: the clicks of all editions are drawn on it.
        editions: all of them, those that most people received first.
        places: of the edition that is shown, top to bottom. `elsewhere`: what was clicked and does not stand in it.
        people: who clicked anything.
        kept: places were kept when this was sent. Otherwise a link's clicks are drawn where it stands first.
    """

    send: Send
    shown: Shown
    together: bool
    editions: tuple[Shown, ...]
    places: tuple[PlaceClicks, ...]
    elsewhere: tuple[PlaceClicks, ...]
    people: int
    kept: bool

    @property
    def clicks(self) -> int:
        """Of people, each once for each place."""
        return sum(place.people for place in (*self.places, *self.elsewhere))

    @property
    def received(self) -> int:
        """People for whom SendGrid accepted what is counted."""
        return sum(edition.received for edition in self.editions) if self.together else self.shown.received


def count_places(send: Send, number: int | None = None, *, together: bool = False) -> ClickMap:
    """Count the clicks of an edition by place.

    Args:
        number: of the edition; None for the one that most people received.
        together: count the clicks of all editions.
    Raises:
        NoMap: there is no such edition.
    """
    editions = _editions(send)
    shown = _choose(send, editions, number)
    found, everybody = _count(send.pk, None if together else shown.edition_id)
    # After the clicks: a link is never deleted, and the one without an address comes with its first click.
    links = {link.pk: link for link in Link.objects.filter(send=send).select_related("story")}
    stands = list(EditionLink.objects.filter(edition=shown.edition_id).order_by("place"))
    kept = bool(stands) or not links or EditionLink.objects.filter(edition__send=send).exists()
    if not kept:
        stands = _places_of_old(shown.edition_id, links.values())
    whole = sum(here for here, _ in found.values())
    most = max((here for here, _ in found.values()), default=0)

    def clicks(where: Where, place: int | None, label: str) -> PlaceClicks:
        here, by_machine = found.pop(where, (0, 0))
        link = links[where[0]]
        return PlaceClicks(
            place=place,
            label=for_nobody(label or link.label),
            url=link.url,
            story=for_nobody(link.story.headline) if link.story else "",
            people=here,
            machines=by_machine,
            share=here / whole if whole else None,
            heat=-(-5 * here // most) if most else 0,
        )

    places = [clicks(where, stand.place, stand.label) for stand, where in _by_link(stands)]
    rest = sorted(found, key=lambda where: (-found[where][0], where))
    elsewhere = [clicks(where, None, "") for where in rest]
    return ClickMap(send, shown, together, editions, tuple(places), tuple(elsewhere), everybody, kept)


def _editions(send: Send) -> tuple[Shown, ...]:
    positions = dict(Story.objects.filter(issue=send.issue_id).values_list("id", "position"))
    rows = (
        Edition.objects.filter(send=send)
        .annotate(received=Sum("batches__size", filter=Q(batches__state="accepted"), default=0))
        .order_by("id")
        .values_list("id", "variant", "story_ids", "received")
    )
    found = [
        Shown(
            pk, at, variant, tuple(positions[story] or 0 for story in stories if story in positions), received
        )
        for at, (pk, variant, stories, received) in enumerate(rows, start=1)
    ]
    return tuple(sorted(found, key=lambda edition: (-edition.received, edition.number)))


def _choose(send: Send, editions: Sequence[Shown], number: int | None) -> Shown:
    if not editions:
        raise NoMap(f"Send {send.pk} has no editions: it is not planned yet, or went to nobody.")
    if number is None:
        return editions[0]
    for edition in editions:
        if edition.number == number:
            return edition
    raise NoMap(f"Send {send.pk} has no edition {number}: choose one from 1 to {len(editions)}.")


def _by_link(stands: Iterable[EditionLink]) -> Iterable[tuple[EditionLink, Where]]:
    times: Counter[int] = Counter()
    for stand in stands:
        yield stand, (stand.link_id, times[stand.link_id])
        times[stand.link_id] += 1


def _places_of_old(edition_id: int, links: Iterable[Link]) -> list[EditionLink]:
    """Where links stand in an edition of a send from before places were kept, told from its HTML."""
    numbers = {link.url: link.pk for link in links}
    source = Edition.objects.values_list("html", flat=True).get(pk=edition_id)
    return [
        EditionLink(edition_id=edition_id, place=place, link_id=numbers[anchor.url])
        for place, anchor in enumerate(tracked_anchors(source))
        if anchor.url in numbers
    ]


def _count(send_id: int, edition_id: int | None) -> tuple[dict[Where, tuple[int, int]], int]:
    """People, and people in whose name a program clicked, by place; and how many people clicked anything.

    Args:
        edition_id: count its readers only.
    """
    its_readers = "" if edition_id is None else "AND click.edition_id = %(edition)s"
    with connection.cursor() as cursor:
        cursor.execute(_COUNT.format(its_readers=its_readers), {"send": send_id, "edition": edition_id})
        rows = cursor.fetchall()
    by_place = {(link, nth): (people, machines) for link, nth, people, machines in rows if link is not None}
    return by_place, sum(people for link, _, people, _ in rows if link is None)


# A click whose place is unknown, or is not one of its link, counts where the link stands first.
_COUNT = """
WITH stands AS (
    SELECT place.edition_id, place.place, place.link_id,
        row_number() OVER (PARTITION BY place.edition_id, place.link_id ORDER BY place.place) - 1 AS nth
    FROM delivery_editionlink place JOIN delivery_edition edition ON edition.id = place.edition_id
    WHERE edition.send_id = %(send)s
), clicked AS (
    SELECT DISTINCT click.link_id, coalesce(stands.nth, 0) AS nth, click.subscriber_id, click.rule = '' AS by_person
    FROM delivery_link link
    JOIN tracking_click click ON click.link_id = link.id {its_readers}
    LEFT JOIN stands ON stands.edition_id = click.edition_id AND stands.link_id = click.link_id
        AND stands.place = click.place
    WHERE link.send_id = %(send)s
)
SELECT link_id, nth, count(*) FILTER (WHERE by_person), count(*) FILTER (WHERE NOT by_person) FROM clicked GROUP BY 1, 2
UNION ALL
SELECT NULL, NULL, count(DISTINCT click.subscriber_id), 0
FROM delivery_link link JOIN tracking_click click ON click.link_id = link.id {its_readers}
WHERE link.send_id = %(send)s AND click.rule = ''
"""
