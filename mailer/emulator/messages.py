"""One message as its recipient gets it, expanded from an accepted request when somebody asks."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from mailer.emulator.links import plain_address, tracked_links
from mailer.emulator.personalizations import ROLES


class Recipient(NamedTuple):
    """One address of a request: which personalization, as to, cc or bcc, and the address object."""

    personalization: int
    role: str
    person: dict[str, str]


@lru_cache(maxsize=256)
def _pattern(keys: tuple[str, ...]) -> re.Pattern[str]:
    # The longest key first, so that "-name-x-" is not cut by "-name-".
    return re.compile("|".join(re.escape(key) for key in sorted(keys, key=len, reverse=True)))


def substitute(text: str, substitutions: Mapping[str, str]) -> str:
    """Replace every whole key in `text` by its value, once: values are neither escaped nor searched again."""
    keys = tuple(key for key in substitutions if key)
    if not keys:
        return text
    return _pattern(keys).sub(lambda match: substitutions[match.group()], text)


@dataclass(frozen=True)
class Mailing:
    """An accepted request, parsed. `received_at` in unix seconds."""

    request_id: str
    received_at: float
    body: dict[str, Any]

    @cached_property
    def recipients(self) -> list[Recipient]:
        """Everyone who gets a message, in the order of the request."""
        return [
            Recipient(number, role, person)
            for number, item in enumerate(self.body["personalizations"])
            for role in ROLES
            for person in item.get(role) or ()
        ]

    @cached_property
    def templates(self) -> dict[str, str]:
        """The bodies by content type, before substitution."""
        return {part["type"].lower(): part["value"] for part in self.body["content"]}

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The tracked links of the HTML, before substitution; none where click tracking is off."""
        if not self.tracks("click_tracking"):
            return ()
        return tracked_links(self.templates.get("text/html", ""))

    def tracks(self, setting: str) -> bool:
        """Whether `click_tracking` or `open_tracking` is on: it is, unless the request turns it off."""
        settings = self.body.get("tracking_settings") or {}
        return settings.get(setting, {}).get("enable", True) is True

    def subjects(self) -> list[str]:
        """The subject of every message."""
        return [self.message(index).subject for index in range(len(self.recipients))]

    def arguments(self, name: str) -> list[str]:
        """The custom argument `name` of every message, "" where it has none."""
        shared = (self.body.get("custom_args") or {}).get(name, "")
        values = [(item.get("custom_args") or {}).get(name, shared) for item in self.body["personalizations"]]
        return [
            value
            for item, value in zip(self.body["personalizations"], values, strict=True)
            for role in ROLES
            for _ in item.get(role) or ()
        ]

    def message(self, index: int) -> "Message":
        """The message of recipient number `index`. Raises IndexError."""
        if index < 0:
            raise IndexError(index)
        return Message(self, index, self.recipients[index])


@dataclass(frozen=True)
class Message:
    """What one recipient gets. Everything is worked out when it is read."""

    mailing: Mailing
    index: int
    recipient: Recipient

    @property
    def sg_message_id(self) -> str:
        """SendGrid's id of this message: the request's X-Message-Id, a dot, and where it was handled."""
        moment = int(self.mailing.received_at)
        return f"{self.mailing.request_id}.recvd-emulator-1-{moment:X}-{self.index:X}.0"

    @property
    def personalization(self) -> dict[str, Any]:
        """The part of the request that is this recipient's."""
        item: dict[str, Any] = self.mailing.body["personalizations"][self.recipient.personalization]
        return item

    @property
    def email(self) -> str:
        """The recipient's address as it was given."""
        return self.recipient.person["email"]

    @property
    def substitutions(self) -> dict[str, str]:
        """This recipient's values by key."""
        return self.personalization.get("substitutions") or {}

    @property
    def subject(self) -> str:
        """The subject, with substitutions made."""
        subject = self.personalization.get("subject", self.mailing.body.get("subject", ""))
        return substitute(subject, self.substitutions)

    @property
    def html(self) -> str | None:
        """The HTML body, with substitutions made, or None."""
        return self._content("text/html")

    @property
    def text(self) -> str | None:
        """The text body, with substitutions made, or None."""
        return self._content("text/plain")

    def _content(self, kind: str) -> str | None:
        template = self.mailing.templates.get(kind)
        return None if template is None else substitute(template, self.substitutions)

    @property
    def sender(self) -> dict[str, str]:
        """The address object it comes from."""
        sender: dict[str, str] = self.personalization.get("from") or self.mailing.body["from"]
        return sender

    @property
    def reply_to(self) -> list[dict[str, str]]:
        """The reply addresses, with substitutions made."""
        body = self.mailing.body
        people = body.get("reply_to_list") or ([body["reply_to"]] if body.get("reply_to") else [])
        return [
            {key: substitute(value, self.substitutions) for key, value in person.items() if value}
            for person in people
        ]

    def addressed(self, role: str) -> list[dict[str, str]]:
        """The addresses the mail shows as `to` or `cc`."""
        return self.personalization.get(role) or []

    @property
    def headers(self) -> dict[str, str]:
        """The extra headers: the personalization's win over the message's, compared without case."""
        own: dict[str, str] = self.personalization.get("headers") or {}
        taken = {name.lower() for name in own}
        shared: dict[str, str] = self.mailing.body.get("headers") or {}
        return {**{name: value for name, value in shared.items() if name.lower() not in taken}, **own}

    def header(self, name: str) -> str | None:
        """One extra header by name, without case."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)

    @property
    def custom_args(self) -> dict[str, str]:
        """The message's custom_args with the personalization's over them."""
        return {
            **(self.mailing.body.get("custom_args") or {}),
            **(self.personalization.get("custom_args") or {}),
        }

    @property
    def send_at(self) -> float:
        """When it goes out, in unix seconds: never before it came in."""
        wanted: float = self.personalization.get("send_at", self.mailing.body.get("send_at", 0))
        return max(self.mailing.received_at, wanted)

    @property
    def categories(self) -> list[str]:
        """The categories of the request."""
        return self.mailing.body.get("categories") or []

    @property
    def asm_group_id(self) -> int | None:
        """The unsubscribe group, or None."""
        return (self.mailing.body.get("asm") or {}).get("group_id")

    @property
    def links(self) -> list[str]:
        """The tracked links as this recipient has them."""
        return [plain_address(substitute(link, self.substitutions)) for link in self.mailing.links]
