"""Merge tags compiled to functions of a recipient: run for every recipient of a send, so the plain forms are closures.

A recipient is `{"subscriber": {…, "attributes": {…}}, "links": {"unsubscribe": url, "preferences": url, "view": url}}`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from jinja2 import nodes

from mailer.issues.builder.content import MergeTag
from mailer.issues.builder.escape import ESCAPES, one_line
from mailer.issues.builder.expressions import SANDBOX, SubscriberValues, parse, path_of, read_expression

Recipient = Mapping[str, Any]
Getter = Callable[[Recipient], str]
Escape = Callable[[Any], str]

# The three links stand in each mail twice, half of all values. Ours look like this, the same in every context,
# so each is looked up once for all of its keys.
_BARE_LINK = re.compile(r"links\.([a-z]+)").fullmatch
_PLAIN_URL = re.compile(r"https?://[a-zA-Z0-9./:_-]+").fullmatch


def compile_tags(tags: Iterable[MergeTag]) -> Callable[[Recipient], list[tuple[str, str]]]:
    """Return a function that gives every tag's (key, value) for a recipient, each escaped for its context.

    That function never raises: a missing attribute, a value of the wrong type and an expression that fails
    all give the tag's default, or "" where it has none. Raises ExpressionError here, at compile time, for
    an expression that `read_expression` refuses.
    """
    others: list[tuple[str, Getter]] = []
    links: dict[str, list[tuple[str, Getter]]] = {}
    for tag in tags:
        getter = tag.key, _getter(tag.expression, ESCAPES[tag.context])
        link = _BARE_LINK(tag.expression)
        (links.setdefault(link[1], []) if link else others).append(getter)

    def values(recipient: Recipient) -> list[tuple[str, str]]:
        found = [(key, get(recipient)) for key, get in others]
        for name, getters in links.items():
            url = _plain_link(recipient, name)
            found += [(key, url or get(recipient)) for key, get in getters]
        return found

    return values


def _plain_link(recipient: Recipient, name: str) -> str:
    try:
        url: str = recipient["links"][name]
        return url if _PLAIN_URL(url) else ""
    except Exception:
        return ""


def _getter(source: str, escape: Escape) -> Getter:
    read_expression(source)
    tree = parse(source)
    # Names and words repeat among readers. A value that cannot be remembered, such as a list, has no text anyway.
    remembered = lru_cache(maxsize=2048, typed=True)(escape)
    inner, default, replaces_zero = _without_default(tree)
    path = path_of(inner)
    if path is not None:
        match path:
            case ("links", name):
                return _link(name, default, escape)
            case ("subscriber", "attributes", name):
                return _attribute(name, default, remembered, replaces_zero)
            case ("subscriber", name):
                return _field(name, default, remembered, replaces_zero)
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


def _field(name: str, default: Any, escape: Escape, replaces_zero: bool) -> Getter:
    fallback = escape(default)

    def get(recipient: Recipient) -> str:
        try:
            subscriber = recipient["subscriber"]
            value = subscriber[name] if name in subscriber else subscriber.get("attributes", {}).get(name)
            if replaces_zero and not value:
                return fallback
            return escape(value) or fallback
        except Exception:
            return fallback

    return get


def _attribute(name: str, default: Any, escape: Escape, replaces_zero: bool) -> Getter:
    fallback = escape(default)

    def get(recipient: Recipient) -> str:
        try:
            value = recipient["subscriber"]["attributes"].get(name)
            if replaces_zero and not value:
                return fallback
            return escape(value) or fallback
        except Exception:
            return fallback

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
