"""Recipients that would cost all the others their mail are found before the request leaves."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.sendgrid.limits import bad_address, plain_addresses
from mailer.sendgrid.payload import Message, RecipientPart, RecipientParts, compile_message
from mailer.sendgrid.screen import Unsendable, certainly_sendable, look_at_each, unsendable
from tests.sendgrid.columns import columns

MESSAGE = compile_message(
    Message(
        from_email="news@example.org", from_name="", subject="x", text="x", custom_args={"m_edition": "5"}
    )
)
GOOD = RecipientPart(
    "ann@example.com",
    "Ann, 王小明",
    {"{{a}}": "é" * 100},
    {"m_delivery": "1"},
    {"List-Unsubscribe": "<https://x.example>"},
)


def reasons(*recipients: RecipientPart, **custom_args: str) -> list[tuple[int, str]]:
    return [(each.index, each.reason) for each in unsendable(MESSAGE, columns(*recipients), custom_args)]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"email": ""}, "bad_address"),
        ({"email": "ann"}, "bad_address"),
        ({"email": "ann@example"}, "bad_address"),
        ({"email": "ann@@example.com"}, "bad_address"),
        ({"email": "an n@example.com"}, "bad_address"),
        ({"email": "ann@example.com\n"}, "bad_address"),
        ({"email": "ann.@example.com"}, "bad_address"),
        ({"email": "a..n@example.com"}, "bad_address"),
        ({"email": "ann@-example.com"}, "bad_address"),
        ({"email": "ann@example.c"}, "bad_address"),
        ({"email": "ann@[127.0.0.1]"}, "bad_address"),
        ({"email": "änn@example.com"}, "bad_address"),
        ({"email": "ann@exämple.com"}, "bad_address"),
        ({"email": "Ann <ann@example.com>"}, "bad_address"),
        ({"email": "a" * 65 + "@example.com"}, "bad_address"),
        ({"email": "ann@" + "example." * 40 + "com"}, "bad_address"),
        ({"email": None}, "bad_address"),
        ({"name": "\ud800"}, "not_text"),
        ({"name": None}, "not_text"),
        ({"substitutions": {"{{a}}": 5}}, "not_text"),
        ({"substitutions": {"{{a}}": "\udfff"}}, "not_text"),
        ({"custom_args": {"m_delivery": 7}}, "not_text"),
        ({"substitutions": {"{{a}}": "x" * 8000}}, "substitutions_too_large"),
        ({"substitutions": {"{{a}}": "你" * 2700}}, "substitutions_too_large"),
        ({"substitutions": {"{{a}}": "\x01" * 1340}}, "substitutions_too_large"),
        ({"custom_args": {"m_delivery": "x" * 9990}}, "custom_args_too_large"),
        ({"headers": {"List-Unsubscribe": "1\nBcc: x@example.com"}}, "bad_header"),
        ({"headers": {"List-Unsubscribe": "é"}}, "bad_header"),
        ({"headers": {"List-Unsubscribe": " "}}, "bad_header"),
        ({"headers": {"List-Unsubscribe": 1}}, "bad_header"),
    ],
)
def test_a_recipient_who_breaks_a_limit_is_named(change: dict[str, Any], reason: str) -> None:
    bad = GOOD._replace(**{"email": "bad@example.com", **change})
    assert reasons(GOOD, bad, GOOD._replace(email="carl@example.com")) == [(1, reason)]


@pytest.mark.parametrize(
    "change",
    [
        {"email": "o'neil+news.x@sub.example-mail.co.uk"},
        {"email": "a" * 64 + "@example.com"},
        {"email": "ann@xn--exmple-cua.com"},
        {"name": ""},
        {"name": "👩‍👩‍👧"},
        {"substitutions": {}},
        {"substitutions": {"{{a}}": ""}},
        {"substitutions": {"{{a}}": "x" * 7980}},
        {"substitutions": {"{{a}}": "\x01" * 1320}},
        {"custom_args": {}},
        {"custom_args": {"m": "x" * 9900}},
        {"headers": {}},
    ],
)
def test_a_recipient_within_the_limits_is_not_named(change: dict[str, Any]) -> None:
    assert reasons(GOOD._replace(**change)) == []


def test_the_second_of_two_equal_addresses_is_named_whatever_its_case() -> None:
    assert reasons(GOOD, GOOD._replace(email="ANN@Example.com"), GOOD) == [
        (1, "duplicate_address"),
        (2, "duplicate_address"),
    ]


def test_the_submissions_own_custom_args_count_for_each_recipient() -> None:
    recipient = GOOD._replace(custom_args={"m": "x" * 9900})
    assert reasons(recipient) == []
    assert reasons(recipient, m_submission="y" * 100) == [(0, "custom_args_too_large")]


def test_a_finding_is_an_index_and_a_reason() -> None:
    assert unsendable(MESSAGE, columns(GOOD._replace(email="x"))) == [Unsendable(0, "bad_address")]


@pytest.mark.parametrize("name", ["Subject", "X A", "X-Ü", ""])
def test_a_header_that_sendgrid_keeps_to_itself_is_named_for_everybody(name: str) -> None:
    bad = GOOD._replace(headers={name: "x"})
    assert reasons(bad, bad._replace(email="bob@example.com")) == [(0, "bad_header"), (1, "bad_header")]


def test_a_batch_of_ordinary_people_needs_no_look_at_each() -> None:
    ordinary = columns(*(GOOD._replace(email=f"o'neil+{n}@news.example-{n}.co.uk") for n in range(1000)))
    assert certainly_sendable(ordinary, {"m_edition": "5"})


parts_of_addresses = st.lists(st.sampled_from("aB1.@-_'+\n é"), max_size=12).map("".join)


@given(st.lists(parts_of_addresses | parts_of_addresses.map("a{}@example.com".format), max_size=4))
@example(["a@example.com\nb@example.com"])
@example(["a" * 65 + "@example.com"])
@example(["a@" + "b" * 64 + ".com"])
def test_addresses_that_are_plain_are_good(addresses: list[str]) -> None:
    if plain_addresses(addresses):
        assert not any(map(bad_address, addresses))


addresses = st.sampled_from(
    ["ann@example.com", "bob@example.com", "BOB@example.com", "carl@example.org", "x", "d@[1.2.3.4]", None]
)
usual = st.text(max_size=5)
long = st.builds(
    lambda letter, size: letter * size, st.sampled_from("x\x01é你👩"), st.integers(1_000, 10_000)
)
odd = st.sampled_from(["\ud800", 5, None, "", " ", "1\nBcc: x@example.com"])


@st.composite
def batches(draw: st.DrawFn) -> RecipientParts:
    size = draw(st.integers(1, 3))

    def column(*values: st.SearchStrategy[Any]) -> list[Any]:
        return draw(st.lists(draw(st.sampled_from(values)), min_size=size, max_size=size))

    emails = draw(st.permutations(["ann@example.com", "bob@example.com", "carl@example.org"]))[:size]
    emails = draw(st.sampled_from([emails, column(addresses)]))
    return RecipientParts(
        emails,
        column(usual, usual | odd),
        {
            key: column(usual, usual | long, usual | odd)
            for key in draw(st.sets(st.sampled_from(["a", "é", "\ud800"])))
        },
        {"m": column(usual, usual | long, usual | odd)},
        {
            draw(st.sampled_from(["X-A", "X-A", "X-A", "Subject"])): column(
                st.just("<https://x.example>"), usual | odd
            )
        },
    )


@given(batches(), st.integers(0, 3_000))
def test_whole_columns_tell_what_a_look_at_each_tells(batch: RecipientParts, size: int) -> None:
    found = look_at_each(batch, {"m_edition": "5", "m_submission": "x" * size})
    assert unsendable(MESSAGE, batch, {"m_submission": "x" * size}) == found
