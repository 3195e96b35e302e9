"""Recipients that would cost all the others their mail are found before the request leaves."""

from typing import Any

import pytest

from mailer.sendgrid.payload import Message, RecipientPart, compile_message
from mailer.sendgrid.screen import Unsendable, unsendable

MESSAGE = compile_message(
    Message(
        from_email="news@example.org", from_name="", subject="x", text="x", custom_args={"m_edition": "5"}
    )
)
GOOD = RecipientPart(
    "ann@example.com",
    "Ann, 王小明",
    [("{{a}}", "é" * 100)],
    {"m_delivery": "1"},
    {"List-Unsubscribe": "<https://x.example>"},
)


def reasons(*recipients: RecipientPart, **custom_args: str) -> list[tuple[int, str]]:
    return [(each.index, each.reason) for each in unsendable(MESSAGE, recipients, custom_args)]


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
        ({"substitutions": [("{{a}}", 5)]}, "not_text"),
        ({"substitutions": [("{{a}}", "\udfff")]}, "not_text"),
        ({"custom_args": {"m_delivery": 7}}, "not_text"),
        ({"substitutions": [("{{a}}", "x" * 8000)]}, "substitutions_too_large"),
        ({"substitutions": [("{{a}}", "你" * 2700)]}, "substitutions_too_large"),
        ({"substitutions": [("{{a}}", "\x01" * 1340)]}, "substitutions_too_large"),
        ({"custom_args": {"m": "x" * 9990}}, "custom_args_too_large"),
        ({"headers": {"Subject": "x"}}, "bad_header"),
        ({"headers": {"X-A": "1\nBcc: x@example.com"}}, "bad_header"),
        ({"headers": {"X-A": 1}}, "bad_header"),
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
        {"substitutions": []},
        {"substitutions": [("{{a}}", "")]},
        {"substitutions": [("{{a}}", "x" * 7980)]},
        {"substitutions": [("{{a}}", "\x01" * 1320)]},
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
    assert unsendable(MESSAGE, [GOOD._replace(email="x")]) == [Unsendable(0, "bad_address")]
