"""The tables of answers and of network trouble, line by line."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.sendgrid.answer import Answer, Phase
from mailer.sendgrid.outcome import (
    Accepted,
    Outcome,
    Refused,
    Rejected,
    Retry,
    TooLarge,
    Unknown,
    classify,
    error_text,
)

HTML = b"<html><body>502 Bad Gateway</body></html>"


def answered(status: int, errors: object = None, phase: Phase = "answered", **headers: str) -> Answer:
    body = b"" if errors is None else orjson.dumps({"errors": errors})
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body, phase)


@pytest.mark.parametrize(
    ("phase", "error", "outcome"),
    [
        ("not_connected", "dns", Retry("not connected: dns")),
        ("not_connected", "refused", Retry("not connected: refused")),
        ("not_connected", "timeout", Retry("not connected: timeout")),
        ("not_connected", "tls_certificate", Retry("not connected: tls_certificate")),
        ("body_incomplete", "reset", Retry("broke off before the request was written: reset")),
        ("no_answer", "timeout", Unknown("no answer: timeout")),
        ("no_answer", "closed", Unknown("no answer: closed")),
        ("no_answer", "reset", Unknown("no answer: reset")),
    ],
)
def test_network_trouble(phase: Phase, error: str, outcome: Outcome) -> None:
    assert classify(Answer(None, {}, b"", phase, error)) == outcome


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (answered(202, x_message_id="abc-DEF_1"), Accepted("abc-DEF_1")),
        (answered(202), Accepted(None)),
        (answered(202, x_message_id="two words"), Accepted(None)),
        (answered(200), Accepted(None)),
        (answered(400, [{"message": "No", "field": None}]), Rejected("bad_request", "No")),
        (answered(415, [{"message": "Bad UTF-8"}]), Rejected("unsupported_media_type", "Bad UTF-8")),
        (answered(409), Rejected("http_409", "SendGrid answered 409 and gave no reason")),
        (answered(401, [{"message": "Bad key"}]), Refused("unauthorized", "Bad key")),
        (answered(403, [{"message": "Not verified"}]), Refused("forbidden", "Not verified")),
        (answered(404), Refused("not_found", "SendGrid answered 404 and gave no reason")),
        (answered(302), Refused("redirected", "SendGrid answered 302 and gave no reason")),
        (answered(413), TooLarge("SendGrid answered 413 and gave no reason")),
        (answered(408), Retry("SendGrid did not get the whole request in time")),
        (answered(429, x_ratelimit_reset="1764000000"), Retry("too many requests", None, 1764000000, True)),
        (answered(429, retry_after="30"), Retry("too many requests", 30, None, True)),
        (
            answered(429, x_ratelimit_reset="soon", retry_after="-1"),
            Retry("too many requests", None, None, True),
        ),
        (answered(500), Unknown("http_500")),
        (answered(502), Unknown("http_502")),
        (answered(503, retry_after="30"), Unknown("http_503")),
        (answered(504), Unknown("http_504")),
        (answered(303), Unknown("http_303")),
        (answered(204), Unknown("http_204")),
        (answered(102), Unknown("http_102")),
    ],
)
def test_answers(answer: Answer, outcome: Outcome) -> None:
    assert classify(answer) == outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (413, TooLarge("SendGrid answered 413 and gave no reason")),
        (400, Rejected("bad_request", "SendGrid answered 400 and gave no reason")),
        (503, Retry("http_503 before the request was written", None, None, True)),
        (202, Unknown("http_202")),
    ],
)
def test_an_early_answer_counts_with_the_proof_that_the_request_was_incomplete(
    status: int, outcome: Outcome
) -> None:
    assert classify(answered(status, phase="body_incomplete")) == outcome


def test_the_recipients_that_a_rejection_names_are_found() -> None:
    errors = [
        {"message": "Bad address", "field": "personalizations.17.to"},
        {"message": "Bad address", "field": "personalizations.4.to.0.email"},
        {"message": "Bad address", "field": "personalizations[999].to"},
        {"message": "Again", "field": "personalizations.17.substitutions"},
        {"message": "Elsewhere", "field": "from.email"},
        {"message": "Nowhere", "field": None},
        {"message": "Not an index", "field": "personalizations.12345678"},
        {"message": "No index", "field": "personalizations"},
    ]
    outcome = classify(answered(400, errors))
    assert isinstance(outcome, Rejected)
    assert outcome.indexes == (4, 17, 999)
    assert outcome.message.startswith("Bad address; Again; Elsewhere")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        HTML,
        b"null",
        b"[]",
        b"3",
        b"{",
        b'{"errors":null}',
        b'{"errors":{}}',
        b'{"errors":[null,3,[],{}]}',
        b'{"errors":[{"message":null,"field":null}]}',
        b'{"errors":[{"message":{},"field":[]}]}',
        b"\xff\xfe",
    ],
)
@pytest.mark.parametrize("status", [400, 401, 413, 429, 500])
def test_a_body_without_messages_is_no_trouble(status: int, body: bytes) -> None:
    outcome = classify(Answer(status, {}, body, "answered"))
    assert not isinstance(outcome, Accepted)
    assert "html" not in repr(outcome)


def test_messages_hold_no_address_no_control_character_and_are_short() -> None:
    text = error_text(
        orjson.dumps({"errors": [{"message": "<ann@example.com> is\nbad\x1b[31m " + "x" * 1000}, "y"]})
    )
    assert text.startswith("<address> is bad[31m xxx")
    assert len(text) == 500


@given(st.integers(100, 599), st.binary(max_size=200), st.dictionaries(st.text(), st.text(), max_size=3))
def test_every_answer_has_an_outcome_and_only_200_and_202_are_accepted(
    status: int, body: bytes, headers: dict[str, str]
) -> None:
    outcome = classify(Answer(status, headers, body, "answered"))
    assert isinstance(outcome, Accepted) == (status in (200, 202))
    if status >= 500:
        assert isinstance(outcome, Unknown)
