"""The JSON of a mail/send request.

What all recipients share is encoded once per edition (`compile_message`); each batch adds its recipients and
the ids of the submission (`body`).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import compress
from typing import NamedTuple

import orjson

from mailer.sendgrid.errors import PayloadError
from mailer.sendgrid.limits import (
    CATEGORIES,
    CATEGORY_CHARACTERS,
    CUSTOM_ARGS_BYTES,
    RECIPIENTS,
    bad_address,
    bad_header,
    clean_name,
)


@dataclass(frozen=True)
class Message:
    """What every recipient of an edition gets alike.

    `text` and `html` may hold the keys that recipients' substitutions replace. `headers` are the message's own
    (List-Id, Feedback-ID). `custom_args` come back in every event: opaque ids, never an address, and names that
    SendGrid does not use itself. `sandbox` has SendGrid check the request and send nothing.
    """

    from_email: str
    from_name: str
    subject: str
    text: str = ""
    html: str = ""
    reply_to: str | None = None
    categories: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    custom_args: Mapping[str, str] = field(default_factory=dict)
    click_tracking: bool = True
    open_tracking: bool = True
    ip_pool: str | None = None
    sandbox: bool = False


class RecipientPart(NamedTuple):
    """What one recipient gets of their own: a personalization.

    `substitutions` by key: SendGrid replaces the whole key wherever it stands in subject, text and HTML, and
    escapes nothing. `custom_args` and `headers` hold final values.
    """

    email: str
    name: str
    substitutions: Mapping[str, str]
    custom_args: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True)
class RecipientParts:
    """What the recipients of a request get of their own, column by column: see RecipientPart.

    A column holds a value for each recipient, all columns in the same order. A thousand recipients have the same
    keys, so what is done for each is done column by column: that takes a third of the time.
    """

    emails: Sequence[str]
    names: Sequence[str]
    substitutions: Mapping[str, Sequence[str]] = field(default_factory=dict)
    custom_args: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.emails)

    def __iter__(self) -> Iterator[RecipientPart]:
        by_name = [self._rows(each) for each in (self.substitutions, self.custom_args, self.headers)]
        return map(RecipientPart, self.emails, self.names, *by_name)

    def only(self, wanted: Sequence[bool]) -> "RecipientParts":
        """Those for whom `wanted`, in the same order, says True."""

        def kept(columns: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
            return {name: list(compress(column, wanted)) for name, column in columns.items()}

        return RecipientParts(
            list(compress(self.emails, wanted)),
            list(compress(self.names, wanted)),
            kept(self.substitutions),
            kept(self.custom_args),
            kept(self.headers),
        )

    def _rows(self, columns: Mapping[str, Sequence[str]]) -> list[dict[str, str]]:
        values = zip(*columns.values(), strict=True) if columns else [()] * len(self)
        return [dict(zip(columns, row, strict=True)) for row in values]


@dataclass(frozen=True)
class CompiledMessage:
    """An edition's part of the JSON: `shared` is an object without its closing brace."""

    shared: bytes = field(repr=False)
    custom_args: Mapping[str, str]


def compile_message(message: Message) -> CompiledMessage:
    """Encode what all recipients share.

    Raises PayloadError for what SendGrid would refuse whoever the recipients are: `bad_from`, `bad_reply_to`,
    `no_subject`, `no_content`, `bad_categories`, `bad_header`, `bad_custom_args`, `bad_text`.
    """
    _check(message)
    sender = _address(message.from_email, message.from_name)
    parts = (("text/plain", message.text), ("text/html", message.html))  # in this order, says SendGrid
    tracking = {
        "click_tracking": {"enable": message.click_tracking, "enable_text": False},
        "open_tracking": {"enable": message.open_tracking},
        # Off always: our own List-Unsubscribe and links stand, and SendGrid would add a second set.
        "subscription_tracking": {"enable": False},
    }
    shared: dict[str, object] = {
        "from": sender,
        "reply_to": {"email": message.reply_to} if message.reply_to else None,
        "subject": message.subject,
        "content": [{"type": kind, "value": value} for kind, value in parts if value],
        "categories": list(message.categories),
        "headers": dict(message.headers),
        "ip_pool_name": message.ip_pool,
        "tracking_settings": tracking,
        "mail_settings": {"sandbox_mode": {"enable": True}} if message.sandbox else None,
    }
    try:
        encoded = orjson.dumps({name: value for name, value in shared.items() if value})
    except TypeError as error:
        raise PayloadError(
            "bad_text", f"A text of the message cannot be encoded as UTF-8 JSON: {error}"
        ) from None
    return CompiledMessage(encoded[:-1], dict(message.custom_args))


