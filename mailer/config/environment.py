"""The environment variables that mailer reads, all of them, each checked at start.

A wrong or missing value is answered with its name, what is wrong and an example; all of them at once.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from mailer.config.sentry import check_dsn
from mailer.sendgrid.errors import ConfigurationError as BadKey
from mailer.sendgrid.signature import parse_public_key

LOOPBACK = ("127.0.0.1", "localhost", "::1")
HOST = re.compile(r"[a-z0-9.-]+|[0-9a-f:.]+")
ALLOWED_HOST = re.compile(r"\*|\.?[\w.-]+|\[[0-9a-fA-F:]+\]")
FOR_EVER = "keep"
"""In the place of a number of days."""
CONNECT_LIMIT = 10
"""Seconds to wait for the database to take a connection, unless DATABASE_URL says otherwise (connect_timeout)."""


class ConfigurationError(Exception):
    """Some settings are missing or wrong; the message names each."""

    code = "configuration"


@dataclass(frozen=True)
class Environment:
    """What the environment says, parsed. Lengths of time are in seconds, of retention in days; None: for ever."""

    database_url: str
    redis_url: str
    celery_broker_url: str
    secret_key: str
    public_url: str
    sendgrid_api_key: str
    sendgrid_host: str
    sendgrid_webhook_keys: tuple[str, ...]
    sendgrid_timeout: float
    sendgrid_in_flight: int
    sendgrid_rate: int | None
    allowed_hosts: tuple[str, ...]
    proxies: int
    scanner_networks: tuple[str, ...]
    dns_server: tuple[str, int] | None
    time_zone: str
    log_level: str | None
    metrics_token: str | None
    sentry_dsn: str | None
    debug: bool
    secret_key_fallbacks: tuple[str, ...]
    retention_events: int | None
    retention_unconfirmed: int | None
    retention_inactive: int | None

    def __repr__(self) -> str:
        """Names only: the values hold passwords and keys."""
        return f"Environment({', '.join(field.name for field in fields(self))})"


Check = Callable[[str], str | None]


def _url(*schemes: str) -> Check:
    wanted = " or ".join(f"{scheme}://" for scheme in schemes)

    def check(value: str) -> str | None:
        try:
            parts = urlsplit(value)
            _ = parts.port
        except ValueError:
            return "has a host or port that cannot be read"
        # What stands there instead is not repeated: it may be a password that lost its beginning.
        return None if parts.scheme in schemes else f"does not start with {wanted}"

    return check


def _postgres(value: str) -> str | None:
    if not value.startswith(("postgres://", "postgresql://")):
        return "does not start with postgres:// or postgresql://"
    try:
        ports = str(conninfo_to_dict(value).get("port") or "5432").split(",")
    except ProgrammingError:
        return "cannot be read (special characters of a password are written as %40 and the like)"
    return None if all(port.isdecimal() for port in ports) else "has a port that is not a number"


def _origin(value: str) -> str | None:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return "has a host or port that cannot be read"
    if parts.scheme not in ("http", "https") or not HOST.fullmatch(parts.hostname or ""):
        return "is not an http(s) address"
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        return "must be https, except on this machine"
    if parts.path.rstrip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        return "must be an origin: no user, no path, no query"
    return None


def _secret(value: str) -> str | None:
    return "is shorter than 32 characters" if len(value) < 32 else None


def _token(value: str) -> str | None:
    if not re.fullmatch(r"[!-~]+", value):
        return "holds a space, a line break or a letter that fits no header"
    return _secret(value)


def _secrets(value: str) -> str | None:
    return next((f"holds a key that {wrong}" for key in _parts(value) if (wrong := _secret(key))), None)


def _days(value: str) -> str | None:
    if value == FOR_EVER:
        return None
    return f"{wrong}, nor the word {FOR_EVER}" if (wrong := _whole(36_500)(value)) else None


def _api_key(value: str) -> str | None:
    return None if re.fullmatch(r"[!-~]+", value) else "holds a space, a line break or a letter no key has"


def _seconds(value: str) -> str | None:
    try:
        seconds = float(value)
    except ValueError:
        return "is not a number of seconds"
    return None if 0 < seconds <= 600 else "is not between 0 and 600 seconds"


def _whole(most: int, least: int = 1) -> Check:
    def check(value: str) -> str | None:
        fits = re.fullmatch(r"[0-9]{1,9}", value) and least <= int(value) <= most
        return None if fits else f"is not a whole number between {least} and {most}"

    return check


def _name_server(value: str) -> str | None:
    try:
        _host_and_port(value)
    except ValueError:
        return "is not an IP address and a port"
    return None


def _networks(value: str) -> str | None:
    try:
        networks = [ip_network(part) for part in _parts(value)]
    except ValueError:
        return "holds something that is not a network (first address, slash, number of bits)"
    whole = any(network.prefixlen == 0 for network in networks)
    return "holds a network of all addresses: every click would be a scanner's" if whole else None


def _time_zone(value: str) -> str | None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        return "is not the name of a time zone"
    return None


def _level(value: str) -> str | None:
    levels = ("debug", "info", "warning", "error")
    return None if value.lower() in levels else f"is none of {', '.join(levels)}"


def _yes_no(value: str) -> str | None:
    return None if value.lower() in ("yes", "no", "true", "false", "1", "0") else "is neither yes nor no"


def _keys(value: str) -> str | None:
    try:
        for key in _parts(value):
            parse_public_key(key)
    except BadKey:
        return "holds something that is not a public key as SendGrid shows it"
    return None


def _hosts(value: str) -> str | None:
    fit = all(ALLOWED_HOST.fullmatch(host) for host in _parts(value))
    return None if fit else "holds something that is not a host name (no https://, no port, no path)"


@dataclass(frozen=True)
class Variable:
    """One environment variable: what it is for, how it is checked, an example, and a default where there is one."""

    name: str
    purpose: str
    example: str
    check: Check
    default: str | None = None


VARIABLES = (
    Variable(
        "DATABASE_URL", "PostgreSQL", "postgres://mailer:password@db.example.org:5432/mailer", _postgres
    ),
    Variable("REDIS_URL", "Redis", "redis://cache.example.org:6379/0", _url("redis", "rediss", "unix")),
    Variable(
        "CELERY_BROKER_URL",
        "the queue; REDIS_URL when not set",
        "amqp://mailer:password@queue.example.org:5672//",
        _url("redis", "rediss", "amqp", "amqps"),
        default="",
    ),
    Variable("SECRET_KEY", "signs sessions and the links in mails", "50 random characters", _secret),
    Variable("PUBLIC_URL", "where subscribers reach this site", "https://news.example.org", _origin),
    Variable("SENDGRID_API_KEY", "the key that may send mail", "SG.…", _api_key),
    Variable(
        "SENDGRID_HOST", "SendGrid's API", "https://api.sendgrid.com", _origin, "https://api.sendgrid.com"
    ),
    Variable(
        "SENDGRID_WEBHOOK_KEYS",
        "public keys of the signed event webhook, separated by commas",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…",
        _keys,
        default="",
    ),
    Variable("SENDGRID_TIMEOUT", "seconds to wait for an answer", "30", _seconds, default="30"),
    Variable("SENDGRID_IN_FLIGHT", "requests at once, of all workers", "64", _whole(10_000), default="64"),
    Variable(
        "SENDGRID_RATE",
        "recipients a second, of all workers; no limit when not set",
        "5000",
        _whole(1_000_000),
        default="",
    ),
    Variable(
        "ALLOWED_HOSTS",
        "host names besides PUBLIC_URL's, separated by commas",
        "mailer.internal",
        _hosts,
        default="",
    ),
    Variable(
        "PROXIES",
        "trusted proxies in front, each of which adds to X-Forwarded-For",
        "1",
        _whole(10, least=0),
        default="0",
    ),
    Variable(
        "DNS_SERVER",
        "asked by mailer doctor; this machine's own servers when not set",
        "192.0.2.53:53",
        _name_server,
        default="",
    ),
    Variable(
        "SCANNER_NETWORKS",
        "of link scanners besides those that are known, separated by commas: opens and clicks from there are no person's",
        "192.0.2.0/24,2001:db8::/32",
        _networks,
        default="",
    ),
    Variable("TIME_ZONE", "of the staff site", "Asia/Singapore", _time_zone, default="UTC"),
    Variable("LOG_LEVEL", "how much is logged", "info", _level, default=""),
    Variable(
        "METRICS_TOKEN",
        "who bears it may read /metrics; when not set, only this machine may",
        "50 random characters",
        _token,
        default="",
    ),
    Variable(
        "SENTRY_DSN",
        "where errors are sent; nowhere when not set",
        "https://key@sentry.example.org/42",
        check_dsn,
        default="",
    ),
    Variable("DEBUG", "Django's error pages; never in production", "no", _yes_no, default="no"),
    Variable(
        "SECRET_KEY_FALLBACKS",
        "former values of SECRET_KEY, separated by commas: links in old mails work, erased addresses are known again",
        "50 random characters",
        _secrets,
        default="",
    ),
    Variable("RETENTION_EVENTS", "days for which events are kept", "400", _days, default="400"),
    Variable(
        "RETENTION_UNCONFIRMED", "days after which people who never confirmed go", "30", _days, default="30"
    ),
    Variable("RETENTION_INACTIVE", "days after which inactive people go", "730", _days, default="keep"),
)


def read(source: Mapping[str, str]) -> Environment:
    """Parse and check the environment.

    Args:
        source: variables by name, as `os.environ`.
    Raises:
        ConfigurationError: with every variable that is missing or wrong, and an example for each.
    """
    values: dict[str, str] = {}
    problems: list[str] = []
    for variable in VARIABLES:
        value = source.get(variable.name, "") or variable.default
        if value is None:
            problem: str | None = "is not set"
        else:
            values[variable.name] = value
            problem = variable.check(value) if value else None
        if problem:
            problems.append(
                f"{variable.name} ({variable.purpose}) {problem}. Example: {variable.name}={variable.example}"
            )
    if problems:
        raise ConfigurationError("\n".join(["The settings need attention:", *(f"  - {p}" for p in problems)]))
    values["CELERY_BROKER_URL"] = values["CELERY_BROKER_URL"] or values["REDIS_URL"]
    return Environment(
        database_url=values["DATABASE_URL"],
        redis_url=values["REDIS_URL"],
        celery_broker_url=values["CELERY_BROKER_URL"],
        secret_key=values["SECRET_KEY"],
        public_url=values["PUBLIC_URL"].rstrip("/"),
        sendgrid_api_key=values["SENDGRID_API_KEY"],
        sendgrid_host=values["SENDGRID_HOST"].rstrip("/"),
        sendgrid_webhook_keys=tuple(_parts(values["SENDGRID_WEBHOOK_KEYS"])),
        sendgrid_timeout=float(values["SENDGRID_TIMEOUT"]),
        sendgrid_in_flight=int(values["SENDGRID_IN_FLIGHT"]),
        sendgrid_rate=int(values["SENDGRID_RATE"]) if values["SENDGRID_RATE"] else None,
        allowed_hosts=tuple(_parts(values["ALLOWED_HOSTS"])),
        proxies=int(values["PROXIES"]),
        scanner_networks=tuple(_parts(values["SCANNER_NETWORKS"])),
        dns_server=_host_and_port(values["DNS_SERVER"]) if values["DNS_SERVER"] else None,
        time_zone=values["TIME_ZONE"],
        log_level=values["LOG_LEVEL"].upper() or None,
        metrics_token=values["METRICS_TOKEN"] or None,
        sentry_dsn=values["SENTRY_DSN"] or None,
        debug=values["DEBUG"].lower() in ("yes", "true", "1"),
        secret_key_fallbacks=tuple(_parts(values["SECRET_KEY_FALLBACKS"])),
        retention_events=_period(values["RETENTION_EVENTS"]),
        retention_unconfirmed=_period(values["RETENTION_UNCONFIRMED"]),
        retention_inactive=_period(values["RETENTION_INACTIVE"]),
    )


def _period(value: str) -> int | None:
    return None if value == FOR_EVER else int(value)


def _host_and_port(value: str) -> tuple[str, int]:
    """An IP address and a port; 53 where none is named. Raises ValueError."""
    parts = urlsplit(f"//{value}")
    if parts.netloc != value:
        raise ValueError("not a host and a port alone")
    return str(ip_address(parts.hostname or "")), parts.port or 53


def _parts(value: str) -> list[str]:
    return [part.strip() for part in value.split(",") if part.strip()]


def database(url: str) -> dict[str, object]:
    """Django's settings for the database behind a libpq URL: many threads of workers and web servers share it."""
    given = conninfo_to_dict(url)
    named = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **{setting: given.pop(name, "") for setting, name in named.items()},
        "OPTIONS": {"connect_timeout": CONNECT_LIMIT, **given},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
