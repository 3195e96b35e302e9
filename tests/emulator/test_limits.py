"""Each limit of /v3/mail/send, with the answer it gives."""

import time
from typing import Any

import pytest

from tests.emulator.playground import Playground, mail, recipient

HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#message."
LONG = {"note": "x" * 9_990}


def test_a_request_in_order_is_accepted_with_a_message_id(emulator: Playground) -> None:
    answer = emulator.send(mail())
    assert (answer.status, answer.body) == (202, b"")
    assert answer.headers["x-message-id"]
    assert "." not in answer.headers["x-message-id"]


def test_every_answer_carries_the_rate_limit(emulator: Playground) -> None:
    headers = emulator.send(mail()).headers
    assert headers["x-ratelimit-limit"] == "10000"
    assert int(headers["x-ratelimit-reset"]) >= int(time.time())
    assert emulator.api("GET", "/v3/scopes").headers["x-ratelimit-remaining"] == "599"


def test_a_thousand_personalizations_pass(emulator: Playground) -> None:
    people = [recipient(f"r{number}@example.org") for number in range(1000)]
    assert emulator.send(mail(*people)).status == 202
    assert emulator.control("GET", "/summary")["messages"] == 1000


CASES: list[tuple[str, dict[str, Any], str | None, str]] = [
    ("no personalization", mail(personalizations=[]), "personalizations", "You must have at least one"),
    (
        "too many personalizations",
        mail(*[recipient(f"r{n}@example.org") for n in range(1001)]),
        "personalizations",
        "You have provided 1001 personalizations.",
    ),
    (
        "too many recipients",
        mail({"to": [{"email": f"r{n}@example.org"} for n in range(900)],
              "cc": [{"email": f"c{n}@example.org"} for n in range(101)]}),
        "personalizations",
        "There is a limit of 1000 total recipients (to + cc + bcc) per request.",
    ),
    ("nobody to send to", mail({"cc": [{"email": "a@example.org"}]}), "personalizations.0.to", "is required"),
    (
        "an address twice in one personalization",
        mail({"to": [{"email": "a@example.org"}], "bcc": [{"email": "A@Example.org"}]}),
        "personalizations.0",
        "We found the first duplicate instance of [A@Example.org] in the personalizations.0.bcc field.",
    ),
    (
        "an address twice in one request, without case",
        mail(recipient("a@example.org"), recipient("A@EXAMPLE.org")),
        "personalizations.1.to",
        "You have included [A@EXAMPLE.org] more than once.",
    ),
    ("a broken address", mail(recipient("a@b@c")), "personalizations.0.to.0.email", "Does not contain a valid address."),
    ("an address without a dot", mail(recipient("a@localhost")), "personalizations.0.to.0.email", "valid address"),
    (
        "an address of 321 characters",
        mail(recipient("a" * 60 + "@" + "b." * 128 + "com" + "x")),
        "personalizations.0.to.0.email",
        "longer than 320",
    ),
    ("no address", mail({"to": [{"name": "A"}]}), "personalizations.0.to.0", "valid address"),
    ("a semicolon in a name", mail({"to": [{"email": "a@example.org", "name": "A; B"}]}),
     "personalizations.0.to.0.name", "; or ,"),
    ("a comma in a name", mail(**{"from": {"email": "a@example.org", "name": "A, B"}}), "from.name", "; or ,"),
    ("substitutions too large", mail(recipient("a@example.org", substitutions={"-a-": "é" * 5000})),
     "personalizations.0.substitutions", "10,000 bytes"),
    ("too many substitutions",
     mail(recipient("a@example.org", substitutions={f"-{n}-": "" for n in range(151)})),
     "personalizations.0.substitutions", "150 items"),
    ("custom_args too large once merged",
     mail(recipient("a@example.org", custom_args=LONG), custom_args={"shared": "x" * 50}),
     "personalizations.0.custom_args", "10,000 bytes"),
    ("empty custom_args", mail(recipient("a@example.org", custom_args={})),
     "personalizations.0.custom_args", "cannot be empty"),
    ("empty custom_args of the message", mail(custom_args={}), "custom_args", "cannot be empty"),
    ("eleven categories", mail(categories=[f"c{n}" for n in range(11)]), "categories", "You provided 11"),
    ("a category twice", mail(categories=["a", "a"]), "categories.1", "must be a unique list"),
    ("a category that is not ASCII", mail(categories=["é"]), "categories.0", "non-ASCII"),
    ("a category too long", mail(categories=["c" * 256]), "categories.0", "255 characters"),
    ("send_at that is no integer", mail(send_at="1"), "send_at", "UNIX timestamp as an integer"),
    ("send_at true", mail(recipient("a@example.org", send_at=True)), "personalizations.0.send_at", "UNIX timestamp"),
    ("send_at in four days", mail(send_at=int(time.time()) + 4 * 86400), "send_at", "more than 72 hours"),
    ("an empty headers object", mail(recipient("a@example.org", headers={})),
     "personalizations.0.headers", "cannot be empty"),
    ("an empty header", mail(headers={"X-A": ""}), "headers.X-A", "at least one character"),
    ("a line break in a header", mail(headers={"X-A": "a\r\nBcc: b@example.org"}), "headers.X-A", "CRLF"),
    ("an empty header of a recipient", mail(recipient("a@example.org", headers={"X-A": "a", "X-B": ""})),
     "personalizations.0.headers.X-B", "at least one character"),
    ("a line break in a header of a recipient", mail(recipient("a@example.org", headers={"X-A": "a\nb"})),
     "personalizations.0.headers.X-A", "CRLF"),
    ("a header twice, without case", mail(recipient("a@example.org", headers={"X-A": "a", "x-a": "b"})),
     "personalizations.0.headers.x-a", "duplicate keys"),
    ("a space in a header name of a recipient", mail(recipient("a@example.org", headers={"X A": "a"})),
     "personalizations.0.headers.X A", "empty spaces"),
    ("a space in a header name", mail(headers={"X A": "a"}), "headers.X A", "empty spaces"),
    ("HTML before text",
     mail(content=[{"type": "text/html", "value": "a"}, {"type": "text/plain", "value": "a"}]),
     "content", "text/plain needs to be first"),
    ("an empty text", mail(content=[{"type": "text/plain", "value": ""}]), "content.0.value", "one character"),
    ("no content", mail(content=None), "content", "is required"),
    ("no subject", mail(subject=None), "subject", "The subject is required."),
    ("an empty subject", mail(subject=""), "subject", "one character"),
    ("no sender", mail(**{"from": None}), "from", "must be provided"),
    ("26 groups to display", mail(asm={"group_id": 1, "groups_to_display": list(range(26))}),
     "asm.groups_to_display", "limit of 25"),
    ("sections", mail(sections={"-a-": "b"}), "sections", "retired in 2020"),
    ("a template", mail(template_id="d-1"), "template_id", "must be a valid template id"),
    ("a misspelt key", mail(catgories=["a"]), "catgories", "not allowed"),
    ("a switch that is no boolean", mail(mail_settings={"sandbox_mode": {"enable": "yes"}}),
     "mail_settings.sandbox_mode.enable", "boolean"),
    ("more than 1,000 tracked links",
     mail(content=[{"type": "text/html", "value": '<a href="https://example.com">a</a>' * 1001}]),
     "content.0.value", "1,000 tracked links"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_what_breaks_a_limit_is_refused_by_name(
    emulator: Playground, body: dict[str, Any], field: str | None, message: str
) -> None:
    answer = emulator.send(body)
    assert answer.status == 400
    ((found, words),) = answer.errors
    assert found == field
    assert message in words
    assert answer.json()["errors"][0]["help"].startswith(HELP)
    assert emulator.control("GET", "/summary")["messages"] == 0


@pytest.mark.parametrize(
    "name",
    ["x-sg-id", "x-sg-eid", "Received", "DKIM-Signature", "Content-Type", "Content-Transfer-Encoding", "To", "From",
     "Subject", "Reply-To", "CC", "BCC"],
)  # fmt: skip
def test_a_reserved_header_is_refused(emulator: Playground, name: str) -> None:
    answer = emulator.send(mail(recipient("a@example.org", headers={name: "x"})))
    assert answer.status == 400
    assert answer.errors[0][0] == f"personalizations.0.headers.{name}"


@pytest.mark.parametrize(
    "body",
    [
        mail(recipient("a@example.org", substitutions={"-a-": 1})),
        mail(recipient("a@example.org", custom_args={"a": 1})),
        mail(recipient("a@example.org", headers={"X-A": 1})),
        mail(subject=1),
        mail(personalizations={}),
        mail({"to": "a@example.org"}),
        mail(recipient(5)),
        [],
        b"{",
    ],
)
def test_a_value_of_the_wrong_type_is_a_bare_bad_request(emulator: Playground, body: Any) -> None:
    answer = emulator.send(body)
    assert (answer.status, answer.errors) == (400, [(None, "Bad Request")])


def test_one_bad_recipient_refuses_all(emulator: Playground) -> None:
    people = [recipient(f"r{number}@example.org") for number in range(20)]
    answer = emulator.send(mail(*people[:17], recipient("broken"), *people[17:]))
    assert answer.errors == [("personalizations.17.to.0.email", "Does not contain a valid address.")]
    assert emulator.messages() == []


def test_every_bad_recipient_is_named(emulator: Playground) -> None:
    answer = emulator.send(mail(recipient("broken"), recipient("a@example.org"), recipient("b@")))
    assert [field for field, _ in answer.errors] == [
        "personalizations.0.to.0.email",
        "personalizations.2.to.0.email",
    ]


def test_a_request_over_20_mb_gets_413_as_a_page(emulator: Playground) -> None:
    answer = emulator.send(mail(content=[{"type": "text/plain", "value": "x" * (20 * 1024 * 1024)}]))
    assert answer.status == 413
    assert answer.body.startswith(b"<html>")


def test_bad_utf8_and_another_content_type_get_415(emulator: Playground) -> None:
    assert emulator.send(b'{"subject": "\xff"}').errors == [(None, "Invalid UTF8 in request.")]
    assert emulator.send(b'{"subject": "\xff"}').status == 415
    assert emulator.send(mail(), **{"Content-Type": "text/plain"}).status == 415
    assert emulator.send(mail(), **{"Content-Type": "application/json; charset=utf-8"}).status == 202


def test_a_sandbox_request_is_checked_and_forgotten(emulator: Playground) -> None:
    sandbox = {"sandbox_mode": {"enable": True}}
    assert emulator.send(mail(mail_settings=sandbox)).status == 200
    assert emulator.send(mail(mail_settings=sandbox, subject="")).status == 400
    assert emulator.messages() == []


def test_names_in_every_script_pass(emulator: Playground) -> None:
    person = {"to": [{"email": "a@example.org", "name": "王小明 🌸 Ngũgĩ"}]}
    assert emulator.send(mail(person)).status == 202
    assert emulator.messages()[0]["name"] == "王小明 🌸 Ngũgĩ"
