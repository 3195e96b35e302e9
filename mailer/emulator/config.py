"""What an emulator is started with."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

SCOPES = frozenset(
    {
        "mail.send",
        "messages.read",
        "sender_verification_eligible",
        "suppression.read",
        "suppression.blocks.read",
        "suppression.bounces.read",
        "suppression.invalid_emails.read",
        "suppression.spam_reports.read",
        "suppression.unsubscribes.read",
        "suppression.blocks.delete",
        "suppression.bounces.delete",
        "suppression.invalid_emails.delete",
        "suppression.spam_reports.delete",
        "asm.suppressions.global.create",
        "asm.suppressions.global.delete",
        "asm.suppressions.global.read",
        "tracking_settings.click.read",
        "tracking_settings.open.read",
        "tracking_settings.subscription.read",
        "user.webhooks.event.settings.read",
        "whitelabel.read",
    }
)
LOCAL_API_KEY = "SG.local"


class EmulatorError(Exception):
    """Something the person who started or steers the emulator can mend. `code` stays, the text may change."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class EmulatorWorld:
    """How the recipients behave. Every rate is a share from 0 to 1.

    drop, invalid, hard_bounce and block are shares of all messages; deferral, human_open, machine_open,
    click, complaint, unsubscribe, prefetch and scanner are shares of the delivered ones. `machine_open` is of
    opens that SendGrid marks as Apple's, `prefetch` of those that Gmail makes without a mark; where there is a
    `scanner`, it follows every link as the mail arrives. `time_compression` says how fast
    simulated time runs when events are posted: 1 is real time, 3600 an hour in a second, None posts at once.
    Timestamps inside the events are spread over hours in any case. With `one_click` an unsubscribing
    recipient POSTs the message's one-click address where that is on this machine (RFC 8058); otherwise,
    or where there is none, an `unsubscribe` event is posted. `enabled` False makes nothing happen at all.
    """

    enabled: bool = True
    seed: int = 1
    drop: float = 0.004
    invalid: float = 0.002
    hard_bounce: float = 0.008
    block: float = 0.012
    deferral: float = 0.04
    human_open: float = 0.25
    machine_open: float = 0.20
    click: float = 0.06
    complaint: float = 0.0002
    unsubscribe: float = 0.002
    prefetch: float = 0.02
    scanner: float = 0.02
    one_click: bool = False
    time_compression: float | None = None

    def __post_init__(self) -> None:
        for name in RATES:
            if not 0 <= getattr(self, name) <= 1:
                raise EmulatorError(
                    "bad_rate", f"The rate {name} must lie between 0 and 1, for example 0.02."
                )
        if self.drop + self.invalid + self.hard_bounce + self.block > 1:
            raise EmulatorError(
                "bad_rate", "drop, invalid, hard_bounce and block together must not exceed 1."
            )
        if self.time_compression is not None and self.time_compression <= 0:
            raise EmulatorError(
                "bad_time_compression", "time_compression must be above 0, or null to post at once."
            )

    def changed(self, changes: Mapping[str, Any]) -> "EmulatorWorld":
        """This world with `changes` by field name. Raises EmulatorError for an unknown name or a wrong value."""
        known = {item.name: getattr(self, item.name) for item in fields(self)}
        for name, value in changes.items():
            if name not in known:
                raise EmulatorError(
                    "unknown_setting", f"The world has no setting {name!r}: {', '.join(known)}."
                )
            if name in {"enabled", "one_click"}:
                fits = isinstance(value, bool)
            elif name == "seed":
                fits = type(value) is int
            else:
                fits = type(value) in {int, float} or (name == "time_compression" and value is None)
            if not fits:
                raise EmulatorError("wrong_type", f"The world's setting {name!r} cannot be {value!r}.")
        return EmulatorWorld(**{**known, **changes})


RATES = (
    "drop",
    "invalid",
    "hard_bounce",
    "block",
    "deferral",
    "human_open",
    "machine_open",
    "click",
    "complaint",
    "unsubscribe",
    "prefetch",
    "scanner",
)


@dataclass(frozen=True)
class EventDelivery:
    """How events are posted to the webhook.

    A post carries up to `batch_size` events and leaves once it is full or its first event has waited
    `batch_seconds`. `connections` posts are under way at once. `duplicate_rate` is the share of events that
    are posted a second time; `out_of_order` shuffles what waits. A refused post is tried again after
    `retry_seconds`, then twice that, up to `retry_seconds_max`, for 24 hours.
    """

    batch_size: int = 500
    batch_seconds: float = 0.5
    connections: int = 2
    duplicate_rate: float = 0.0
    out_of_order: bool = False
    retry_seconds: float = 0.5
    retry_seconds_max: float = 60.0
    seed: int = 1


@dataclass(frozen=True)
class EmulatorConfig:
    """All that a start of the emulator needs.

    `port` 0 takes a free one. `api_keys` maps a key to its scopes. `signing_key` is a PEM private key on
    P-256; without it one is made, and kept in `store` where that is given. `store` is a folder that keeps
    the accepted requests, suppressions and key between starts. `log_delay` is how many seconds a message
    takes to appear in the email logs. `sender` is the verified sender the account shows.
    """

    port: int = 8025
    api_keys: Mapping[str, frozenset[str]] = field(
        default_factory=lambda: MappingProxyType({LOCAL_API_KEY: SCOPES})
    )
    webhook_url: str | None = None
    signing_key: str | None = None
    world: EmulatorWorld = EmulatorWorld()
    delivery: EventDelivery = EventDelivery()
    store: Path | None = None
    log_delay: float = 0.0
    sender: str = "news@example.com"
