"""What the account shows of its settings: all in order, unless it was told to show something else."""

import threading
from collections.abc import Mapping
from typing import Any

from mailer.emulator.config import EmulatorError

EVENTS = (
    "processed",
    "dropped",
    "deferred",
    "delivered",
    "bounce",
    "open",
    "click",
    "spam_report",
    "unsubscribe",
    "group_unsubscribe",
    "group_resubscribe",
)
SECTIONS: Mapping[str, type] = {
    "scopes": list,
    "domains": list,
    "links": list,
    "verified_senders": list,
    "webhooks": list,
    "click": dict,
    "open": dict,
    "subscription": dict,
}
"""What can be told to be otherwise, and whether it is a JSON array or object."""


class Account:
    """The settings of the account whose verified sender is `sender`. Safe to use from many threads."""

    def __init__(self, sender: str) -> None:
        self._sender = sender
        self._lock = threading.Lock()
        self._told: dict[str, Any] = {}

    def change(self, sections: Mapping[str, Any]) -> None:
        """Show these sections instead of what is in order; None is in order again.

        They are shown as they are given: SendGrid's JSON, or something that SendGrid never wrote. `scopes` are those
        of every key. Raises EmulatorError for an unknown section or one of the wrong type.
        """
        for name, value in sections.items():
            if name not in SECTIONS:
                raise EmulatorError("unknown_setting", f"The account has no {name!r}: {', '.join(SECTIONS)}.")
            if value is not None and not isinstance(value, SECTIONS[name]):
                raise EmulatorError("wrong_type", f"The account's {name!r} cannot be {value!r}.")
        with self._lock:
            told = {**self._told, **sections}
            self._told = {name: value for name, value in told.items() if value is not None}

    @property
    def told(self) -> Mapping[str, Any]:
        """What is shown instead, by section."""
        return self._told

    def scopes(self, of_the_key: frozenset[str]) -> frozenset[str]:
        """The scopes of a key that was given these at the start."""
        told = self._told.get("scopes")
        return of_the_key if told is None else frozenset(map(str, told))

    def domains(self) -> list[Any]:
        """GET /v3/whitelabel/domains: the sender's domain, authenticated."""
        shown: list[Any] = self._shown("domains", [domain(self._sender.rpartition("@")[2])])
        return shown

    def links(self) -> list[Any]:
        """GET /v3/whitelabel/links: the names that tracked links have, under the sender's domain."""
        shown: list[Any] = self._shown("links", [link(self._sender.rpartition("@")[2])])
        return shown

    def verified_senders(self) -> dict[str, Any]:
        """GET /v3/verified_senders."""
        return {"results": self._shown("verified_senders", [verified_sender(self._sender)])}

    def webhooks(self, url: str | None, public_key: str) -> dict[str, Any]:
        """GET /v3/user/webhooks/event/settings/all."""
        hooks = [] if url is None else [webhook(url, public_key)]
        return {"max_allowed": 5, "webhooks": self._shown("webhooks", hooks)}

    def tracking(self, name: str) -> dict[str, Any] | None:
        """GET /v3/tracking_settings/{click,open,subscription}: the account's defaults, as SendGrid sets them.

        None for any other name.
        """
        known: dict[str, dict[str, Any]] = {
            "click": {"enabled": True, "enable_text": False},
            "open": {"enabled": True},
            "subscription": {
                "enabled": False, "html_content": "", "plain_content": "", "replace": "", "url": "",
            },
        }  # fmt: skip
        return self._shown(name, known[name]) if name in known else None

    def _shown(self, section: str, in_order: Any) -> Any:
        return self._told.get(section, in_order)


def domain(name: str) -> dict[str, Any]:
    """An authenticated domain with SendGrid's three records."""
    records = {
        "mail_cname": f"em1.{name}",
        "dkim1": f"s1._domainkey.{name}",
        "dkim2": f"s2._domainkey.{name}",
    }
    return {
        "id": 1,
        "user_id": 1,
        "domain": name,
        "subdomain": "em1",
        "username": "emulator",
        "ips": [],
        "custom_spf": False,
        "default": True,
        "legacy": False,
        "automatic_security": True,
        "valid": True,
        "dns": {
            record: {"valid": True, "type": "cname", "host": host, "data": f"{record}.emulator.localhost"}
            for record, host in records.items()
        },
    }


def link(name: str) -> dict[str, Any]:
    """A branded link."""
    hosts = {"domain_cname": f"url1.{name}", "owner_cname": f"1.{name}"}
    return {
        "id": 1,
        "user_id": 1,
        "domain": name,
        "subdomain": "url1",
        "username": "emulator",
        "default": True,
        "legacy": False,
        "valid": True,
        "dns": {
            record: {"valid": True, "type": "cname", "host": host, "data": "links.emulator.localhost"}
            for record, host in hosts.items()
        },
    }


def verified_sender(address: str) -> dict[str, Any]:
    """A single sender that was verified by mail."""
    return {
        "id": 1,
        "nickname": "Emulator",
        "from_email": address,
        "from_name": "Emulator",
        "reply_to": address,
        "reply_to_name": "",
        "verified": True,
        "locked": False,
    }


def webhook(url: str, public_key: str) -> dict[str, Any]:
    """An event webhook that is on, signed, and gets everything."""
    return {
        "id": "emulator",
        "enabled": True,
        "url": url,
        "friendly_name": "Emulator",
        **dict.fromkeys(EVENTS, True),
        "oauth_client_id": "",
        "oauth_token_url": "",
        "public_key": public_key,
    }
