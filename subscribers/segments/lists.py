"""Conditions on subscriptions, topics and suppressions."""

from dataclasses import dataclass
from typing import cast

from subscribers.models import Cadence, MailingList, SubscriptionState, SuppressionReason, Topic
from subscribers.segments.english import either
from subscribers.segments.faces import LISTS, Choices, Detail, Face, Lists, Operator, Value, operators_of
from subscribers.segments.names import number_of
from subscribers.segments.operators import DateTest, TextTest, read_test
from subscribers.segments.predicate import Query
from subscribers.segments.reading import Part, below
from subscribers.segments.rule import Kind

ANY_LIST = "*"


@dataclass(frozen=True)
class ListCondition:
    """On a list, with all that is asked of that one subscription.

    Attributes:
        slug: of the list; ANY_LIST for whichever.
        paused: whether the subscription is paused today.
        signed_up: the day of the sign-up.
        source: where it came from: a form, a file.
    """

    slug: str
    states: tuple[str, ...]
    cadences: tuple[str, ...]
    paused: bool | None
    signed_up: DateTest | None
    source: TextTest | None
    place: str

    def sql(self, query: Query) -> str:
        wanted = []
        if self.slug != ANY_LIST:
            place = below(self.place, "list")
            number = number_of(MailingList, self.slug, place)
            query.see(number, f"the list {self.slug}", place)
            wanted.append(f"subscription.mailing_list_id = {query.add(number)}")
        elif query.lists is not None:
            query.at_any = True
            wanted.append(f"subscription.mailing_list_id = ANY({query.add(sorted(query.lists))})")
        if len(self.states) < len(SubscriptionState):
            wanted.append(f"subscription.state = ANY({query.add(list(self.states))})")
        if self.cadences:
            wanted.append(f"subscription.cadence = ANY({query.add(list(self.cadences))})")
        if self.paused is not None:
            is_paused = f"coalesce(subscription.paused_until > {query.add(query.today)}, false)"
            wanted.append(is_paused if self.paused else f"NOT {is_paused}")
        if self.signed_up:
            wanted.append(self.signed_up.sql_of_moment("subscription.created_at", query))
        if self.source:
            wanted.append(self.source.sql("subscription.source", query))
        return query.member_of(
            "SELECT subscription.subscriber_id FROM subscribers_subscription subscription"
            f" WHERE {' AND '.join(wanted) or 'true'}"
        )

    def says(self, negated: bool) -> str:
        lists = "any list" if self.slug == ANY_LIST else f"the list {self.slug}"
        details = [] if self.states == (SubscriptionState.ACTIVE,) else [either(self.states)]
        details += [either([Cadence(each).label for each in self.cadences])] if self.cadences else []
        details += [] if self.paused is None else ["paused" if self.paused else "not paused"]
        if self.signed_up:
            details.append(
                f"{'not ' if self.signed_up.is_negated(False) else ''}signed up {self.signed_up.when()}"
            )
        details += [self.source.says("source", False)] if self.source else []
        which = f" ({', '.join(details)})" if details else ""
        return f"{'not ' if negated else ''}on {lists}{which}"


def _read_list(part: Part) -> ListCondition:
    slug = part.text("list")
    states: tuple[str, ...] = (SubscriptionState.ACTIVE,)
    if part.has("state"):
        states = part.choices("state", SubscriptionState.values)
    cadences = part.choices("cadence", Cadence.values) if part.has("cadence") else ()
    paused = part.yes_no("paused") if part.has("paused") else None
    signed_up = source = None
    if part.has("signed_up"):
        inner = part.inside("signed_up")
        signed_up = cast(DateTest, read_test(inner, "date"))
        inner.done()
    if part.has("source"):
        inner = part.inside("source")
        source = cast(TextTest, read_test(inner, "text"))
        inner.done()
    return ListCondition(slug, states, cadences, paused, signed_up, source, part.place)


@dataclass(frozen=True)
class TopicCondition:
    """Gets a topic: chose it, or chose none, which means every topic.

    Attributes:
        chosen: only those who named it.
    """

    slug: str
    chosen: bool
    place: str

    def sql(self, query: Query) -> str:
        number = query.add([number_of(Topic, self.slug, below(self.place, "topic"))])
        named = f"subscriber.topic_ids && {number}::int[]"
        return named if self.chosen else f"(subscriber.topic_ids = '{{}}' OR {named})"

    def says(self, negated: bool) -> str:
        if self.chosen:
            return f"{'did not choose' if negated else 'chose'} the topic {self.slug}"
        return f"{'does not get' if negated else 'gets'} the topic {self.slug}"


