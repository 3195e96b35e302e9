"""Errors to Sentry, where SENTRY_DSN names one: what went wrong and where, never whose address it was about."""

from importlib.metadata import version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from mailer.config.check import LOOPBACK
from mailer.config.logs import hidden

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint


def check_dsn(value: str) -> str | None:
    """What is wrong with the address of a project, None for nothing. The value is not repeated: it holds a key."""
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return "cannot be read"
    if parts.scheme not in ("http", "https") or not parts.hostname or not parts.username:
        return "is not the address of a project as Sentry shows it (DSN)"
    if not parts.path.rpartition("/")[2].isdecimal():
        return "does not end with the number of a project"
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return "must be https, except on this machine"
    if find_spec("sentry_sdk") is None:
        return "needs a package that is not installed: pip install 'mailer[sentry]'"
    return None


def start(dsn: str) -> None:
    """Send this process's errors, and lines logged as errors, to a project of Sentry.

    Of a request only method and address go along, without tokens; no bodies, headers or cookies, no values of variables.

    Args:
        dsn: the project's address, as `check_dsn` found it good.
    """
    import sentry_sdk
    from sentry_sdk.integrations.celery import CeleryIntegration
    from sentry_sdk.integrations.django import DjangoIntegration

    sentry_sdk.init(
        dsn=dsn,
        release=f"mailer@{version('mailer')}",
        integrations=[DjangoIntegration(), CeleryIntegration(propagate_traces=False)],
        auto_enabling_integrations=False,
        send_default_pii=False,
        include_local_variables=False,
        max_request_body_size="never",
        auto_session_tracking=False,
        before_send=_before_send,
        before_breadcrumb=_before_breadcrumb,
    )


def _before_send(event: "Event", hint: "Hint") -> "Event | None":
    """Take out whatever may tell of people. Lines of the log come as a mapping: their event names the problem, so that
    the same event with other ids is the same problem."""
    found: dict[str, Any] = dict(event)
    line = getattr(hint.get("log_record"), "msg", None)
    if isinstance(line, dict):
        found["logentry"] = {"message": str(line.get("event", ""))}
        found["extra"] = {
            name: value for name, value in line.items() if name != "event" and not name.startswith("_")
        }
    found.pop("user", None)
    if request := found.get("request"):
        found["request"] = {name: request[name] for name in ("method", "url") if name in request}
    safe: Event = hidden(found)
    safe["release"] = event["release"]  # which looks like an address
    return safe


def _before_breadcrumb(crumb: dict[str, Any], _: "Hint") -> dict[str, Any] | None:
    """What was logged before: hidden once more, because a breadcrumb may be cut before the whole is looked at."""
    safe: dict[str, Any] = hidden(crumb)
    return safe
