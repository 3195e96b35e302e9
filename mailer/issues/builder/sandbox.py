"""The sandbox that themes are rendered in: whoever uploads one can neither reach the system nor keep it busy.

Jinja2's sandbox keeps templates away from Python. What is added here keeps their work small: loops may be nested twice,
nothing counts up or blows texts up, lists are not written as they are, and calls, includes, passes of loops, characters
and seconds are counted.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import Any

from jinja2 import BaseLoader, StrictUndefined, Template, nodes, pass_context, pass_eval_context
from jinja2.exceptions import SecurityError
from jinja2.filters import do_join
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import SandboxedEnvironment
from jinja2.visitor import NodeTransformer
from markupsafe import Markup

MOST_STEPS = 20_000
"""Calls, includes and passes of loops of one rendering: an issue of 200 stories takes some 1,000."""
MOST_WRITTEN = 20_000_000
"""Characters that one rendering may write, in macros that write nothing in the end too."""
MOST_SECONDS = 10.0
"""Of one rendering, of the processor: an issue takes hundredths."""
MOST_CHARACTERS = 20_000
"""Of a text that is given a name or put together from a list."""
MOST_NESTED = 2
"""Loops within each other, in one file."""
FILTERS = frozenset(
    [
        "abs",
        "capitalize",
        "count",
        "d",
        "default",
        "e",
        "escape",
        "first",
        "float",
        "int",
        "join",
        "last",
        "length",
        "list",
        "lower",
        "map",
        "max",
        "min",
        "reject",
        "rejectattr",
        "reverse",
        "round",
        "select",
        "selectattr",
        "sort",
        "string",
        "striptags",
        "title",
        "trim",
        "truncate",
        "unique",
        "upper",
        "urlencode",
        "wordcount",
    ]
)
TESTS = frozenset(
    [
        "boolean",
        "defined",
        "divisibleby",
        "eq",
        "equalto",
        "even",
        "false",
        "ge",
        "greaterthan",
        "gt",
        "in",
        "le",
        "lessthan",
        "lt",
        "mapping",
        "ne",
        "none",
        "number",
        "odd",
        "sameas",
        "sequence",
        "string",
        "true",
        "undefined",
    ]
)
OF_TEXTS = frozenset(
    [
        "capitalize",
        "e",
        "escape",
        "lower",
        "string",
        "striptags",
        "title",
        "trim",
        "truncate",
        "upper",
        "urlencode",
        "wordcount",
    ]
)
"""Filters that would make a text of a list, which may hold more than the memory."""

_MEASURED, _PLAIN, _PASSED = "measured", "plain", "passed"


@dataclass
class _Spent:
    """What a rendering took so far. `until` is a moment of the thread's processor time."""

    until: float
    steps: int = 0
    characters: int = 0


_spent: ContextVar[_Spent | None] = ContextVar("spent", default=None)


class ThemeSandbox(SandboxedEnvironment):
    """Where the templates of a theme live."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def __init__(self, loader: BaseLoader) -> None:
        super().__init__(
            loader=loader,
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            finalize=_written,
        )
        self.globals = {}
        self.filters = {name: call for name, call in self.filters.items() if name in FILTERS}
        self.filters |= {name: _of_text(self.filters[name]) for name in OF_TEXTS}
        self.filters |= {_MEASURED: _measured, _PLAIN: _plain, _PASSED: _passed, "join": _join}
        self.tests = {name: call for name, call in self.tests.items() if name in TESTS}

    def call(self, context: Context, obj: Any, *args: Any, **kwargs: Any) -> Any:
        """Macros, counted, and what belongs to a loop; methods of texts can fill the memory."""
        if not isinstance(obj, Macro | LoopContext) and not isinstance(
            getattr(obj, "__self__", None), LoopContext
        ):
            raise SecurityError("only macros can be called: for texts there are filters, such as |upper")
        _count()
        return super().call(context, obj, *args, **kwargs)

    def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Template:
        """A file that is asked for, by an include too: counted."""
        _count()
        return super().get_template(name, parent, globals)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic is for numbers of a design: a text is not multiplied."""
        if operator == "%" and isinstance(left, str):
            raise SecurityError("% does not write texts here: use ~")
        if not all(isinstance(side, int | float) and abs(side) < 10**6 for side in (left, right)):
            raise SecurityError(f"{operator} is for numbers below a million")
        return super().call_binop(context, operator, left, right)

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        parsed: nodes.Template = super()._parse(source, name, filename)
        _check_loops(parsed, 0)
        for given in parsed.find_all(nodes.Assign):
            given.node = _filtered(given.node, _MEASURED)
        parsed = _Joining().visit(parsed)
        again = (nodes.For, nodes.Macro, nodes.CallBlock)
        parts: list[Any] = [parsed, *parsed.find_all(again)]
        for part in parts:
            size = sum(len(text.data) for text in part.find_all(nodes.TemplateData))
            passed = _filtered(nodes.Const(size, lineno=part.lineno), _PASSED)
            part.body.insert(0, nodes.Output([passed], lineno=part.lineno))
        return parsed


