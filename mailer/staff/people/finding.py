"""Finding people for the staff: by a part of address or name, or by an attribute, and by what they are subscribed to.

A text is looked up in the index of the search. Filters alone are read from the newest person back until a page is full,
so they cost little where many fit; where hardly anybody does, the query is stopped before it becomes a burden.
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Lower

from mailer.staff.access.scope import lists_where
from mailer.staff.numbers import number
from subscribers.models import MailingList, Subscriber, Subscription, SubscriptionState, Suppression, Topic
from subscribers.search.find import find
from subscribers.segments import SegmentError
from subscribers.segments.counting import large_query
from subscribers.segments.rule import VERSION

RIGHT = "subscribers.view_subscriber"
ON_A_PAGE = 50
MOST_FOUND = 1_000
"""People whom a text finds at most; the filters choose among them."""
SECONDS = 3.0
"""That a query may take."""
_ATTRIBUTE = re.compile(r"\s*([^=]{1,100}?)\s*=\s*(.{1,200}?)\s*")


@dataclass(frozen=True)
class Wanted:
    """Whom somebody looks for.

    Attributes:
        text: a part of address or name; or an attribute, as plan=gold.
        mailing_list, topic: slugs.
        suppressed: "yes" or "no".
        before: only people with a lower number: the next page.
    """

    text: str = ""
    mailing_list: str = ""
    state: str = ""
    topic: str = ""
    suppressed: str = ""
    before: int | None = None

    @property
    def attribute(self) -> tuple[str, str] | None:
        """Name and value, where the text is one."""
        found = _ATTRIBUTE.fullmatch(self.text)
        return (found[1], found[2]) if found else None

    @property
    def is_filtered(self) -> bool:
        """Whether there is more than a text."""
        return bool(self.mailing_list or self.state or self.topic or self.suppressed)

    @property
    def is_all(self) -> bool:
        """Whether everybody is wanted."""
        return not (self.text or self.is_filtered)

    def query(self, before: int) -> str:
        """The address of the people after the one with this number."""
        given = {"q": self.text, "list": self.mailing_list, "state": self.state, "topic": self.topic}
        asked = {**given, "suppressed": self.suppressed, "before": before}
        return urlencode({name: value for name, value in asked.items() if value})

    @property
    def rule(self) -> dict[str, Any] | None:
        """The same as the rule of a segment; None where a rule cannot say it."""
        conditions: list[dict[str, Any]] = []
        if self.attribute:
            name, value = self.attribute
            conditions.append({"attribute": name, "type": "text", "is": value})
        elif self.text:
            conditions.append({"field": "email", "contains": self.text})
        if self.mailing_list or self.state:
            condition: dict[str, Any] = {"list": self.mailing_list or "*"}
            conditions.append(condition | {"state": self.state or list(SubscriptionState.values)})
        if self.topic:
            conditions.append({"topic": self.topic})
        if self.suppressed:
            conditions.append({"suppressed": self.suppressed == "yes"})
        return {"version": VERSION, "all": conditions} if conditions else None


@dataclass(frozen=True)
class Found:
    """Who was found.

    Attributes:
        before: the number to go on from; None at the end.
        says: what there is to know of the search; "" nothing.
    """

    people: list[Any] = field(default_factory=list)
    before: int | None = None
    says: str = ""


def read_wanted(asked: Any) -> Wanted:
    """Whom the fields of an address name; what is no choice is as if it were not there."""
    texts = {name: str(asked.get(name, "")).replace("\0", "").strip() for name in ("q", "list", "topic")}
    state, suppressed = (asked.get(name, "") for name in ("state", "suppressed"))
    return Wanted(
        texts["q"],
        texts["list"],
        state if state in SubscriptionState.values else "",
        texts["topic"],
        suppressed if suppressed in ("yes", "no") else "",
        number(asked.get("before")),
    )


def find_people(user: Any, wanted: Wanted) -> Found:
    """One page of the people whom somebody looks for, of those whom they may see."""
    lists = lists_where(user, RIGHT)
    rows = _with_what_is_shown(_filtered(wanted, lists), lists)
    try:
        with large_query(SECONDS):
            if wanted.text and not wanted.attribute:
                return _by_text(wanted, lists, rows)
            return _page(rows, wanted)
    except SegmentError:
        return Found(
            says=f"After {SECONDS:g} seconds it was not done and was stopped: hardly anybody fits. Say more, or make a "
            "segment of it, which reads everybody at once."
        )


def _by_text(wanted: Wanted, lists: frozenset[int] | None, rows: QuerySet[Any]) -> Found:
    # Without filters a page of hits is enough: to find a thousand of a word that many have takes ten times as long.
    limit = MOST_FOUND if wanted.is_filtered else ON_A_PAGE
    hits = find(wanted.text, limit, lists=lists)
    if hits.too_short:
        return Found(says="That is too short to look for: write two letters or more.")
    place = {number: n for n, number in enumerate(hits.ids)}
    people = sorted(rows.filter(pk__in=hits.ids), key=lambda person: place[person.pk])
    says = ""
    if hits.more and wanted.is_filtered:
        says = f"More than {MOST_FOUND:,} people have this in address or name, of whom the filters chose: say more of it."
    elif hits.more or len(people) > ON_A_PAGE:
        says = f"More than {ON_A_PAGE} people fit; the best are shown. Say more of the address or name."
    return Found(people[:ON_A_PAGE], None, says)


def _page(rows: QuerySet[Any], wanted: Wanted) -> Found:
    if wanted.before is not None:
        rows = rows.filter(pk__lt=wanted.before)
    people = list(rows.order_by("-pk")[: ON_A_PAGE + 1])
    shown = people[:ON_A_PAGE]
    return Found(shown, shown[-1].pk if len(people) > ON_A_PAGE else None)


def _filtered(wanted: Wanted, lists: frozenset[int] | None) -> QuerySet[Any]:
    rows: QuerySet[Any] = Subscriber.objects.filter(erased_at=None)
    if lists is not None or wanted.mailing_list or wanted.state:
        rows = rows.filter(Exists(_subscriptions(wanted, lists)))
    if wanted.attribute:
        name, value = wanted.attribute
        in_list = Q(attributes__contains={name: [value]})
        rows = rows.alias(held=KeyTextTransform(name, "attributes")).filter(Q(held__iexact=value) | in_list)
    if wanted.topic:
        numbers = list(Topic.objects.filter(slug=wanted.topic).values_list("pk", flat=True))
        rows = rows.filter(Q(topic_ids=[]) | Q(topic_ids__overlap=numbers)) if numbers else rows.none()
    rows = rows.annotate(is_suppressed=Exists(Suppression.objects.filter(address=Lower(OuterRef("email")))))
    return rows.filter(is_suppressed=wanted.suppressed == "yes") if wanted.suppressed else rows


def _subscriptions(wanted: Wanted, lists: frozenset[int] | None) -> QuerySet[Subscription]:
    theirs = Subscription.objects.filter(subscriber=OuterRef("pk"))
    if lists is not None:
        theirs = theirs.filter(mailing_list__in=lists)
    if wanted.mailing_list:
        # The number rather than a join: so the index of lists and people is all that is read.
        numbers = MailingList.objects.filter(slug=wanted.mailing_list).values_list("pk", flat=True)
        theirs = theirs.filter(mailing_list__in=list(numbers))
    return theirs.filter(state=wanted.state) if wanted.state else theirs


def _with_what_is_shown(rows: QuerySet[Any], lists: frozenset[int] | None) -> QuerySet[Any]:
    shown = Subscription.objects.select_related("mailing_list").order_by("mailing_list__name")
    if lists is not None:
        shown = shown.filter(mailing_list__in=lists)
    return rows.prefetch_related(Prefetch("subscriptions", shown, to_attr="shown_subscriptions"))