def body(
    compiled: CompiledMessage,
    recipients: RecipientParts,
    custom_args: Mapping[str, str] | None = None,
) -> bytes:
    """The request's JSON for one batch of 1 to 1,000 recipients.

    `custom_args` are the submission's own, beside the edition's. Names lose what SendGrid cannot take in them;
    everything else must have passed `mailer.sendgrid.screen.unsendable`, which names the bad recipients.
    Raises PayloadError: `bad_recipient_count`, `bad_custom_args`, or `bad_text` for text that is no UTF-8.
    """
    if not 0 < len(recipients) <= RECIPIENTS:
        raise PayloadError(
            "bad_recipient_count",
            f"A request takes 1 to {RECIPIENTS} recipients, this one has {len(recipients)}",
        )
    merged = {**compiled.custom_args, **(custom_args or {})}
    own = b',"custom_args":' + _custom_args(merged) if merged else b""
    try:
        personalizations = _personalizations(recipients)
    except TypeError as error:
        raise PayloadError(
            "bad_text", f"A recipient's text cannot be encoded as UTF-8 JSON: {error}"
        ) from None
    return b"".join((compiled.shared, own, b',"personalizations":[', personalizations, b"]}"))


def _personalizations(recipients: RecipientParts) -> bytes:
    """One template, filled for each recipient. Half of the time of dicts, one for each, through orjson."""
    names = [
        b'","name":"' + name if name else b"" for name in _in_json(list(map(clean_name, recipients.names)))
    ]
    template, columns = b'{"to":[{"email":"%b%b"}]', [_in_json(recipients.emails), names]
    for field_name, values in (
        (b"substitutions", recipients.substitutions),
        (b"custom_args", recipients.custom_args),
        (b"headers", recipients.headers),
    ):
        if values:  # SendGrid answers 400 to empty objects
            pairs = b",".join(orjson.dumps(name).replace(b"%", b"%%") + b':"%b"' for name in values)
            template += b',"' + field_name + b'":{' + pairs + b"}"
            columns += map(_in_json, values.values())
    template += b"}"
    return b",".join([template % row for row in zip(*columns, strict=True)])


def _in_json(column: Sequence[str]) -> list[bytes]:
    """Each of these texts as it stands between the quotes of a JSON string.

    One call for all of them: calls for each would take more time than all the rest of a request.
    """
    encoded = orjson.dumps(column)
    if b"\\" in encoded:
        # A quote inside a text is written by its number, so that `","` stands between two texts and nowhere else.
        # Backslashes first: what is left of them then begins an escape.
        encoded = encoded.replace(rb"\\", rb"\u005c").replace(rb"\"", rb"\u0022")
    return encoded[2:-2].split(b'","')


def _address(email: str, name: str) -> dict[str, str]:
    name = clean_name(name)
    return {"email": email, "name": name} if name else {"email": email}


def _check(message: Message) -> None:
    if bad_address(message.from_email):
        raise PayloadError(
            "bad_from", "The sender's address is not a valid e-mail address: correct the newsletter"
        )
    if message.reply_to and bad_address(message.reply_to):
        raise PayloadError(
            "bad_reply_to", "The reply-to address is not a valid e-mail address: correct the newsletter"
        )
    if not message.subject.strip():
        raise PayloadError("no_subject", "The message has no subject")
    if not message.text and not message.html:
        raise PayloadError("no_content", "The message has neither a text part nor HTML")
    categories = message.categories
    long = any(
        not 0 < len(category) <= CATEGORY_CHARACTERS or not category.isascii() for category in categories
    )
    if long or len(categories) > CATEGORIES or len(set(categories)) < len(categories):
        raise PayloadError(
            "bad_categories",
            f"A message takes at most {CATEGORIES} different categories, each of 1 to {CATEGORY_CHARACTERS} ASCII characters",
        )
    for name, value in message.headers.items():
        if bad_header(name, value):
            raise PayloadError(
                "bad_header", f"The header {name!a} is reserved, empty, or not one line of ASCII"
            )
    _custom_args(message.custom_args)


def _custom_args(custom_args: Mapping[str, str]) -> bytes:
    try:
        encoded = orjson.dumps(dict(custom_args))
    except TypeError:
        encoded = b""
    if (
        not encoded
        or len(encoded) > CUSTOM_ARGS_BYTES
        or not all(isinstance(v, str) for v in custom_args.values())
    ):
        raise PayloadError(
            "bad_custom_args", f"custom_args must be texts, {CUSTOM_ARGS_BYTES} bytes together"
        )
    return encoded
