"""Merge tags compiled to functions of a recipient: run for every recipient of a send, so the plain forms are closures.

A recipient is `{"subscriber": {…, "attributes": {…}}, "links": {"unsubscribe": url, "preferences": url, "view": url}}`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jinja2 import nodes

from mailer.issues.builder.content import MergeTag
from mailer.issues.builder.escape import ESCAPES, one_line
from mailer.issues.builder.expressions import SANDBOX, SubscriberValues, parse, path_of, read_expression

Recipient = Mapping[str, Any]
Getter = Callable[[Recipient], str]
Escape = Callable[[Any], str]


def compile_tags(tags: Iterable[MergeTag]) -> Callable[[Recipient], list[tuple[str, str]]]:
    """Return a function that gives every tag's (key, value) for a recipient, each escaped for its context.

    That function never raises: a missing attribute, a value of the wrong type and an expression that fails
    all give the tag's default, or "" where it has none. Raises ExpressionError here, at compile time, for
    an expression that `read_expression` refuses.
    """
    getters = [(tag.key, _getter(tag.expression, ESCAPES[tag.context])) for tag in tags]
    return lambda recipient: [(key, get(recipient)) for key, get in getters]


@dataclass(frozen=True)
class ColumnTags:
    """Merge tags compiled for many recipients at once.

    `fields` are the fields of a subscriber that they name, "attributes" among them if they name any of those;
    `links` says whether they name the recipient's links. `plain` (key, field, text of its value) are the tags that
    name a field or an attribute and nothing else; `others` (key, getter) need each recipient's mapping.
    """

    fields: frozenset[str]
    links: bool
    plain: tuple[tuple[str, str, Escape], ...]
    others: tuple[tuple[str, Getter], ...]

    def values(
        self, columns: Mapping[str, Sequence[Any]], links: Sequence[Mapping[str, str]] = ()
    ) -> dict[str, list[str]]:
        """Return for every tag's key a value for each recipient, the same as `compile_tags` gives.

        Args:
            columns: the values of each of `fields`, all in the order of the recipients; more fields do no harm.
            links: of each recipient; may be left out where no tag names them.
        """
        found = {key: list(map(text, columns[field])) for key, field, text in self.plain}
        if self.others:
            rows = zip(*columns.values(), strict=True)
            subscribers = [dict(zip(columns, row, strict=True)) for row in rows]
            pairs = zip(subscribers, links or [{}] * len(subscribers), strict=True)
            recipients = [{"subscriber": subscriber, "links": urls} for subscriber, urls in pairs]
            found |= {key: list(map(get, recipients)) for key, get in self.others}
        return found


def compile_columns(tags: Iterable[MergeTag], fields: Collection[str]) -> ColumnTags:
    """Compile tags for many recipients at once; raises ExpressionError as `compile_tags` does.

    `fields` are those that every subscriber has, each a text; any other name is one of an attribute.
    """
    named: set[tuple[str, str]] = set()
    plain: list[tuple[str, str, Escape]] = []
    others: list[tuple[str, Getter]] = []
    for tag in tags:
        escape = ESCAPES[tag.context]
        getter = _getter(tag.expression, escape)
        tree = parse(tag.expression)
        inner, default, replaces_zero = _without_default(tree)
        text = _text(default, escape, replaces_zero)
        match path_of(inner):
            case ("subscriber", name) if name in fields:
                plain.append((tag.key, name, text))
            case ("subscriber", "attributes", name) | ("subscriber", name):
                plain.append((tag.key, "attributes", _attribute(name, text)))
            case _:
                others.append((tag.key, getter))
        named |= _names_in(tree)
    names = {name if name in fields else "attributes" for root, name in named if root == "subscriber"}
    return ColumnTags(
        frozenset(names), any(root == "links" for root, _ in named), tuple(plain), tuple(others)
    )


def _names_in(tree: nodes.Expr) -> set[tuple[str, str]]:
    """Return ("subscriber", "first_name") for an expression that names it anywhere."""
    paths = (path_of(node) for node in (tree, *tree.find_all((nodes.Getattr, nodes.Getitem))))
    return {(path[0], path[1]) for path in paths if path is not None and len(path) > 1}


def _getter(source: str, escape: Escape) -> Getter:
    read_expression(source)
    tree = parse(source)
    inner, default, replaces_zero = _without_default(tree)
    path = path_of(inner)
    if path is not None:
        match path:
            case ("links", name):
                return _link(name, default, escape)
            case ("subscriber", "attributes", name):
                return _all_attributes(_attribute(name, _text(default, escape, replaces_zero)))
            case ("subscriber", name):
                return _field(name, _text(default, escape, replaces_zero))
    return _expression(source, default, escape)


def _without_default(tree: nodes.Expr) -> tuple[nodes.Expr, Any, bool]:
    """Return the expression inside, its constant default, and whether a 0 is replaced too (`or` does)."""
    if isinstance(tree, nodes.Or) and isinstance(tree.right, nodes.Const):
        return tree.left, tree.right.value, True
    if isinstance(tree, nodes.Filter) and tree.name == "default" and tree.node is not None:
        match tree.args, tree.kwargs:
            case [nodes.Const() as const], []:
                return tree.node, const.value, False
    return tree, "", False


def _text(default: Any, escape: Escape, replaces_zero: bool) -> Escape:
    """Return a function from a value to what stands in the mail. Never raises for a value that can be hashed."""
    fallback = escape(default)

    # Names and words repeat among readers. A value that cannot be remembered, such as a list, has no text anyway.
    @lru_cache(maxsize=2048, typed=True)
    def text(value: Any) -> str:
        try:
            return fallback if replaces_zero and not value else escape(value) or fallback
        except Exception:
            return fallback

    return text


def _field(name: str, text: Escape) -> Getter:
    def get(recipient: Recipient) -> str:
        try:
            subscriber = recipient["subscriber"]
            return text(
                subscriber[name] if name in subscriber else subscriber.get("attributes", {}).get(name)
            )
        except Exception:
            return text(None)

    return get


def _attribute(name: str, text: Escape) -> Escape:
    """Return a function from a subscriber's attributes to the text of one of them."""

    def get(attributes: Any) -> str:
        try:
            return text(attributes.get(name))
        except Exception:
            return text(None)

    return get


def _all_attributes(text: Escape) -> Getter:
    def get(recipient: Recipient) -> str:
        try:
            return text(recipient["subscriber"]["attributes"])
        except Exception:
            return text(None)

    return get


def _link(name: str, default: Any, escape: Escape) -> Getter:
    fallback = escape(default)

    def get(recipient: Recipient) -> str:
        try:
            url: str = recipient["links"][name]
            # It may stand as a whole href, where another scheme would be code.
            return escape(url) if url.startswith(("https://", "http://")) else fallback
        except Exception:
            return fallback

    return get


def _expression(source: str, default: Any, escape: Escape) -> Getter:
    evaluate = SANDBOX.compile_expression(source, undefined_to_none=False)
    fallback = escape(default)

    def get(recipient: Recipient) -> str:
        try:
            value = evaluate(
                subscriber=SubscriberValues(recipient["subscriber"]), links=recipient.get("links", {})
            )
            return escape(one_line(value)) or fallback
        except Exception:
            return fallback

    return get
