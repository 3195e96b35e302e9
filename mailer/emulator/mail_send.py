"""Reads the body of POST /v3/mail/send and says whether SendGrid would take it: all or nothing."""

import re
from dataclasses import dataclass
from typing import Any

import orjson

from mailer.emulator import limits
from mailer.emulator.limits import BAD_REQUEST, FieldError, WrongType, refused
from mailer.emulator.links import tracked_links
from mailer.emulator.personalizations import (
    SUBJECT_EMPTY,
    check_address,
    check_custom_args,
    check_headers,
    check_personalizations,
    check_send_at,
)

CONTENT_ORDER = (
    "Following RFC 1341, section 7.2, if either text/html or text/plain are to be sent in your email: "
    "text/plain needs to be first, followed by text/html, followed by any other content."
)
KNOWN = frozenset(
    {
        "personalizations",
        "from",
        "reply_to",
        "reply_to_list",
        "subject",
        "content",
        "attachments",
        "template_id",
        "headers",
        "categories",
        "custom_args",
        "send_at",
        "batch_id",
        "asm",
        "ip_pool_name",
        "mail_settings",
        "tracking_settings",
        "sections",
    }
)
_JSON_TYPE = re.compile(r"application/json\s*(;.*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Readable:
    """A request SendGrid would take: the parsed body, its recipients' addresses in lower case and in order,
    and whether it is a sandbox request, which is checked and then forgotten."""

    body: dict[str, Any]
    addresses: tuple[str, ...]
    sandbox: bool


@dataclass(frozen=True)
class Refusal:
    """A request SendGrid would refuse, with the status and the errors of the answer."""

    status: int
    errors: tuple[FieldError, ...]


def read_mail_send(raw: bytes, content_type: str, now: float) -> Readable | Refusal:
    """Check a whole request.

    `raw` is the body as it came, `content_type` the header, `now` in unix seconds. Never raises.
    """
    if not _JSON_TYPE.fullmatch(content_type.strip()):
        return Refusal(415, (FieldError("Content-Type should be application/json."),))
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        try:
            raw.decode()
        except UnicodeDecodeError:
            return Refusal(415, (FieldError("Invalid UTF8 in request."),))
        return Refusal(400, (BAD_REQUEST,))
    try:
        if type(body) is not dict:
            raise WrongType
        shared_args = body.get("custom_args") or {}
        errors = _check_message(body, now)
        found, addresses = check_personalizations(
            body.get("personalizations"), shared_args, "subject" in body, now
        )
        sandbox = _sandbox(body)
    except WrongType:
        return Refusal(400, (BAD_REQUEST,))
    if errors or found:
        return Refusal(400, (*errors, *found))
    return Readable(body, tuple(addresses), sandbox)


def _check_message(body: dict[str, Any], now: float) -> list[FieldError]:
    errors = [refused(key, f"Additional property {key} is not allowed.") for key in body if key not in KNOWN]
    if body.get("from") is None:
        errors.append(refused("from", "The from object must be provided for every email send."))
    else:
        errors += check_address(body["from"], "from")
    if "reply_to" in body:
        errors += check_address(body["reply_to"], "reply_to")
    for place, person in enumerate(_list(body.get("reply_to_list", []))):
        errors += check_address(person, f"reply_to_list.{place}")
    if "subject" in body:
        if type(body["subject"]) is not str:
            raise WrongType
        if not body["subject"]:
            errors.append(refused("subject", SUBJECT_EMPTY))
    if "custom_args" in body:
        errors += check_custom_args(body["custom_args"], {}, "custom_args")
    if "headers" in body:
        errors += check_headers(body["headers"], "headers")
    if "send_at" in body:
        errors += check_send_at(body["send_at"], "send_at", now)
    if body.get("template_id") is not None:
        # There are no templates here, as in an account that has none.
        message = (
            "The Template ID must be a valid template id for your account. "
            f"You provided {body['template_id']!s:.100}."
        )
        errors.append(refused("template_id", message))
    if "sections" in body:
        message = "The sections parameter was retired in 2020 and is not accepted. Use substitutions."
        errors.append(refused("sections", message))
    errors += _check_content(body.get("content"))
    errors += _check_categories(body.get("categories", []))
    errors += _check_asm(body.get("asm"))
    errors += _check_attachments(body.get("attachments", []))
    errors += _check_switches(body)
    return errors


def _check_content(content: object) -> list[FieldError]:
    if content is None:
        message = (
            "The content param is required unless you are using a transactional template and have defined "
            "a template_id."
        )
        return [refused("content", message)]
    parts = _list(content)
    if not parts:
        return [refused("content", "There must be at least one defined content block.")]
    errors = []
    order = []
    for place, part in enumerate(parts):
        if type(part) is not dict:
            raise WrongType
        kind, value = part.get("type"), part.get("value")
        if not (kind is None or type(kind) is str) or not (value is None or type(value) is str):
            raise WrongType
        if not kind:
            message = "Your content type must be a string with length of at least one character."
            errors.append(refused(f"content.{place}.type", message))
        elif ";" in kind or "\r" in kind or "\n" in kind:
            errors.append(refused(f"content.{place}.type", "Cannot contain ';', or CRLF characters."))
        if not value:
            message = "The content value must be a string at least one character in length."
            errors.append(refused(f"content.{place}.value", message))
        elif kind == "text/html" and len(tracked_links(value)) > limits.TRACKED_LINKS:
            message = "A message may hold at most 1,000 tracked links."
            errors.append(refused(f"content.{place}.value", message))
        order.append({"text/plain": 0, "text/html": 1}.get(kind or "", 2))
    if order != sorted(order):
        errors.append(refused("content", CONTENT_ORDER))
    elif order.count(0) > 1 or order.count(1) > 1:
        errors.append(refused("content", "Each content type may be given only once."))
    return errors


def _check_categories(categories: object) -> list[FieldError]:
    names = _list(categories)
    if not all(type(name) is str for name in names):
        return [refused("categories", "Categories must be an array of strings.")]
    if len(names) > limits.CATEGORIES:
        message = (
            "There is a limit of 10 categories for each email that is sent. "
            f"You provided {len(names)} categories."
        )
        return [refused("categories", message)]
    errors = []
    for place, name in enumerate(names):
        if not name:
            errors.append(refused(f"categories.{place}", "A category cannot be empty."))
        if not name.isascii():
            errors.append(refused(f"categories.{place}", "Categories can not contain non-ASCII characters."))
        if len(name) > limits.CATEGORY_CHARACTERS:
            message = f"Each category must not be longer than 255 characters. {name} exceeds this limit."
            errors.append(refused(f"categories.{place}", message))
        if name in names[:place]:
            message = f"The categories must be a unique list, and you have included {name} more than once."
            errors.append(refused(f"categories.{place}", message))
    return errors


def _check_asm(asm: object) -> list[FieldError]:
    if asm is None:
        return []
    if type(asm) is not dict:
        raise WrongType
    errors = []
    if type(asm.get("group_id")) is not int:
        errors.append(refused("asm.group_id", "The ASM group ID must be an integer."))
    groups = asm.get("groups_to_display", [])
    if type(groups) is not list or not all(type(group) is int for group in groups):
        message = "The ASM Group IDs to display must be an array of integers."
        errors.append(refused("asm.groups_to_display", message))
    elif len(groups) > limits.GROUPS_TO_DISPLAY:
        message = "There is a limit of 25 unsubscribe groups that can be displayed to a user at a time."
        errors.append(refused("asm.groups_to_display", message))
    return errors


def _check_attachments(attachments: object) -> list[FieldError]:
    errors = []
    for place, attachment in enumerate(_list(attachments)):
        if type(attachment) is not dict:
            raise WrongType
        for key in ("content", "filename"):
            if type(attachment.get(key)) is not str or not attachment[key]:
                message = f"The attachment {key} must be a string at least one character in length."
                errors.append(refused(f"attachments.{place}.{key}", message))
    return errors


def _check_switches(body: dict[str, Any]) -> list[FieldError]:
    """Settings are objects of objects whose `enable` is a boolean."""
    errors = []
    for group in ("mail_settings", "tracking_settings"):
        settings = body.get(group, {})
        if type(settings) is not dict:
            raise WrongType
        for name, setting in settings.items():
            if type(setting) is not dict:
                raise WrongType
            if "enable" in setting and type(setting["enable"]) is not bool:
                words = name.replace("_", " ")
                message = f"The {words} enable param should be a boolean value."
                errors.append(refused(f"{group}.{name}.enable", message))
    return errors


def _sandbox(body: dict[str, Any]) -> bool:
    return body.get("mail_settings", {}).get("sandbox_mode", {}).get("enable") is True


def _list(value: object) -> list[Any]:
    if type(value) is not list:
        raise WrongType
    return value