@dataclass(frozen=True)
class EveryTopicCondition:
    """Chose no topic, and so gets every one; or chose some."""

    every: bool
    place: str

    def sql(self, query: Query) -> str:
        return f"subscriber.topic_ids {'=' if self.every else '<>'} '{{}}'"

    def says(self, negated: bool) -> str:
        return "gets every topic" if self.every != negated else "chose topics"


def _read_topic(part: Part) -> TopicCondition:
    slug = part.text("topic")
    return TopicCondition(slug, part.has("chosen") and part.yes_no("chosen"), part.place)


@dataclass(frozen=True)
class SuppressedCondition:
    """The address must get nothing: for any reason, or for one of some."""

    suppressed: bool
    reasons: tuple[str, ...]
    place: str

    def sql(self, query: Query) -> str:
        reasons = f" WHERE suppression.reason = ANY({query.add(list(self.reasons))})" if self.reasons else ""
        found = query.member_of(
            "SELECT person.id AS subscriber_id FROM subscribers_suppression suppression"
            f" JOIN subscribers_subscriber person ON lower(person.email) = suppression.address{reasons}"
        )
        return found if self.suppressed else f"NOT {found}"

    def says(self, negated: bool) -> str:
        labels = [SuppressionReason(reason).label for reason in self.reasons]
        verb = "is" if self.suppressed != negated else "is not"
        return f"{verb} suppressed{f' ({either(labels)})' if labels else ''}"


def _read_suppressed(part: Part) -> SuppressedCondition:
    if isinstance(part.take("suppressed"), bool):
        return SuppressedCondition(part.yes_no("suppressed"), (), part.place)
    return SuppressedCondition(True, part.choices("suppressed", SuppressionReason.values), part.place)


def _list_names(lists: Lists) -> list[tuple[str, str]]:
    shown = MailingList.objects.all() if lists is None else MailingList.objects.filter(pk__in=lists)
    return [(ANY_LIST, "any list"), *shown.values_list("slug", "name")]


def _words(name: str, words: list[tuple[str, str]]) -> Value:
    return Value("choice", many=True, choices=Choices(name, lambda lists: words))


MAILING_LISTS = Value("choice", choices=Choices("list", _list_names))
_TOPICS = Choices("topic", lambda lists: list(Topic.objects.values_list("slug", "name")))
TOPICS = Value("choice", choices=_TOPICS)

_LIST = Face(
    "list",
    LISTS,
    "On the list",
    (Operator("is", ("list",), MAILING_LISTS),),
    details=(
        Detail("State", (Operator("is", ("state",), _words("state", SubscriptionState.choices)),)),
        Detail("Cadence", (Operator("is", ("cadence",), _words("cadence", Cadence.choices)),)),
        Detail(
            "Paused",
            (
                Operator("is paused", sets=((("paused",), True),)),
                Operator("is not paused", sets=((("paused",), False),)),
            ),
        ),
        Detail("Signed up", operators_of("date", at=("signed_up",))),
        Detail("Source", operators_of("text", at=("source",), value=Value("text", suggest="source"))),
    ),
)
_TOPIC = Face(
    "topic",
    LISTS,
    "Topic",
    (
        Operator("gets", ("topic",), TOPICS),
        Operator("chose by name", ("topic",), TOPICS, ((("chosen",), True),)),
    ),
)
_EVERY_TOPIC = Face(
    "every_topic",
    LISTS,
    "Choice of topics",
    (
        Operator("none: gets every topic", sets=((("every_topic",), True),)),
        Operator("chose some", sets=((("every_topic",), False),)),
    ),
)
_SUPPRESSED = Face(
    "suppressed",
    LISTS,
    "Suppressed",
    (
        Operator("yes", sets=((("suppressed",), True),)),
        Operator("no", sets=((("suppressed",), False),)),
        Operator("because of", ("suppressed",), _words("suppression", SuppressionReason.choices)),
    ),
)

LIST = Kind(
    "list",
    _read_list,
    '{"list": "weekly", "cadence": "monthly", "signed_up": {"in_last_days": 30}}',
    (_LIST,),
)
TOPIC = Kind("topic", _read_topic, '{"topic": "payments", "chosen": true}', (_TOPIC,))
EVERY_TOPIC = Kind(
    "every_topic",
    lambda part: EveryTopicCondition(part.yes_no("every_topic"), part.place),
    '{"every_topic": true}',
    (_EVERY_TOPIC,),
)
SUPPRESSED = Kind("suppressed", _read_suppressed, '{"suppressed": false}', (_SUPPRESSED,))
