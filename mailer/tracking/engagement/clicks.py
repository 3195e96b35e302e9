"""Clicked: anything, a link, a story, or stories on a topic. A click counts from the first on its link."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import Q

from mailer.delivery.models import Link
from mailer.issues.models import Story
from mailer.tracking.engagement.acts import people
from mailer.tracking.engagement.window import WHEN, WHOSE, Window, read_window
from subscribers.models import Topic
from subscribers.segments import Kind, Query, SegmentError
from subscribers.segments.english import quoted
from subscribers.segments.faces import ENGAGEMENT, Choices, Face, Lists, Operator, Value
from subscribers.segments.lists import TOPICS
from subscribers.segments.names import number_of
from subscribers.segments.reading import Part, below

_TARGETS = ("topic", "link", "story")


@dataclass(frozen=True)
class ClickCondition:
    """Clicked what is named, in any issue of the window; or in none of them.

    Attributes:
        target: "" for anything that SendGrid saw a click on.
        name: a topic's slug, a part of a link's URL, a story's headline or number.
    """

    target: Literal["", "topic", "link", "story"]
    name: str | int
    window: Window
    place: str

    def sql(self, query: Query) -> str:
        sends, since = self.window.sends(query), self.window.since(query)
        those = self._of_links(query, sends, since) if self.target else people("clicked", query, sends, since)
        happened = query.member_of(those)
        return f"NOT {happened}" if self.window.negated else happened

    def says(self, negated: bool) -> str:
        not_so = negated != self.window.negated
        thing = "anything" if not_so else "something"
        what = {
            "": thing,
            "topic": f"{thing} on {self.name}",
            "link": f"a link with {quoted([str(self.name)])[0]}",
            "story": f"the story {quoted([str(self.name)])[0] if isinstance(self.name, str) else self.name}",
        }[self.target]
        return f"{'did not click' if not_so else 'clicked'} {what}{self.window.says()}"

    def _of_links(self, query: Query, sends: list[int] | None, since: datetime | None) -> str:
        links = Link.objects.filter(self._wanted())
        if sends is not None:
            links = links.filter(send__in=sends)
        numbers = query.add(list(links.values_list("pk", flat=True).distinct()))
        when = f" AND click.at >= {query.add(since)}" if since else ""
        clicks = f"FROM tracking_click click WHERE click.rule = '' AND click.link_id = ANY({numbers}::bigint[]){when}"
        return f"SELECT click.subscriber_id {clicks}"

    def _wanted(self) -> Q:
        place = below(below(self.place, "clicked"), self.target)
        match self.target:
            case "topic":
                return Q(story__topics=number_of(Topic, str(self.name), place))
            case "link":
                return Q(url__icontains=self.name)
        if isinstance(self.name, str):
            return Q(story__headline__iexact=self.name)
        if not Story.objects.filter(pk=self.name).exists():
            raise SegmentError("unknown_name", place, f"there is no story number {self.name}")
        return Q(story=self.name)


def _read(part: Part) -> ClickCondition:
    clicked = part.take("clicked")
    if isinstance(clicked, bool):
        part.true("clicked")
        return ClickCondition("", "", read_window(part), part.place)
    inner = part.inside("clicked")
    found = inner.one_of(_TARGETS)
    if len(found) != 1:
        raise SegmentError(
            "no_target",
            inner.place,
            'write true for anything, or one of {"topic": …}, {"link": …}, {"story": …}',
        )
    target = next(each for each in ("topic", "link", "story") if each == found[0])
    number = target == "story" and type(inner.take("story")) is int
    name = inner.whole("story", 2**63 - 1) if number else inner.text(target)
    inner.done()
    return ClickCondition(target, name, read_window(part), part.place)


MOST_STORIES = 200
"""Headlines that a form offers, the newest."""


def _headlines(lists: Lists) -> list[tuple[str, str]]:
    stories = Story.objects.filter(issue__isnull=False)
    if lists is not None:
        stories = stories.filter(issue__newsletter__mailing_list__in=lists)
    newest = stories.order_by("-id").values_list("headline", flat=True)[:MOST_STORIES]
    return [(headline, headline) for headline in dict.fromkeys(newest) if headline]


def _face(target: str, label: str, what: str, value: Value) -> Face:
    named = Operator(what, ("clicked", target), value)
    return Face(f"clicked_{target}", ENGAGEMENT, label, WHEN, name=named, details=WHOSE)


CLICKED = Kind(
    "clicked",
    _read,
    '{"clicked": {"topic": "payments"}, "in_last_issues": 4}',
    (
        Face("clicked", ENGAGEMENT, "Clicked anything", WHEN, ((("clicked",), True),), details=WHOSE),
        _face("topic", "Clicked on a topic", "topic", TOPICS),
        _face("link", "Clicked a link", "part of its address", Value("text")),
        _face("story", "Clicked a story", "headline", Value("text", choices=Choices("story", _headlines))),
    ),
)
