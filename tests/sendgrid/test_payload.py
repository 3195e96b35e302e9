"""The JSON of a request, against the same thing written as plain dicts."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.sendgrid.errors import PayloadError
from mailer.sendgrid.limits import clean_name
from mailer.sendgrid.payload import Message, RecipientPart, RecipientParts, body, compile_message
from tests.sendgrid.columns import columns

MESSAGE = Message(
    from_email="news@example.org",
    from_name="The News",
    subject="This week {{s1}}",
    text="Hello",
    html="<p>Hello</p>",
    reply_to="desk@example.org",
    categories=("weekly", "list-7"),
    headers={"List-Id": "<weekly.example.org>"},
    custom_args={"m_edition": "5"},
)
ANN = RecipientPart(
    "ann@example.com",
    "Ann",
    {"{{s1}}": "for Ann", "{{h1}}": "Ann &amp; co"},
    {"m_delivery": "12"},
    {
        "List-Unsubscribe": "<https://example.org/u/abc>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    },
)


BOB = ANN._replace(
    email="bob@example.com",
    name="",
    substitutions={"{{s1}}": "", "{{h1}}": "Bob"},
    custom_args={"m_delivery": "13"},
)


def decoded(message: Message, *recipients: RecipientPart, **custom_args: str) -> Any:
    return orjson.loads(body(compile_message(message), columns(*recipients), custom_args))


def test_a_request_holds_the_message_once_and_each_recipient() -> None:
    assert decoded(MESSAGE, ANN, BOB, m_submission="9") == {
        "from": {"email": "news@example.org", "name": "The News"},
        "reply_to": {"email": "desk@example.org"},
        "subject": "This week {{s1}}",
        "content": [
            {"type": "text/plain", "value": "Hello"},
            {"type": "text/html", "value": "<p>Hello</p>"},
        ],
        "categories": ["weekly", "list-7"],
        "headers": {"List-Id": "<weekly.example.org>"},
        "tracking_settings": {
            "click_tracking": {"enable": True, "enable_text": False},
            "open_tracking": {"enable": True},
            "subscription_tracking": {"enable": False},
        },
        "custom_args": {"m_edition": "5", "m_submission": "9"},
        "personalizations": [
            {
                "to": [{"email": "ann@example.com", "name": "Ann"}],
                "substitutions": {"{{s1}}": "for Ann", "{{h1}}": "Ann &amp; co"},
                "custom_args": {"m_delivery": "12"},
                "headers": ANN.headers,
            },
            {
                "to": [{"email": "bob@example.com"}],
                "substitutions": {"{{s1}}": "", "{{h1}}": "Bob"},
                "custom_args": {"m_delivery": "13"},
                "headers": ANN.headers,
            },
        ],
    }


def test_nothing_empty_is_sent() -> None:
    plain = Message(from_email="news@example.org", from_name="", subject="x", html="<p>x</p>")
    request = decoded(plain, RecipientPart("ann@example.com", "", {}, {}, {}))
    assert set(request) == {"from", "subject", "content", "tracking_settings", "personalizations"}
    assert request["content"] == [{"type": "text/html", "value": "<p>x</p>"}]
    assert request["personalizations"] == [{"to": [{"email": "ann@example.com"}]}]


def test_tracking_can_be_turned_off_and_sandbox_and_pool_on() -> None:
    message = Message(
        from_email="news@example.org",
        from_name="",
        subject="x",
        text="x",
        click_tracking=False,
        open_tracking=False,
        ip_pool="bulk",
        sandbox=True,
    )
    request = decoded(message, ANN)
    assert request["tracking_settings"]["click_tracking"]["enable"] is False
    assert request["tracking_settings"]["open_tracking"]["enable"] is False
    assert request["mail_settings"] == {"sandbox_mode": {"enable": True}}
    assert request["ip_pool_name"] == "bulk"


# What stands between texts in JSON, what templates are filled by, and what JSON escapes.
hostile = st.sampled_from(
    [
        '"',
        "\\",
        ",",
        "%",
        "b",
        "(",
        "s",
        ":",
        "[",
        "]",
        "{",
        "}",
        "\x00",
        "\n",
        "\x7f",
        "\u2028",
        "é",
        "你",
        "👩‍👩‍👧",
    ]
)
texts = st.text(max_size=30) | st.lists(hostile, max_size=12).map("".join)
keys = st.lists(texts.filter(bool), max_size=4, unique=True)


@st.composite
def recipient_parts(draw: st.DrawFn) -> RecipientParts:
    size = draw(st.integers(1, 5))
    column = st.lists(texts, min_size=size, max_size=size)
    substitutions, custom_args, headers = (
        {key: draw(column) for key in draw(keys)} for _ in ("substitutions", "custom_args", "headers")
    )
    return RecipientParts(draw(column), draw(column), substitutions, custom_args, headers)


def as_dict(recipient: RecipientPart) -> dict[str, Any]:
    name = clean_name(recipient.name)
    fields = {
        "to": [{"email": recipient.email, "name": name} if name else {"email": recipient.email}],
        "substitutions": recipient.substitutions,
        "custom_args": recipient.custom_args,
        "headers": recipient.headers,
    }
    return {key: value for key, value in fields.items() if value}


@given(
    recipient_parts(),
    st.text(min_size=1).filter(str.strip),
    texts,
    texts,
    st.dictionaries(texts, texts, max_size=4),
)
def test_any_text_arrives_as_it_is(
    recipients: RecipientParts, subject: str, text: str, html: str, custom_args: dict[str, str]
) -> None:
    message = Message(
        from_email="a@example.org",
        from_name="",
        subject=subject,
        text=text + ".",
        html=html + ".",
        custom_args={"a": "b"},
    )
    request = orjson.loads(body(compile_message(message), recipients, custom_args))
    assert request["subject"] == subject
    assert [part["value"] for part in request["content"]] == [text + ".", html + "."]
    assert request["custom_args"] == {"a": "b", **custom_args}
    assert request["personalizations"] == [as_dict(each) for each in recipients]


def test_columns_are_read_recipient_by_recipient_and_can_lose_some() -> None:
    carl = BOB._replace(email="carl@example.com")
    assert list(columns(ANN, BOB, carl)) == [ANN, BOB, carl]
    assert columns(ANN, BOB, carl).only([True, False, True]) == columns(ANN, carl)


def test_a_column_that_misses_somebody_is_an_error() -> None:
    two = columns(ANN, BOB)
    for wrong in (replace(two, names=["Ann"]), replace(two, substitutions={"{{s1}}": ["for Ann"]})):
        with pytest.raises(ValueError, match=r"zip\(\)"):
            body(compile_message(MESSAGE), wrong)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("Ann Smith", "Ann Smith"),
        ("Smith, Ann; PhD", "Smith Ann PhD"),
        ("  Ann\r\nBcc: x@example.com ", "Ann Bcc: x@example.com"),
        ("王小明", "王小明"),
        ("Zoë 👩‍👩‍👧", "Zoë 👩‍👩‍👧"),
        (";,;", ""),
        ("", ""),
    ],
)
def test_names_lose_what_sendgrid_cannot_take(name: str, cleaned: str) -> None:
    assert clean_name(name) == cleaned


@given(st.text())
def test_a_cleaned_name_is_safe_and_stays_as_it_is(name: str) -> None:
    cleaned = clean_name(name)
    assert not set(cleaned) & set(";,\r\n\x00\x7f\x85\u2028")
    assert clean_name(cleaned) == cleaned


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"from_email": "nobody"}, "bad_from"),
        ({"reply_to": "a@b"}, "bad_reply_to"),
        ({"subject": " "}, "no_subject"),
        ({"text": "", "html": ""}, "no_content"),
        ({"categories": tuple(map(str, range(11)))}, "bad_categories"),
        ({"categories": ("a", "a")}, "bad_categories"),
        ({"categories": ("é",)}, "bad_categories"),
        ({"categories": ("x" * 256,)}, "bad_categories"),
        ({"categories": ("",)}, "bad_categories"),
        ({"headers": {"Reply-To": "x"}}, "bad_header"),
        ({"headers": {"X-A": "1\r\nBcc: x"}}, "bad_header"),
        ({"headers": {"X A": "1"}}, "bad_header"),
        ({"headers": {"X-A": ""}}, "bad_header"),
        ({"custom_args": {"a": 1}}, "bad_custom_args"),
        ({"custom_args": {"a": "x" * 10_000}}, "bad_custom_args"),
        ({"html": "\ud800"}, "bad_text"),
    ],
)
def test_a_message_that_sendgrid_would_refuse_is_refused_by_name(change: dict[str, Any], code: str) -> None:
    fields: dict[str, Any] = {
        "from_email": "a@example.org",
        "from_name": "",
        "subject": "x",
        "text": "x",
        **change,
    }
    with pytest.raises(PayloadError) as caught:
        compile_message(Message(**fields))
    assert caught.value.code == code


@pytest.mark.parametrize("count", [0, 1001])
def test_a_request_takes_1_to_1000_recipients(count: int) -> None:
    with pytest.raises(PayloadError) as caught:
        body(compile_message(MESSAGE), RecipientParts([ANN.email] * count, [ANN.name] * count))
    assert caught.value.code == "bad_recipient_count"
    assert len(decoded(MESSAGE, *[ANN] * 1000)["personalizations"]) == 1000


def test_a_lone_surrogate_is_refused_not_sent() -> None:
    with pytest.raises(PayloadError) as caught:
        body(compile_message(MESSAGE), columns(ANN._replace(name="\ud800")))
    assert caught.value.code == "bad_text"