class _Joining(NodeTransformer):
    """Has texts and lists measured wherever two become one."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        node.nodes = [_filtered(each, _PLAIN) for each in node.nodes]
        return _filtered(node, _MEASURED)

    def visit_Add(self, node: nodes.Add) -> nodes.Node:
        self.generic_visit(node)
        return _filtered(node, _MEASURED)


@contextmanager
def counted() -> Iterator[None]:
    """What is rendered in the block is one rendering."""
    before = _spent.set(_Spent(time.thread_time() + MOST_SECONDS))
    try:
        yield
    finally:
        _spent.reset(before)


def _count(steps: int = 1, characters: int = 0) -> None:
    spent = _spent.get()
    if spent is None:
        return
    spent.steps += steps
    spent.characters += characters
    if spent.steps > MOST_STEPS:
        raise SecurityError(
            f"the theme calls, includes and loops more than {MOST_STEPS:,} times: does it call itself?"
        )
    if spent.characters > MOST_WRITTEN:
        raise SecurityError(f"the theme writes more than {MOST_WRITTEN:,} characters")
    if time.thread_time() > spent.until:
        raise SecurityError(f"the theme takes longer than {MOST_SECONDS:g} seconds")


@pass_context
def _passed(_: Context, characters: int) -> Markup:
    """Stands at the head of whatever is done again and again; it writes nothing."""
    _count(characters=characters)
    return Markup()


@pass_context
def _written(_: Context, value: Any) -> Any:
    """A value that is written."""
    _count(0, len(value) if isinstance(value, str) else 0)
    return _plain(value)


def _plain(value: Any) -> Any:
    """A value of which a text is made."""
    if isinstance(value, list | tuple | dict | set):
        raise SecurityError("a list is not written as it is: write its parts, or use |join")
    return value


def _measured(value: Any) -> Any:
    """The value of a `set`, or of two that became one."""
    if isinstance(value, str | list | tuple) and len(value) > MOST_CHARACTERS:
        raise SecurityError(f"a text or list that is set or joined has more than {MOST_CHARACTERS:,} parts")
    return value


def _of_text(call: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that takes no lists."""
    place = 1 if hasattr(call, "jinja_pass_arg") else 0

    @wraps(call)
    def checked(*args: Any, **kwargs: Any) -> Any:
        _plain(args[place])
        return call(*args, **kwargs)

    return checked


def _filtered(node: Any, name: str) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


@pass_eval_context
def _join(context: EvalContext, values: Iterable[Any], between: str = "") -> str:
    """As Jinja2's join."""
    parts = [_plain(part) for part in values]
    if sum(len(str(part)) + len(between) for part in parts) > MOST_CHARACTERS:
        raise SecurityError(f"a list is joined to more than {MOST_CHARACTERS:,} characters")
    joined: str = do_join(context, parts, between)
    return joined


def _check_loops(node: nodes.Node, depth: int) -> None:
    for child in node.iter_child_nodes():
        if not isinstance(child, nodes.For):
            _check_loops(child, depth)
            continue
        if child.recursive or depth >= MOST_NESTED:
            raise SecurityError(
                f"line {child.lineno}: loops may be nested {MOST_NESTED} deep, and not recursive"
            )
        _check_loops(child, depth + 1)
