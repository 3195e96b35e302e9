"""The environment variables that mailer reads, all of them, each checked at start.

A wrong or missing value is answered with its name, what is wrong and an example; all of them at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from psycopg.conninfo import conninfo_to_dict

from mailer.config import check
from mailer.config.check import Check, host_and_port, listed, period
from mailer.config.sentry import check_dsn

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
        "DATABASE_URL", "PostgreSQL", "postgres://mailer:password@db.example.org:5432/mailer", check.postgres
    ),
    Variable("REDIS_URL", "Redis", "redis://cache.example.org:6379/0", check.url("redis", "rediss", "unix")),
    Variable(
        "CELERY_BROKER_URL",
        "the queue; REDIS_URL when not set",
        "amqp://mailer:password@queue.example.org:5672//",
        check.url("redis", "rediss", "amqp", "amqps"),
        default="",
    ),
    Variable("SECRET_KEY", "signs sessions and the links in mails", "50 random characters", check.secret),
    Variable("PUBLIC_URL", "where subscribers reach this site", "https://news.example.org", check.origin),
    Variable("SENDGRID_API_KEY", "the key that may send mail", "SG.…", check.api_key),
    Variable(
        "SENDGRID_HOST",
        "SendGrid's API",
        "https://api.sendgrid.com",
        check.origin,
        "https://api.sendgrid.com",
    ),
    Variable(
        "SENDGRID_WEBHOOK_KEYS",
        "public keys of the signed event webhook, separated by commas",
        "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE…",
        check.keys,
        default="",
    ),
    Variable("SENDGRID_TIMEOUT", "seconds to wait for an answer", "30", check.seconds, default="30"),
    Variable(
        "SENDGRID_IN_FLIGHT", "requests at once, of all workers", "64", check.whole(10_000), default="64"
    ),
    Variable(
        "SENDGRID_RATE",
        "recipients a second, of all workers; no limit when not set",
        "5000",
        check.whole(1_000_000),
        default="",
    ),
    Variable(
        "ALLOWED_HOSTS",
        "host names besides PUBLIC_URL's, separated by commas",
        "mailer.internal",
        check.hosts,
        default="",
    ),
    Variable(
        "PROXIES",
        "trusted proxies in front, each of which adds to X-Forwarded-For",
        "1",
        check.whole(10, least=0),
        default="0",
    ),
    Variable(
        "DNS_SERVER",
        "asked by mailer doctor; this machine's own servers when not set",
        "192.0.2.53:53",
        check.name_server,
        default="",
    ),
    Variable(
        "SCANNER_NETWORKS",
        "of link scanners besides those that are known, separated by commas: opens and clicks from there are no person's",
        "192.0.2.0/24,2001:db8::/32",
        check.networks,
        default="",
    ),
    Variable("TIME_ZONE", "of the staff site", "Asia/Singapore", check.time_zone, default="UTC"),
    Variable("LOG_LEVEL", "how much is logged", "info", check.level, default=""),
    Variable(
        "METRICS_TOKEN",
        "who bears it may read /metrics; when not set, only this machine may",
        "50 random characters",
        check.token,
        default="",
    ),
    Variable(
        "SENTRY_DSN",
        "where errors are sent; nowhere when not set",
        "https://key@sentry.example.org/42",
        check_dsn,
        default="",
    ),
    Variable("DEBUG", "Django's error pages; never in production", "no", check.yes_no, default="no"),
    Variable(
        "SECRET_KEY_FALLBACKS",
        "former values of SECRET_KEY, separated by commas: links in old mails work, erased addresses are known again",
        "50 random characters",
        check.secrets,
        default="",
    ),
    Variable("RETENTION_EVENTS", "days for which events are kept", "400", check.days, default="400"),
    Variable(
        "RETENTION_UNCONFIRMED",
        "days after which people who never confirmed go",
        "30",
        check.days,
        default="30",
    ),
    Variable("RETENTION_INACTIVE", "days after which inactive people go", "730", check.days, default="keep"),
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
        sendgrid_webhook_keys=tuple(listed(values["SENDGRID_WEBHOOK_KEYS"])),
        sendgrid_timeout=float(values["SENDGRID_TIMEOUT"]),
        sendgrid_in_flight=int(values["SENDGRID_IN_FLIGHT"]),
        sendgrid_rate=int(values["SENDGRID_RATE"]) if values["SENDGRID_RATE"] else None,
        allowed_hosts=tuple(listed(values["ALLOWED_HOSTS"])),
        proxies=int(values["PROXIES"]),
        scanner_networks=tuple(listed(values["SCANNER_NETWORKS"])),
        dns_server=host_and_port(values["DNS_SERVER"]) if values["DNS_SERVER"] else None,
        time_zone=values["TIME_ZONE"],
        log_level=values["LOG_LEVEL"].upper() or None,
        metrics_token=values["METRICS_TOKEN"] or None,
        sentry_dsn=values["SENTRY_DSN"] or None,
        debug=values["DEBUG"].lower() in ("yes", "true", "1"),
        secret_key_fallbacks=tuple(listed(values["SECRET_KEY_FALLBACKS"])),
        retention_events=period(values["RETENTION_EVENTS"]),
        retention_unconfirmed=period(values["RETENTION_UNCONFIRMED"]),
        retention_inactive=period(values["RETENTION_INACTIVE"]),
    )


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
