"""The quick check of plain requests: it changes no answer, whatever the request."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.emulator.limits import ADDRESS, FieldError, WrongType
from mailer.emulator.personalizations import check_personalizations, find_errors
from mailer.emulator.plain_requests import ADDRESS_LINES, plain_addresses
from tests.emulator.playground import recipient

Answer = tuple[list[FieldError], list[str]] | None


def checked(items: list[Any], shared: dict[str, str]) -> Answer:
    """What the check with its quick path says, None for a value of the wrong type."""
    try:
        return check_personalizations(items, shared, subject_given=True, now=0)
    except WrongType:
        return None


def looped(items: list[Any], shared: dict[str, str]) -> Answer:
    """What the loop alone says."""
    try:
        return find_errors(items, shared, subject_given=True, now=0)
    except WrongType:
        return None


def plain(number: int) -> dict[str, Any]:
    """A personalization as a send makes it."""
    return {
        "to": [{"email": f"Reader{number}@firm-{number}.example.com", "name": "王小明"}],
        "substitutions": {"{{h1}}": "Ann & Bob", "{{t1}}": ""},
        "custom_args": {"mailer_subscriber": str(number)},
        "headers": {"List-Unsubscribe": "<https://example.com/u>", "List-Unsubscribe-Post": "One-Click"},
    }


_SMALL = st.text(alphabet="ab\n;,é:", max_size=3)
_VALUE = st.one_of(_SMALL, st.none(), st.integers(0, 1), st.just({}), st.just([]))
_EMAIL = st.sampled_from(["a@b.c", "A@b.c", "d@b.c", "e@b.c", "a@b.c\nd@b.c", "no", "", 5, None, ["a@b.c"]])
_PERSON = st.fixed_dictionaries({}, optional={"email": _EMAIL, "name": _VALUE, "other": st.just("x")})
# The signs of one, two, three and four bytes, and those that JSON escapes with two and six.
_LONG = st.builds(
    lambda sign, size, more: sign * (size // len(sign.encode())) + more * "x",
    st.sampled_from(["x", "é", "王", "🌸", '"', "\n", "\x1f"]),
    st.sampled_from([1650, 3300, 4990, 9900, 9990]),
    st.integers(0, 30),
)
_OBJECT = st.one_of(
    st.dictionaries(
        st.sampled_from(["-a-", "X-A", "x-a", "To", "X A", "", "é", "\N{KELVIN SIGN}"]), _VALUE, max_size=3
    ),
    _LONG.map(lambda value: {"note": value}),
    _LONG.map(lambda name: {name: "x"}),
    st.integers(149, 151).map(lambda count: {f"-{n}-": "" for n in range(count)}),
    st.just(["note"]),
    st.just("note"),
    st.none(),
)
_TO = st.one_of(
    st.lists(_PERSON, max_size=2),
    st.sampled_from(["a@b.c", "a", None, {}, {"email": "a@b.c"}, [5], [["email"]]]),
)
_CHANGE = st.one_of(
    st.tuples(st.just("to"), _TO),
    st.tuples(st.sampled_from(["substitutions", "custom_args", "headers"]), _OBJECT),
    st.tuples(st.just("cc"), st.lists(_PERSON, max_size=1)),
    st.tuples(st.just("send_at"), st.sampled_from([0, "x"])),
    st.tuples(st.just("other"), st.just(1)),
    st.tuples(st.just("to"), st.just(plain(0)["to"])),
)


@st.composite
def requests(draw: st.DrawFn) -> list[Any]:
    """Plain personalizations, of which some are changed, lack something or are something else altogether."""
    items: list[Any] = [plain(number) for number in range(draw(st.integers(1, 4)))]
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(items) - 1))
        act = draw(st.integers(0, 9))
        if act == 0:
            items[place] = draw(st.sampled_from(["to", ["to"], 5, None, {}]))
        elif type(items[place]) is dict and act < 3 and items[place]:
            del items[place][draw(st.sampled_from(sorted(items[place])))]
        elif type(items[place]) is dict:
            key, value = draw(_CHANGE)
            items[place][key] = deepcopy(value)
    return items


@given(items=requests(), shared=st.sampled_from([{}, {"shared": "x" * 20}, {"note": "x" * 400}]))
def test_the_answers_with_and_without_the_quick_check_are_the_same(
    items: list[Any], shared: dict[str, str]
) -> None:
    assert checked(items, shared) == looped(items, shared)


REFUSED: dict[str, tuple[list[Any], dict[str, str]]] = {
    "nobody beside two": ([{"to": [{"email": "a@b.c"}, {"email": "d@b.c"}]}, {"to": []}], {}),
    "two addresses in one": ([recipient("a@b.c\nd@b.c")], {}),
    "one address twice in one": ([recipient("a@b.c\na@b.c"), recipient("d@b.c")], {}),
    "an address twice": ([recipient("a@b.c"), recipient("A@b.c")], {}),
    "an address of 321 characters": ([recipient("a" * 317 + "@b.c")], {}),
    "a semicolon in a name": ([{"to": [{"email": "a@b.c", "name": "A; B"}]}], {}),
    "a misspelt key": ([recipient("a@b.c", substitution={})], {}),
    "substitutions that are a list": ([recipient("a@b.c", substitutions=["note"])], {}),
    "a substitution that is no text": ([recipient("a@b.c", substitutions={"a": 1})], {}),
    "151 substitutions": ([recipient("a@b.c", substitutions={f"-{n}-": "" for n in range(151)})], {}),
    "a value that escapes make too large": ([recipient("a@b.c", substitutions={"a": "\x1f" * 1_666})], {}),
    "a value a byte too large": ([recipient("a@b.c", substitutions={"a": "x" * 9_993})], {}),
    "a key a byte too large": ([recipient("a@b.c", substitutions={"x" * 9_993: "a"})], {}),
    "quotes, colons and commas that make it too large": (
        [recipient("a@b.c", substitutions={"\x1f" * n: "" for n in range(1, 58)})],
        {},
    ),
    "no custom_args": ([recipient("a@b.c", custom_args={})], {}),
    "custom_args a byte too large": ([recipient("a@b.c", custom_args={"a": "x" * 9_993})], {}),
    "custom_args too large with the shared ones": (
        [recipient("a@b.c", custom_args={"a": "\x1f" * 1_000})],
        {"b": "x" * 4_000},
    ),
    "no headers": ([recipient("a@b.c", headers={})], {}),
    "an empty header": ([recipient("a@b.c", headers={"X-A": ""})], {}),
    "a line feed in a header": ([recipient("a@b.c", headers={"X-A": "a\nb"})], {}),
    "a carriage return in a header": ([recipient("a@b.c", headers={"X-A": "a\rb"})], {}),
    "a header twice": ([recipient("a@b.c", headers={"X-A": "a", "x-a": "b"})], {}),
    "a reserved header": ([recipient("a@b.c", headers={"BCC": "a"})], {}),
    "a header name that becomes ASCII": ([recipient("a@b.c", headers={"\N{KELVIN SIGN}": "x"})], {}),
}


@pytest.mark.parametrize(("items", "shared"), REFUSED.values(), ids=REFUSED.keys())
def test_a_fault_of_one_among_plain_ones_is_named_by_the_loop(
    items: list[Any], shared: dict[str, str]
) -> None:
    among = [plain(1), *items, plain(2)]
    answer = looped(among, shared)
    assert answer is None or answer[0], "the loop finds nothing wrong"
    assert checked(among, shared) == answer


@given(emails=st.lists(st.text(alphabet="aZ0.-_@+ é", max_size=12), min_size=1, max_size=3))
def test_lines_of_addresses_are_told_as_single_ones(emails: list[str]) -> None:
    lines = "".join(f"{email}\n" for email in emails)
    assert bool(ADDRESS_LINES.fullmatch(lines)) == all(map(ADDRESS.fullmatch, emails))


@pytest.mark.parametrize(
    ("domain", "good"),
    [
        ("b" * 63 + ".example", True),
        ("b" * 64 + ".example", False),
        ("example." + "b" * 63, True),
        ("example." + "b" * 64, False),
        ("-b.example", False),
        ("b-.example", False),
        ("b.example-", False),
        ("b--b.example", True),
        ("b..example", False),
        (".example", False),
        ("b.example.", False),
        ("example", False),
    ],
)
def test_labels_of_a_domain_are_told_as_in_single_addresses(domain: str, good: bool) -> None:
    assert bool(ADDRESS.fullmatch(f"a@{domain}")) is good
    assert bool(ADDRESS_LINES.fullmatch(f"a@{domain}\n")) is good
    assert bool(ADDRESS_LINES.fullmatch(f"z@example.org\na@{domain}\nz@example.org\n")) is good


@pytest.mark.parametrize("shared", [{}, {"mailer_send": "17"}])
def test_the_quick_check_knows_an_ordinary_request(shared: dict[str, str]) -> None:
    named = {"to": [{"email": "Ann@example.org", "name": "Ann"}]}
    items = [plain(1), plain(2), named, recipient("b@example.org", substitutions={"-a-": "x" * 5_000})]
    assert plain_addresses(items, shared) == [
        "reader1@firm-1.example.com",
        "reader2@firm-2.example.com",
        "ann@example.org",
        "b@example.org",
    ]
