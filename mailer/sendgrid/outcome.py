"""What an answer to mail/send means for its batch.

The rule behind every line: a batch may go again only where it is proven that SendGrid did not accept it, and what
is not proven either way is unknown.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from mailer.sendgrid.answer import Answer


@dataclass(frozen=True)
class Accepted:
    """SendGrid queued the whole request. `message_id` is X-Message-Id, the part before the first dot of every
    sg_message_id of this request; it is sometimes missing."""

    message_id: str | None


@dataclass(frozen=True)
class Rejected:
    """Not accepted, and the same request will not be. `indexes` are the personalizations that the answer names,
    ascending; empty when it names none, and then nobody knows which recipient is to blame, if one is."""

    code: str
    message: str
    indexes: tuple[int, ...] = ()


@dataclass(frozen=True)
class TooLarge:
    """Not accepted, because the request is too large: send it in smaller parts."""

    message: str


@dataclass(frozen=True)
class Refused:
    """Not accepted, and no other request will be: a bad key, a missing permission, an unverified sender, a wrong
    host. Not the recipients' fault. Stop the send and show it."""

    code: str
    message: str


@dataclass(frozen=True)
class Retry:
    """Proven not accepted; the same request may go again: `after` seconds, or at `until` (unix seconds), or when
    the caller likes if both are None. `slow_down` asks the whole sender to send less."""

    reason: str
    after: int | None = None
    until: int | None = None
    slow_down: bool = False


@dataclass(frozen=True)
class Unknown:
    """It may have been accepted. Never send it again without evidence."""

    reason: str


Outcome: TypeAlias = Accepted | Rejected | TooLarge | Refused | Retry | Unknown

MESSAGE_LIMIT = 500


def classify(answer: Answer) -> Outcome:
    """Decide what became of a mail/send request. Total: every answer has an outcome, and nothing is raised."""
    if answer.phase == "not_connected":
        return Retry(f"not connected: {answer.error}")
    if answer.status is None:
        if answer.phase == "body_incomplete":
            return Retry(f"broke off before the request was written: {answer.error}")
        return Unknown(f"no answer: {answer.error}")
    return _by_status(answer, answer.status)


def _by_status(answer: Answer, status: int) -> Outcome:
    incomplete = answer.phase == "body_incomplete"
    said = error_text(answer.body) or f"SendGrid answered {status} and gave no reason"
    if status in (200, 202) and not incomplete:  # 200 is the answer in sandbox mode
        return Accepted(_message_id(answer))
    if status == 429:
        return Retry("too many requests", _retry_after(answer), reset_time(answer), slow_down=True)
    if status == 408:
        return Retry("SendGrid did not get the whole request in time")
    if status == 413:
        return TooLarge(said)
    if status in _REFUSALS:
        return Refused(_REFUSALS[status], said)
    if 400 <= status < 500:
        return Rejected(_REJECTIONS.get(status, f"http_{status}"), said, _personalizations(answer.body))
    if status >= 500 and incomplete:
        return Retry(f"http_{status} before the request was written", _retry_after(answer), slow_down=True)
    return Unknown(f"http_{status}")


_REJECTIONS = {400: "bad_request", 415: "unsupported_media_type"}
# A redirect says that the API is elsewhere (RFC 9110, section 15.4), except 303, which may follow an accepted POST.
_REFUSALS = {
    301: "redirected",
    302: "redirected",
    307: "redirected",
    308: "redirected",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "not_found",
}


def error_text(body: bytes) -> str:
    """The messages of an error body in one line of at most 500 characters, addresses blanked; "" when there are
    none (an HTML page, nothing, something else)."""
    messages = dict.fromkeys(message for _, message in _errors(body) if message)
    line = " ".join(re.sub(r"\S*@\S*", "<address>", "; ".join(messages)).split())
    return "".join(character for character in line if character.isprintable())[:MESSAGE_LIMIT]


def reset_time(answer: Answer) -> int | None:
    """X-RateLimit-Reset, unix seconds: when SendGrid takes requests again. None if missing or no such number."""
    return _seconds(answer, "x-ratelimit-reset", digits=10)


def _retry_after(answer: Answer) -> int | None:
    # SendGrid sends none, a proxy before it may. The form with a date is not worth reading.
    return _seconds(answer, "retry-after", digits=5)


def _seconds(answer: Answer, header: str, digits: int) -> int | None:
    value = answer.headers.get(header, "").strip()
    return int(value) if re.fullmatch(rf"[0-9]{{1,{digits}}}", value) else None


def _message_id(answer: Answer) -> str | None:
    value = answer.headers.get("x-message-id", "").strip()
    return value if re.fullmatch(r"[\x21-\x7e]{1,200}", value) else None


def _personalizations(body: bytes) -> tuple[int, ...]:
    """The indexes named by fields such as `personalizations.17.to`."""
    found = (re.match(r"personalizations[.\[]([0-9]{1,4})(?![0-9])", field) for field, _ in _errors(body))
    return tuple(sorted({int(match[1]) for match in found if match}))


def _errors(body: bytes) -> Iterator[tuple[str, str]]:
    """(field, message) of each error, "" for null or missing ones, whatever else the body may be."""
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError:
        return
    errors = decoded.get("errors") if isinstance(decoded, dict) else None
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, str):
            yield "", error
        elif isinstance(error, dict):
            field, message = error.get("field"), error.get("message")
            yield field if isinstance(field, str) else "", message if isinstance(message, str) else ""
