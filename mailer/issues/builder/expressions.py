"""The expressions that editors may write between `{{` and `}}`: read by Jinja2, checked by an allow-list.

Only nodes that are named here pass, so that a new kind of node in Jinja2 is refused rather than run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jinja2 import ChainableUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import SandboxedEnvironment

from mailer.issues.builder.escape import one_line

LONGEST_EXPRESSION = 300
LINK_NAMES = ("preferences", "unsubscribe", "view")
ISSUE_FIELDS = {"issue": ("date", "number"), "newsletter": ("from_name", "name", "tagline", "website")}
FILTERS = ("capitalize", "default", "int", "length", "lower", "round", "title", "trim", "truncate", "upper")
TESTS = ("defined", "none", "number", "string", "undefined")
EXAMPLE = 'write for instance {{ subscriber.first_name or "there" }}'

_PASSED = (
    nodes.Add,
    nodes.And,
    nodes.Compare,
    nodes.Concat,
    nodes.CondExpr,
    nodes.Const,
    nodes.Keyword,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.TemplateData,
)


class ExpressionError(Exception):
    """An expression that may not stand in an issue; the message says what to write instead."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression. `link` is the name of the link when it is nothing but `links.<name>`."""

    source: str
    about: Literal["recipient", "issue"]
    link: str = ""


class SubscriberValues:
    """The subscriber of a recipient: a field of its own goes before an attribute of the same name."""

    __slots__ = ("fields",)

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields

    def value(self, name: str) -> Any:
        """Return the field or else the attribute of this name, None when there is neither."""
        if name in self.fields:
            return self.fields[name]
        attributes = self.fields.get("attributes")
        return attributes.get(name) if isinstance(attributes, Mapping) else None


class ExpressionSandbox(SandboxedEnvironment):
    """Jinja2's sandbox narrowed to look-ups in mappings: no attribute of any Python object is reachable.

    An empty value counts as undefined, so that `default("there")` also serves people without a name.
    """

    def __init__(self) -> None:
        super().__init__(undefined=ChainableUndefined, keep_trailing_newline=True)
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in FILTERS}
        self.tests = {name: self.tests[name] for name in TESTS}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Look a name up in a mapping."""
        return self._look_up(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Look a key up in a mapping."""
        return self._look_up(obj, argument)

    def _look_up(self, holder: Any, name: Any) -> Any:
        value = None
        if isinstance(holder, SubscriberValues):
            value = holder.value(name)
        elif isinstance(holder, Mapping):
            value = holder.get(name)
        if isinstance(value, bool | Mapping):
            return value
        if isinstance(value, int | float) and one_line(value):
            return value
        return one_line(value) or self.undefined(name=str(name))


SANDBOX = ExpressionSandbox()


def parse(source: str) -> nodes.Expr:
    """Return the syntax tree of one expression; raises ExpressionError for what is not one."""
    if len(source) > LONGEST_EXPRESSION:
        raise ExpressionError(
            "tag_too_long", f"a tag may be {LONGEST_EXPRESSION} characters long: shorten it"
        )
    try:
        body = SANDBOX.parse("{{ " + source + " }}").body
    except (TemplateSyntaxError, RecursionError) as error:
        raise ExpressionError(
            "tag_syntax", f"{{{{ {source.strip()} }}}} cannot be read ({error}): {EXAMPLE}"
        ) from error
    if len(body) != 1 or not isinstance(body[0], nodes.Output) or len(body[0].nodes) != 1:
        raise ExpressionError("tag_syntax", f"a tag holds one expression: {EXAMPLE}")
    return body[0].nodes[0]


def read_expression(source: str) -> Expression:
    """Return the checked expression; raises ExpressionError with what to write instead."""
    tree = parse(source)
    roots: set[str] = set()
    _check(tree, roots)
    recipient = roots & {"subscriber", "links"}
    if recipient and roots - recipient:
        raise ExpressionError(
            "tag_mixed",
            "one tag cannot speak of the issue and of the subscriber: write two tags beside each other",
        )
    path = path_of(tree)
    link = path[1] if path is not None and path[0] == "links" else ""
    return Expression(source.strip(), "recipient" if recipient else "issue", link)


def path_of(node: nodes.Node) -> tuple[str, ...] | None:
    """Return ("subscriber", "first_name") for `subscriber.first_name`, None for any other expression."""
    names: list[str] = []
    while isinstance(node, nodes.Getattr | nodes.Getitem):
        if isinstance(node, nodes.Getattr):
            names.append(node.attr)
        elif isinstance(node.arg, nodes.Const) and isinstance(node.arg.value, str):
            names.append(node.arg.value)
        else:
            return None
        node = node.node
    if not isinstance(node, nodes.Name):
        return None
    return (node.name, *reversed(names))


def _check(node: nodes.Node, roots: set[str]) -> None:
    if isinstance(node, nodes.Name | nodes.Getattr | nodes.Getitem):
        _check_path(path_of(node), roots)
        return
    if isinstance(node, nodes.Filter):
        if node.name not in FILTERS:
            raise ExpressionError(
                "tag_filter", f"there is no filter {node.name!r} here: use one of {', '.join(FILTERS)}"
            )
    elif isinstance(node, nodes.Test):
        if node.name not in TESTS:
            raise ExpressionError(
                "tag_test", f"there is no test {node.name!r} here: use one of {', '.join(TESTS)}"
            )
    elif isinstance(node, nodes.Call):
        raise ExpressionError("tag_call", f"calls are not allowed in a tag: {EXAMPLE}")
    elif not isinstance(node, _PASSED):
        kind = type(node).__name__.lower()
        raise ExpressionError("tag_unsafe", f"a tag may not hold this ({kind}): {EXAMPLE}")
    for child in node.iter_child_nodes():
        _check(child, roots)


def _check_path(path: tuple[str, ...] | None, roots: set[str]) -> None:
    if path is None:
        raise ExpressionError("tag_unsafe", f"only a name in quotes may stand in brackets: {EXAMPLE}")
    root, *names = path
    if any(name.startswith("_") for name in names):
        raise ExpressionError("tag_unsafe", f"a name may not start with an underscore: {EXAMPLE}")
    known = {"subscriber", "links", *ISSUE_FIELDS}
    if root not in known:
        raise ExpressionError(
            "tag_unknown",
            f"{root!r} is not known: a tag starts with subscriber, links, issue or newsletter; {EXAMPLE}",
        )
    roots.add(root)
    if root == "subscriber":
        if not names or names == ["attributes"]:
            raise ExpressionError("tag_unknown", f"name a field of the subscriber: {EXAMPLE}")
        return
    fields = LINK_NAMES if root == "links" else ISSUE_FIELDS[root]
    if len(names) != 1 or names[0] not in fields:
        written = ", ".join(f"{root}.{field}" for field in fields)
        raise ExpressionError("tag_unknown", f"{'.'.join(path)!r} is not known: there are {written}")
